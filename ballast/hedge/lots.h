#pragma once
#include <cstdint>

#include "ballast/market/instrument.h"

namespace ballast::hedge {

/// Whole lots nearest to a signed amount (venue's size unit), halves to even.
/// Fault limit beyond ±2^53 lots, where a double no longer counts them; bad_input when the amount is not finite.
Result<std::int64_t> lots_of(const market::Instrument& instrument, double amount);

/// The signed amount of whole lots, in the venue's size unit.
double amount_of_lots(const market::Instrument& instrument, std::int64_t lots);

}  // namespace ballast::hedge
