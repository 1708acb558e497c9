#define DOCTEST_CONFIG_IMPLEMENT
#include <cstdio>
#include <cstring>

#include <doctest/doctest.h>

#include "ballast/math/arithmetic.h"

// doctest's own main, with one word more: --separate runs the tests as on a processor without a fused multiply-add.
int main(int count, char** words) {
  for (int i = 1; i < count; ++i)
    if (std::strcmp(words[i], "--separate") == 0 && !ballast::math::use_separate_arithmetic()) {
      std::puts("this build has no arithmetic without a fused multiply-add: nothing to run");
      return 0;
    }
  return doctest::Context(count, words).run();
}
