#pragma once
#include <string_view>

namespace ballast::math {

/// The class of arithmetic that the kernels of this process use. Within a class every result has the same bits on every
/// processor; between the classes the last bits differ, so journals carry it and must not be mixed.
enum class Arithmetic {
  fused,    ///< with a fused multiply-add: AVX2, AVX-512, NEON
  separate  ///< without: SSE2 by scalar code, SSSE3, SSE4
};

Arithmetic arithmetic();
const char* name(Arithmetic arithmetic);  ///< "fused" or "separate"

/// The instruction set that run-time dispatch has chosen, as its library names it: "AVX2", "AVX3_DL", "NEON", ..
const char* instruction_set();

/// Confines the kernels of this process to the class without a fused multiply-add, as on a processor that has none;
/// call it before anything else. For tests and comparisons. False where this build has no such class (arm64).
bool use_separate_arithmetic();

/// Confines the kernels of this process to one instruction set, by the name that instruction_set() would give. For
/// tests and comparisons too. False, and nothing changed, where the processor or this build lacks it.
bool use_instruction_set(std::string_view wanted);

}  // namespace ballast::math
