#include "ballast/math/isotonic.h"

#include <cmath>
#include <random>
#include <vector>

#include <doctest/doctest.h>

using namespace ballast;

TEST_CASE("a sequence in order stays, one out of order becomes means") {
  std::vector<double> y = {1.0, 2.0, 2.0, 5.0};
  math::put_in_order(y, {1.0, 3.0, 1.0, 2.0});
  CHECK(y == std::vector<double>{1.0, 2.0, 2.0, 5.0});
  y = {1.0, 4.0, 2.0, 3.0, 9.0};
  math::put_in_order(y, {1.0, 1.0, 2.0, 1.0, 1.0});
  CHECK(y[0] == 1.0);
  CHECK(y[1] == doctest::Approx(8.0 / 3.0).epsilon(1e-15));  // (4 + 2 * 2) / 3, below the 3 that follows
  CHECK(y[2] == y[1]);
  CHECK(y[3] == 3.0);
  CHECK(y[4] == 9.0);
}

TEST_CASE("the answer meets the conditions of the optimum") {
  // H. Kuhn and A. Tucker: the weighted sums of y - answer from the front are >= 0, 0 where the answer rises and in
  // all.
  std::mt19937_64 random(17);
  std::uniform_real_distribution<double> uniform(-1.0, 1.0);
  for (int c = 0; c < 200; ++c) {
    std::vector<double> y(30), weight(30);
    for (std::size_t i = 0; i < y.size(); ++i)
      y[i] = 0.05 * static_cast<double>(i) + uniform(random), weight[i] = 1.1 + uniform(random);
    std::vector<double> answer = y;
    math::put_in_order(answer, weight);
    double sum = 0.0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      if (i > 0) {
        CHECK(answer[i] >= answer[i - 1]);
        if (answer[i] > answer[i - 1]) CHECK(std::abs(sum) <= 1e-12);
      }
      sum += weight[i] * (y[i] - answer[i]);
      CHECK(sum >= -1e-12);
    }
    CHECK(std::abs(sum) <= 1e-12);
  }
}
