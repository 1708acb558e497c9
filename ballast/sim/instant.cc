#include "ballast/sim/instant.h"

#include <cmath>
#include <optional>
#include <utility>

#include "ballast/math/elementary.h"

namespace ballast::sim {
namespace {

struct Side {
  double k = 0.0, vol = 0.0;
  int quotes = 0;
};

/// Vol at k = 0 on the line between the nearest strikes on either side; of one side alone its own.
double between(const Side& below, const Side& above) {
  if (below.quotes == 0) return above.vol;
  if (above.quotes == 0 || below.k == above.k) return below.vol;
  return below.vol + (above.vol - below.vol) * (-below.k) / (above.k - below.k);
}

std::map<curve::ExpiryKey, double> at_the_money(const market::Snapshot& snapshot, const vol::QuotedChain& chain) {
  std::map<curve::ExpiryKey, std::pair<Side, Side>> sides;
  for (const auto& [name, option] : chain.options) {
    const market::Instrument& instrument = snapshot.instruments.at(name);
    const double k = math::log_ratio(instrument.strike, option.forward.value);
    auto& [below, above] = sides[{instrument.index, instrument.expiry}];
    Side& side = k <= 0.0 ? below : above;
    if (side.quotes > 0 && std::abs(k) > std::abs(side.k)) continue;
    if (side.quotes > 0 && k == side.k) {  // the call and the put of one strike
      side.vol += (option.vol.value - side.vol) / ++side.quotes;
      continue;
    }
    side = {k, option.vol.value, 1};
  }
  std::map<curve::ExpiryKey, double> vols;
  for (const auto& [key, both] : sides) vols.emplace(key, between(both.first, both.second));
  return vols;
}

}  // namespace

Instant instant_of(market::Snapshot snapshot, const std::string& underlying, PerpetualPrice perpetual) {
  for (const auto& [name, instrument] : snapshot.instruments) {
    if (instrument.kind != market::Kind::perpetual || instrument.underlying != underlying) continue;
    const auto index = snapshot.indices.find(underlying);
    if (perpetual == PerpetualPrice::from_index && !snapshot.quotes.contains(name) && index != snapshot.indices.end()) {
      market::Quote quote;
      quote.instrument = name, quote.sent = snapshot.as_of, quote.mark = index->second.price;
      quote.index = index->second.price;
      snapshot.quotes.emplace(name, std::move(quote));
    }
    const auto found = snapshot.quotes.find(name);
    if (found == snapshot.quotes.end() || found->second.bid || found->second.ask || !found->second.mark) continue;
    const double tick = instrument.ticks.at(*found->second.mark);
    found->second.bid = std::floor(*found->second.mark / tick) * tick;
    found->second.ask = *found->second.bid + tick;
  }
  Instant instant{.snapshot = std::move(snapshot), .chain = {}, .at_the_money = {}};
  instant.chain = vol::quoted(instant.snapshot);
  instant.at_the_money = at_the_money(instant.snapshot, instant.chain);
  return instant;
}

}  // namespace ballast::sim
