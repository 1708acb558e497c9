#include "ballast/model/conditional_price.h"

#include <algorithm>
#include <cmath>

#include "ballast/math/columns.h"
#include "ballast/math/normalised_black.h"

namespace ballast::model {

std::vector<Estimate> conditional_calls(const Conditional& source, std::span<const double> log_strikes,
                                        std::size_t paths, bool antithetic) {
  constexpr std::size_t chunk = 4096;  // even: a pair stays together
  std::vector<double> log_forward(chunk), left(chunk), forward(chunk), root(chunk), price(chunk);
  std::vector<double> strikes(log_strikes.size());
  math::exp(log_strikes, strikes);
  std::vector<SampleMoments> moments(strikes.size());
  for (std::size_t first = 0; first < paths; first += chunk) {
    const std::size_t n = std::min(chunk, paths - first);
    const std::span<double> x(log_forward.data(), n), v(left.data(), n), f(forward.data(), n), y(price.data(), n);
    source(first, x, v);
    math::exp(x, f);
    for (double& variance : v) variance = std::sqrt(variance);
    for (std::size_t k = 0; k < strikes.size(); ++k) {
      // sqrt(f K), the unit of the normalised price.
      for (std::size_t i = 0; i < n; ++i) root[i] = std::sqrt(f[i] * strikes[k]);
      for (std::size_t i = 0; i < n; ++i)
        y[i] = std::max(f[i] - strikes[k], 0.0) + root[i] * math::normalised_black(x[i] - log_strikes[k], v[i]);
      moments[k] = joined(moments[k], sample_moments(y, f, antithetic));
    }
  }
  std::vector<Estimate> prices;
  for (const SampleMoments& m : moments) prices.push_back(controlled(m, 1.0));
  return prices;
}

}  // namespace ballast::model
