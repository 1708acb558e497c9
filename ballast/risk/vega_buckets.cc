#include "ballast/risk/vega_buckets.h"

#include <cmath>

#include <fmt/format.h>

namespace ballast::risk {
namespace {

constexpr double wing = 0.10, shoulder = 0.35;  // |delta|, as smiles are quoted: 10 delta, 35 delta
constexpr double days_per_year = 365.0;

}  // namespace

const char* name(DeltaBucket bucket) {
  switch (bucket) {
    case DeltaBucket::put_wing: return "put_wing";
    case DeltaBucket::put: return "put";
    case DeltaBucket::atm: return "atm";
    case DeltaBucket::call: return "call";
    case DeltaBucket::call_wing: return "call_wing";
  }
  return "";
}

DeltaBucket delta_bucket(double black_delta) {
  // A call's delta is N(d1), a put's N(d1) - 1.
  const double call = black_delta >= 0.0 ? black_delta : 1.0 + black_delta;
  const double put = black_delta >= 0.0 ? 1.0 - black_delta : -black_delta;
  if (put <= wing) return DeltaBucket::put_wing;
  if (call <= wing) return DeltaBucket::call_wing;
  if (put <= shoulder) return DeltaBucket::put;
  if (call <= shoulder) return DeltaBucket::call;
  return DeltaBucket::atm;
}

Result<VegaBuckets> vega_buckets(const Exposure& exposure, double reference_days) {
  if (!(reference_days > 0.0 && std::isfinite(reference_days))) {
    return Error{Fault::bad_input, fmt::format("the reference tenor of weighted vega is {} days", reference_days)};
  }
  VegaBuckets b;
  b.reference_days = reference_days;
  for (const PositionRisk& p : exposure.positions) {
    if (!p.instrument.is_option()) continue;
    VegaRow& row = b.by_expiry[p.instrument.expiry];
    row.years = p.unit.years;
    row.weight = std::sqrt(reference_days / (p.unit.years.value * days_per_year));
    // At the very end of the settlement window nothing is left to tell a bucket by, and no vega either.
    const double delta = p.unit.still_exposed > 0.0 ? p.unit.black_delta / p.unit.still_exposed : 0.0;
    // A put of delta 0 is no call of delta 0: its strike is far below.
    const bool put = p.instrument.option_type == market::OptionType::put;
    const DeltaBucket bucket = put && delta >= 0.0 ? DeltaBucket::put_wing : delta_bucket(delta);
    row.vega[static_cast<std::size_t>(bucket)] += Usd(p.coins.value * p.unit.vega);
  }
  for (auto& [expiry, row] : b.by_expiry) {
    for (std::size_t i = 0; i < delta_buckets; ++i) {
      row.total += row.vega[i];
      b.by_delta[i] += row.vega[i];
    }
    b.total += row.total;
    b.weighted += row.weight * row.total;
  }
  return b;
}

}  // namespace ballast::risk
