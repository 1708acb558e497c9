#include "ballast/sim/model_smile.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "ballast/model/transform.h"
#include "ballast/pricing/implied_columns.h"

namespace ballast::sim {

Result<std::vector<double>> model_smile(const model::TransformModel& model, Price forward, Years years,
                                        std::span<const double> strike) {
  const std::size_t n = strike.size();
  std::vector<double> sign(n), price(n), vol(n, std::numeric_limits<double>::quiet_NaN());
  for (std::size_t i = 0; i < n; ++i) sign[i] = strike[i] >= forward.value ? 1.0 : -1.0;
  model::TransformColumns columns;
  columns.price = price;
  const auto done =
      model::transform(model, {.forward = forward, .years = years, .strike = strike, .sign = sign}, columns, 1e-13);
  if (!done) return done.error();
  for (std::size_t i = 0; i < n; ++i) {
    if (price[i] < 1e-12 * forward.value) continue;
    const pricing::ImpliedVol implied = pricing::implied_vol(forward.value, strike[i], price[i], years.value, sign[i]);
    if (implied.outcome == pricing::ImpliedOutcome::ok) vol[i] = std::clamp(implied.vol, 0.01, 5.0);
  }
  // Outward from the money, each side on its own.
  for (std::size_t i = 1; i < n; ++i)
    if (std::isnan(vol[i]) && sign[i] > 0.0) vol[i] = vol[i - 1];
  for (std::size_t i = n; i-- > 1;)
    if (std::isnan(vol[i - 1]) && sign[i - 1] < 0.0) vol[i - 1] = vol[i];
  // A side without any price: the other side's nearest.
  for (std::size_t i = n; i-- > 1;)
    if (std::isnan(vol[i - 1])) vol[i - 1] = vol[i];
  for (std::size_t i = 1; i < n; ++i)
    if (std::isnan(vol[i])) vol[i] = vol[i - 1];
  if (n > 0 && std::isnan(vol[0]))
    return Error{Fault::no_solution,
                 "the model's options of an expiry in " + std::to_string(years.value) + " years are worth nothing"};
  return vol;
}

}  // namespace ballast::sim
