#include "ballast/model/estimate.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "ballast/math/random_columns.h"

namespace ballast::model {

TEST_CASE("moments of blocks, joined in order, are the moments of the whole") {
  std::vector<double> y(1000), c(1000);
  math::normal_draws(3, 0, 0, y);
  math::normal_draws(3, 0, 1, c);
  for (std::size_t i = 0; i < y.size(); ++i) y[i] += 100.0 + 0.5 * c[i];
  SampleMoments blocks;
  for (std::size_t at = 0; at < y.size(); at += 250)
    blocks = joined(blocks, sample_moments(std::span(y).subspan(at, 250), std::span(c).subspan(at, 250), false));
  const SampleMoments whole = sample_moments(y, c, false);
  CHECK(blocks.samples == 1000);
  CHECK(std::abs(blocks.value - whole.value) <= 1e-13 * 100.0);
  CHECK(std::abs(blocks.value_value / whole.value_value - 1.0) <= 1e-12);
  CHECK(std::abs(blocks.value_control / whole.value_control - 1.0) <= 1e-12);
  CHECK(std::abs(blocks.control_control / whole.control_control - 1.0) <= 1e-12);
  CHECK(joined({}, whole).value == whole.value);
  CHECK(joined(whole, {}).value == whole.value);
}

TEST_CASE("the mean and its error of a sample that can be done by hand") {
  const std::vector<double> y = {1.0, 2.0, 3.0, 6.0};
  const Estimate e = estimate(sample_moments(y, {}, false));
  CHECK(e.mean == 3.0);
  CHECK(std::abs(e.error - std::sqrt(14.0 / 3.0 / 4.0)) <= 1e-15);
  const Estimate pairs = estimate(sample_moments(y, {}, true));  // 1.5 and 4.5
  CHECK(pairs.samples == 2);
  CHECK(pairs.mean == 3.0);
  CHECK(std::abs(pairs.error - 1.5) <= 1e-15);
  CHECK(std::isnan(estimate(sample_moments(std::vector<double>{1.0}, {}, false)).error));
}

TEST_CASE("a control that explains the value leaves no error, and one that says nothing changes nothing") {
  std::vector<double> c(500), y(500);
  math::normal_draws(5, 0, 0, c);
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = 2.0 + 3.0 * c[i];
  const Estimate exact = controlled(sample_moments(y, c, false), 0.0);
  CHECK(std::abs(exact.mean - 2.0) <= 1e-14);
  CHECK(exact.error <= 1e-8);
  const Estimate constant = controlled(sample_moments(y, std::vector<double>(500, 1.0), false), 1.0);
  CHECK(constant.mean == estimate(sample_moments(y, {}, false)).mean);
}

TEST_CASE("randomisations need sixteen means") {
  CHECK(of_randomisations(std::vector<double>(15, 1.0)).error().fault == Fault::missing_data);
  const Estimate e = of_randomisations(std::vector<double>(16, 2.5)).value();
  CHECK(e.mean == 2.5);
  CHECK(e.error == 0.0);
}

}  // namespace ballast::model
