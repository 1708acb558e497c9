#include "ballast/curve/term_structure.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "ballast/math/elementary.h"

namespace ballast::curve {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

bool defined(const LinearCurve& curve, Years years) {
  return !curve.years.empty() && years.value >= 0.0 && std::isfinite(years.value);
}

/// The piece that holds `years`: between node i - 1 (or the origin) and node i, the last one for all that follows.
std::size_t piece(const LinearCurve& curve, Years years) {
  const auto end = std::lower_bound(curve.years.begin(), curve.years.end(), years.value);
  return std::min(static_cast<std::size_t>(end - curve.years.begin()), curve.years.size() - 1);
}

double slope_of(const LinearCurve& curve, std::size_t i) {
  if (i == 0) return curve.values[0] / curve.years[0];
  return (curve.values[i] - curve.values[i - 1]) / (curve.years[i] - curve.years[i - 1]);
}

}  // namespace

double value(const LinearCurve& curve, Years years) {
  if (!defined(curve, years)) return nan;
  const std::size_t i = piece(curve, years);
  return curve.values[i] + slope_of(curve, i) * (years.value - curve.years[i]);  // from the end: exact at every node
}

double slope(const LinearCurve& curve, Years years) {
  return defined(curve, years) ? slope_of(curve, piece(curve, years)) : nan;
}

Result<ForwardCurve> forward_curve(Price spot, std::span<const ForwardPoint> points) {
  const auto good = [](double x) { return x > 0.0 && std::isfinite(x); };
  if (!good(spot.value)) return Error{Fault::bad_input, fmt::format("spot {}: a price over 0 is due", spot.value)};
  if (points.empty()) return Error{Fault::missing_data, "no forward to make a curve of"};
  ForwardCurve curve{.spot = spot};
  for (const ForwardPoint& p : points) {
    const double t = p.years.value, f = p.forward.value,
                 before = curve.carry.years.empty() ? 0.0 : curve.carry.years.back();
    if (!good(t)) return Error{Fault::bad_input, fmt::format("a forward at {} years: a time over 0 is due", t)};
    if (t <= before) return Error{Fault::bad_input, fmt::format("a forward at {} years after one at {}", t, before)};
    if (!good(f)) return Error{Fault::bad_input, fmt::format("forward {} at {} years: a price over 0 is due", f, t)};
    curve.carry.years.push_back(t);
    curve.carry.values.push_back(math::log_ratio(f, spot.value));
    if (!p.discount) continue;
    if (!good(*p.discount))
      return Error{Fault::bad_input, fmt::format("discount {} at {} years: a factor over 0 is due", *p.discount, t)};
    curve.discounting.years.push_back(t);
    curve.discounting.values.push_back(-math::log(*p.discount));
  }
  return curve;
}

Price forward(const ForwardCurve& curve, Years years) {
  return Price(curve.spot.value * math::exp(value(curve.carry, years)));
}

double carry(const ForwardCurve& curve, Years years) {
  return years.value == 0.0 ? slope(curve.carry, years) : value(curve.carry, years) / years.value;
}

double simple_basis(const ForwardCurve& curve, Years years) {
  return years.value == 0.0 ? slope(curve.carry, years) : math::expm1(value(curve.carry, years)) / years.value;
}

double forward_carry(const ForwardCurve& curve, Years years) { return slope(curve.carry, years); }

Usd basis01(const ForwardCurve& curve, Years years) { return Usd(forward(curve, years).value * years.value / 10000.0); }

double discount(const ForwardCurve& curve, Years years) { return math::exp(-value(curve.discounting, years)); }

TermStructures term_structures(const market::Snapshot& snapshot,
                               const std::map<ExpiryKey, ForwardDiagnosis>& expiries) {
  std::map<std::string, TermStructure> drafts;
  for (const auto& [key, diagnosis] : expiries) {  // the keys are sorted by index, then expiry
    TermStructure& draft = drafts[key.index];
    draft.index = key.index;
    draft.underlying = diagnosis.underlying;
    const Years years = years_between(snapshot.as_of, key.expiry);
    const std::string when = key.index + " " + to_string(key.expiry);
    if (!(years.value > 0.0)) {
      draft.left_out.push_back({when, "expired", "as of " + to_string(snapshot.as_of)});
    } else if (!diagnosis.forward) {
      draft.left_out.push_back({when, "no_forward", diagnosis.notes.empty() ? "" : diagnosis.notes.front().detail});
    } else {
      draft.nodes.push_back({key.expiry, years, *diagnosis.forward});
    }
  }
  TermStructures found;
  for (auto& [index, draft] : drafts) {
    const auto spot = snapshot.indices.find(draft.underlying);
    if (spot == snapshot.indices.end()) {
      found.absent.push_back({index, {Fault::missing_data, "no index price of " + draft.underlying}});
      continue;
    }
    std::vector<ForwardPoint> points;
    for (const TermStructure::Node& node : draft.nodes) {
      points.push_back({.years = node.years, .forward = node.forward.price});
      if (node.forward.discount != 1.0) points.back().discount = node.forward.discount;
    }
    auto curve = forward_curve(Price(spot->second.price), points);
    if (!curve) {
      found.absent.push_back({index, curve.error()});
      continue;
    }
    draft.curve = std::move(curve).value();
    found.by_index.emplace(index, std::move(draft));
  }
  return found;
}

}  // namespace ballast::curve
