#include "ballast/vol/internal/outliers.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace ballast::vol::internal {
namespace {

double apart(std::span<const double> error, std::size_t i) {
  const std::size_t n = error.size(), from = i < 2 ? 0 : i - 2, to = std::min(i + 3, n);
  std::vector<double> near;
  for (std::size_t j = from; j < to; ++j)
    if (j != i) near.push_back(error[j]);
  std::sort(near.begin(), near.end());
  const std::size_t m = near.size();
  double least = std::min(std::abs(error[i]), std::abs(error[i] - 0.5 * (near[(m - 1) / 2] + near[m / 2])));
  if (i + 1 >= n || i == 0) {
    const double next = i == 0 ? error[1] : error[n - 2], after = i == 0 ? error[2] : error[n - 3];
    least = std::min(least, std::abs(error[i] - 2.0 * next + after));
  }
  return least;
}

}  // namespace

std::vector<double> trust_in(std::span<const double> error, std::span<const double> vol, double deviations,
                             double share) {
  std::vector<double> size(error.size()), trust(error.size());
  for (std::size_t i = 0; i < error.size(); ++i) size[i] = apart(error, i);
  std::vector<double> sorted = size;
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  const double scale = deviations * 1.4826 * *middle;
  for (std::size_t i = 0; i < error.size(); ++i) {
    const double u = std::max(2.0 * size[i] / std::max(scale, share * vol[i]) - 1.0, 0.0),
                 t = u < 1.0 ? 1.0 - u * u : 0.0;
    trust[i] = t * t;
  }
  return trust;
}

}  // namespace ballast::vol::internal
