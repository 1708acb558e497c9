# Installs a finished build into an empty prefix, then configures, builds and runs tests/package against it.
# cmake -DBUILD=<build folder> -DWORK=<scratch folder> -DCOMPILER=<c++> -DTYPE=<build type> -DGENERATOR=<name> -P run.cmake
foreach(needed BUILD WORK COMPILER TYPE GENERATOR)
  if("${${needed}}" STREQUAL "")
    message(FATAL_ERROR "package: -D${needed}= is missing")
  endif()
endforeach()

file(REMOVE_RECURSE ${WORK})
function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# An earlier install on this machine must not be the one that is found.
set(ENV{CMAKE_PREFIX_PATH} "")
set(ENV{Ballast_DIR} "")
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)
run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR} -B ${WORK}/build -G ${GENERATOR} -DCMAKE_PREFIX_PATH=${WORK}/prefix
  -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_BUILD_TYPE=${TYPE})
file(STRINGS ${WORK}/build/CMakeCache.txt found REGEX "^Ballast_DIR:")
string(FIND "${found}" "${WORK}/prefix" at)
if(at EQUAL -1)
  message(FATAL_ERROR "package: another install was found: ${found}")
endif()
run(${CMAKE_COMMAND} --build ${WORK}/build)
execute_process(COMMAND ${WORK}/build/outside OUTPUT_VARIABLE said COMMAND_ERROR_IS_FATAL ANY)
if(NOT said STREQUAL "BTC-25DEC26-100000-C expires 2026-12-25T08:00:00Z, ratio 6.8\n")
  message(FATAL_ERROR "package: the outside program said: ${said}")
endif()
# The header of a room that is not for users must not have travelled.
file(GLOB_RECURSE private ${WORK}/prefix/include/ballast/*internal* ${WORK}/prefix/include/ballast/app/*)
if(private)
  message(FATAL_ERROR "package: installed, but not for users: ${private}")
endif()
