#include "ballast/math/simplex_search.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ballast::math {
namespace {

struct Corner {
  std::vector<double> at;
  double value = 0.0;
};

}  // namespace

SimplexFound simplex_search(const std::function<double(std::span<const double>)>& f, std::vector<double> start,
                            const SimplexRules& rules) {
  const std::size_t n = start.size();
  const auto value_at = [&](std::span<const double> at) {
    const double value = f(at);
    return std::isfinite(value) ? value : std::numeric_limits<double>::infinity();
  };
  SimplexFound found{.at = std::move(start), .value = std::nan("")};
  if (n == 0) return found;
  const double first = value_at(found.at);
  if (!std::isfinite(first)) return found;
  found.value = first;
  std::vector<Corner> corners(n + 1);
  for (int descent = 0; descent <= rules.restarts; ++descent) {
    // Every restart opens the other way and half as wide, so that it does not walk the same road.
    const double step = rules.step * std::pow(-0.5, descent);
    corners[0] = {found.at, found.value};
    for (std::size_t i = 0; i < n; ++i) {
      corners[i + 1].at = found.at;
      corners[i + 1].at[i] += step;
      corners[i + 1].value = value_at(corners[i + 1].at);
    }
    found.converged = false;
    for (int evaluations = 0; evaluations < rules.most_evaluations;) {
      std::sort(corners.begin(), corners.end(), [](const Corner& a, const Corner& b) { return a.value < b.value; });
      const Corner& best = corners.front();
      Corner& worst = corners.back();
      double size = 0.0;
      for (const Corner& c : corners) {
        for (std::size_t i = 0; i < n; ++i) size = std::max(size, std::abs(c.at[i] - best.at[i]));
      }
      if (worst.value - best.value <= rules.tolerance * (1.0 + std::abs(best.value)) && size <= rules.size) {
        found.converged = true;
        break;
      }
      std::vector<double> centre(n);
      for (std::size_t c = 0; c < n; ++c) {
        for (std::size_t i = 0; i < n; ++i) centre[i] += corners[c].at[i] / static_cast<double>(n);
      }
      const auto along = [&](double t) {  // centre at 0, the worst at -1
        Corner c{.at = centre};
        for (std::size_t i = 0; i < n; ++i) c.at[i] += t * (centre[i] - worst.at[i]);
        c.value = value_at(c.at);
        ++evaluations;
        return c;
      };
      Corner reflected = along(1.0);
      if (reflected.value < best.value) {
        Corner expanded = along(2.0);
        worst = expanded.value < reflected.value ? std::move(expanded) : std::move(reflected);
      } else if (reflected.value < corners[n - 1].value) {
        worst = std::move(reflected);
      } else {
        Corner contracted = along(reflected.value < worst.value ? 0.5 : -0.5);
        if (contracted.value < std::min(reflected.value, worst.value)) {
          worst = std::move(contracted);
        } else {
          for (std::size_t c = 1; c <= n; ++c) {
            for (std::size_t i = 0; i < n; ++i) corners[c].at[i] = 0.5 * (corners[c].at[i] + corners[0].at[i]);
            corners[c].value = value_at(corners[c].at);
            ++evaluations;
          }
        }
      }
    }
    const auto best = std::min_element(corners.begin(), corners.end(),
                                       [](const Corner& a, const Corner& b) { return a.value < b.value; });
    found.at = best->at;
    found.value = best->value;
  }
  return found;
}

}  // namespace ballast::math
