#include "ballast/base/result.h"

#include <cstdio>
#include <cstdlib>

namespace ballast {

void abort_with(const Error& error) {
  std::fprintf(stderr, "ballast: bug: a value was asked of an error: %s\n", error.what.c_str());
  std::abort();
}

}  // namespace ballast
