#pragma once
#include "ballast/hedge/solve.h"

namespace ballast::hedge {

/// The order of so many signed lots; `exact_coins` is what was wanted before rounding.
Leg leg_of(const market::Instrument& instrument, const risk::Valuation& unit, Numeraire numeraire, double exact_coins,
           std::int64_t lots, const market::Quote* quote, const CostRules& costs = uncollared());

}  // namespace ballast::hedge
