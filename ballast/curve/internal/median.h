#pragma once
#include <algorithm>
#include <cstddef>
#include <vector>

namespace ballast::curve::internal {

/// The middle value, the mean of the two middle ones for an even count. Domain  not empty, no NaN.
inline double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return 0.5 * (*middle + *std::max_element(values.begin(), middle));
}

}  // namespace ballast::curve::internal
