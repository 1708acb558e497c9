#include "ballast/vol/hull_white.h"

#include <cmath>
#include <vector>

#include <fmt/format.h>

namespace ballast::vol {

Result<HullWhiteFit> fit_hull_white(std::span<const HullWhiteRow> rows) {
  std::vector<double> target;
  std::vector<std::vector<double>> regressors(3);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const HullWhiteRow& r = rows[i];
    if (!(r.years.value > 0.0)) return Error{Fault::bad_input, fmt::format("row {}: years are {}", i, r.years.value)};
    const double x = r.vega * r.move / std::sqrt(r.years.value);
    target.push_back(r.change - r.delta * r.move);
    regressors[0].push_back(x);
    regressors[1].push_back(x * r.delta);
    regressors[2].push_back(x * r.delta * r.delta);
  }
  auto fit = math::regress(target, regressors, {}, {.intercept = false});
  if (!fit) return fit.error();
  const auto& k = fit.value().coefficient;
  const HullWhiteCurve curve{k[0], k[1], k[2]};
  return HullWhiteFit{.curve = curve, .regression = fit.value(), .gain = hull_white_gain(curve, rows)};
}

double hull_white_gain(const HullWhiteCurve& curve, std::span<const HullWhiteRow> rows) {
  double black = 0.0, least = 0.0;
  for (const HullWhiteRow& r : rows) {
    const double plain = r.change - r.delta * r.move;
    const double corrected = r.change - hull_white_delta(curve, r.years, r.delta, r.vega) * r.move;
    black += plain * plain;
    least += corrected * corrected;
  }
  return black > 0.0 ? 1.0 - least / black : NAN;
}

double hull_white_delta(const HullWhiteCurve& curve, Years years, double delta, double vega) {
  if (!(years.value > 0.0)) return NAN;
  return delta + vega / std::sqrt(years.value) * (curve.a + delta * (curve.b + delta * curve.c));
}

}  // namespace ballast::vol
