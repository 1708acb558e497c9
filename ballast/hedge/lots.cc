#include "ballast/hedge/lots.h"

#include <cmath>

#include <fmt/format.h>

namespace ballast::hedge {

Result<std::int64_t> lots_of(const market::Instrument& instrument, double amount) {
  const double exact = amount / instrument.lot;
  if (!std::isfinite(exact)) {
    return Error{Fault::bad_input,
                 fmt::format("{}: no lots of amount {} and lot {}", instrument.name, amount, instrument.lot)};
  }
  constexpr double countable = 9007199254740992.0;  // 2^53
  if (std::abs(exact) >= countable) {
    return Error{Fault::limit, fmt::format("{}: {} lots are more than can be counted", instrument.name, exact)};
  }
  return static_cast<std::int64_t>(std::nearbyint(exact));  // the default rounding mode takes halves to even
}

double amount_of_lots(const market::Instrument& instrument, std::int64_t lots) {
  // Lots are decimals (0.1) that binary does not hold: 3 lots of 0.1 must be 0.3, the double that a venue's 0.3 reads
  // as.
  const double per_unit = std::nearbyint(1.0 / instrument.lot);
  if (instrument.lot < 1.0 && std::abs(per_unit * instrument.lot - 1.0) < 1e-12)
    return static_cast<double>(lots) / per_unit;
  return static_cast<double>(lots) * instrument.lot;
}

}  // namespace ballast::hedge
