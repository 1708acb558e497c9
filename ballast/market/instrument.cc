#include "ballast/market/instrument.h"

#include <cmath>

#include <fmt/format.h>

namespace ballast::market {

double TickLadder::at(double price) const {
  double found = tick;
  for (const TickStep& step : steps) {
    if (price > step.above_price) found = step.tick;
  }
  return found;
}

bool TickLadder::on_grid(double price) const {
  const double ticks = price / at(price);
  return std::abs(ticks - std::round(ticks)) <= 1e-6;  // doubles of decimal prices are off by < 1e-9 ticks
}

const char* name(Kind kind) {
  switch (kind) {
    case Kind::option: return "option";
    case Kind::future: return "future";
    case Kind::perpetual: return "perpetual";
    case Kind::spot: return "spot";
  }
  return "";
}

const char* name(OptionType type) { return type == OptionType::call ? "call" : "put"; }
const char* name(Settlement settlement) { return settlement == Settlement::inverse ? "inverse" : "linear"; }

const char* name(SizeUnit unit) {
  switch (unit) {
    case SizeUnit::coin: return "coin";
    case SizeUnit::usd: return "usd";
    case SizeUnit::contracts: return "contracts";
  }
  return "";
}

Result<double> amount_of(const Instrument& instrument, double quantity, SizeUnit unit) {
  if (unit == SizeUnit::contracts && instrument.settlement == Settlement::linear && !instrument.from_venue) {
    return Error{Fault::bad_input,
                 fmt::format("{}: its contract size is not known without the venue's instrument list: give that, or "
                             "the quantity in {} (quantity {})",
                             instrument.name, name(instrument.size_unit()), quantity)};
  }
  if (unit == SizeUnit::contracts) return quantity * instrument.contract_size;
  if (unit == instrument.size_unit()) return quantity;
  return Error{Fault::bad_input, fmt::format("{} is sized in {} or contracts, not in {} (quantity {})", instrument.name,
                                             name(instrument.size_unit()), name(unit), quantity)};
}

}  // namespace ballast::market
