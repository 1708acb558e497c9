#include "ballast/pricing/model_move.h"

#include <array>
#include <cmath>

#include "ballast/math/elementary.h"
#include "ballast/math/normal.h"
#include "ballast/math/normalised_black.h"
#include "ballast/model/transform.h"

namespace ballast::pricing {

Result<vol::VolMove> model_move(const model::TransformModel& model, Price forward, Price strike, Years years) {
  const double f = forward.value;
  // The strike and one on either side, near enough for a difference of m and far enough for its digits.
  constexpr double apart = 0.005;
  std::array<double, 3> strikes{}, sign{}, price{}, least{};
  for (std::size_t i = 0; i < 3; ++i) {
    strikes[i] = strike.value * math::exp((static_cast<double>(i) - 1.0) * apart);
    sign[i] = strike.value >= f ? 1.0 : -1.0;  // out of the money
  }
  model::TransformColumns columns;
  columns.price = price, columns.minimum_variance_delta = least;
  const auto priced =
      model::transform(model, {.forward = forward, .years = years, .strike = strikes, .sign = sign}, columns, 1e-13);
  if (!priced) return priced.error();
  std::array<double, 3> by_log{};  // m
  for (std::size_t i = 0; i < 3; ++i) {
    if (std::isnan(least[i]))
      return Error{Fault::no_solution, "the jumps of " + std::string(name(model)) +
                                           " have no variance: there is no delta of least variance"};
    const double outside = price[i] - std::max(sign[i] * (f - strikes[i]), 0.0);
    if (outside < 1e-11 * f) return vol::VolMove{};
    const double x = math::log_ratio(f, strikes[i]);
    const double stdev = math::implied_stdev(x, outside / std::sqrt(f * strikes[i])).stdev;
    const double d1 = x / stdev + 0.5 * stdev;
    const double black = sign[i] > 0.0 ? math::norm_cdf(d1) : -math::norm_cdf(-d1);
    by_log[i] = (least[i] - black) / (math::norm_pdf(d1) * std::sqrt(years.value));
  }
  const double slope = (by_log[2] - by_log[0]) / (2.0 * apart);
  return vol::VolMove{.to_forward = by_log[1] / f, .to_forward_twice = -(slope + by_log[1]) / (f * f), .to_time = 0.0};
}

}  // namespace ballast::pricing
