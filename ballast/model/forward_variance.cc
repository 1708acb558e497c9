#include "ballast/model/forward_variance.h"

#include <algorithm>
#include <cstddef>
#include <string>

namespace ballast::model {

double at(const ForwardVariance& curve, double years) {
  const auto& t = curve.years;
  const std::size_t next = static_cast<std::size_t>(std::upper_bound(t.begin(), t.end(), years) - t.begin());
  if (next == 0) return curve.variance.front();
  if (next == t.size()) return curve.variance.back();
  const double share = (years - t[next - 1]) / (t[next] - t[next - 1]);
  return curve.variance[next - 1] + share * (curve.variance[next] - curve.variance[next - 1]);
}

std::optional<Error> fault(const ForwardVariance& curve) {
  const auto refusal = [](std::string what) { return Error{Fault::bad_input, "forward variance: " + std::move(what)}; };
  if (curve.years.empty()) return refusal("no nodes");
  if (curve.years.size() != curve.variance.size())
    return refusal(std::to_string(curve.years.size()) + " times and " + std::to_string(curve.variance.size()) +
                   " variances");
  for (std::size_t i = 0; i < curve.years.size(); ++i) {
    if (!(curve.years[i] >= 0.0 && curve.years[i] <= 1000.0 && (i == 0 || curve.years[i] > curve.years[i - 1])))
      return refusal("time " + std::to_string(i) + " is " + std::to_string(curve.years[i]) +
                     ": times rise strictly, in [0, 1000] years");
    if (!(curve.variance[i] >= 0.0 && curve.variance[i] <= 25.0))
      return refusal("variance " + std::to_string(i) + " is " + std::to_string(curve.variance[i]) +
                     ", outside [0, 25]");
  }
  return std::nullopt;
}

}  // namespace ballast::model
