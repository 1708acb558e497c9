#include "ballast/model/conditional_price.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "ballast/math/columns.h"
#include "ballast/math/elementary.h"
#include "ballast/math/normalised_black.h"

namespace ballast::model {
namespace {

// Running sums of a sample and its control, both less their first guesses: what is left is of the size of their spread.
struct Moments {
  double y = 0.0, c = 0.0, yy = 0.0, cc = 0.0, yc = 0.0;
};

double call(double log_forward, double forward, double strike, double log_strike, double stdev) {
  const double x = log_forward - log_strike;
  return std::max(forward - strike, 0.0) +
         math::exp(0.5 * (log_forward + log_strike)) * math::normalised_black(x, stdev);
}

}  // namespace

std::vector<PriceEstimate> conditional_calls(const Conditional& source, std::span<const double> log_strikes,
                                             std::size_t paths, bool antithetic, PriceEstimate* mean_forward) {
  assert(paths >= 4 && (!antithetic || paths % 2 == 0));
  constexpr std::size_t chunk = 4096;  // even: a pair stays together
  std::vector<double> log_forward(chunk), left(chunk), forward(chunk);
  std::vector<Moments> sums(log_strikes.size());
  std::vector<double> strikes(log_strikes.size()), guess(log_strikes.size());
  math::exp(log_strikes, strikes);
  for (std::size_t k = 0; k < strikes.size(); ++k) guess[k] = std::max(1.0 - strikes[k], 0.0);
  double control = 0.0, control_square = 0.0;
  const std::size_t width = antithetic ? 2 : 1;
  for (std::size_t first = 0; first < paths; first += chunk) {
    const std::size_t n = std::min(chunk, paths - first);
    const std::span<double> x(log_forward.data(), n), v(left.data(), n), f(forward.data(), n);
    source(first, x, v);
    math::exp(x, f);
    for (double& variance : v) variance = std::sqrt(variance);
    for (std::size_t i = 0; i < n; i += width) {
      const double c = (antithetic ? 0.5 * (f[i] + f[i + 1]) : f[i]) - 1.0;
      control += c, control_square += c * c;
    }
    for (std::size_t k = 0; k < strikes.size(); ++k) {
      Moments& m = sums[k];
      for (std::size_t i = 0; i < n; i += width) {
        double y = call(x[i], f[i], strikes[k], log_strikes[k], v[i]), c = f[i];
        if (antithetic) {
          y = 0.5 * (y + call(x[i + 1], f[i + 1], strikes[k], log_strikes[k], v[i + 1]));
          c = 0.5 * (c + f[i + 1]);
        }
        y -= guess[k], c -= 1.0;
        m.y += y, m.c += c, m.yy += y * y, m.cc += c * c, m.yc += y * c;
      }
    }
  }
  const double n = static_cast<double>(paths / width);
  std::vector<PriceEstimate> prices;
  for (std::size_t k = 0; k < strikes.size(); ++k) {
    const Moments& m = sums[k];
    const double mean = m.y / n, off = m.c / n;
    const double cc = m.cc / n - off * off, yc = m.yc / n - mean * off, yy = m.yy / n - mean * mean;
    const double slope = cc > 0.0 ? yc / cc : 0.0;
    const double left_over = std::max(yy - slope * yc, 0.0);
    prices.push_back({guess[k] + mean - slope * off, std::sqrt(left_over / (n - 2.0))});
  }
  if (mean_forward != nullptr) {
    const double mean = control / n;
    *mean_forward = {1.0 + mean, std::sqrt(std::max(control_square / n - mean * mean, 0.0) / (n - 1.0))};
  }
  return prices;
}

}  // namespace ballast::model
