#include "ballast/curve/forward.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

namespace ballast::curve {
namespace {

using market::Instrument;
using market::OptionType;
using market::Quote;
using market::Settlement;
using market::Snapshot;

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return 0.5 * (*middle + *std::max_element(values.begin(), middle));
}

double own_forward(const ParityPair& pair, Settlement settlement) {
  return settlement == Settlement::inverse ? pair.strike / (1.0 - pair.call_minus_put)
                                           : pair.strike + pair.call_minus_put;
}

/// What the chain shows of one expiry.
struct Twins {
  Settlement settlement = Settlement::inverse;
  std::map<double, std::pair<const Quote*, const Quote*>> by_strike;  // call, put
  std::vector<double> venue_underlying;
  std::optional<double> future;
};

std::optional<double> mid(const Quote& quote) {
  if (!quote.bid || !quote.ask) return std::nullopt;
  return 0.5 * (*quote.bid + *quote.ask);
}

std::vector<ParityPair> pairs_of_marks(const Twins& twins) {
  std::vector<ParityPair> pairs;
  for (const auto& [strike, twin] : twins.by_strike) {
    if (twin.first && twin.second && twin.first->mark && twin.second->mark) {
      pairs.push_back({.strike = strike, .call_minus_put = *twin.first->mark - *twin.second->mark, .error = 1.0});
    }
  }
  return pairs;
}

std::vector<ParityPair> pairs_of_mids(const Twins& twins) {
  std::vector<ParityPair> pairs;
  for (const auto& [strike, twin] : twins.by_strike) {
    if (!twin.first || !twin.second) continue;
    const auto call = mid(*twin.first), put = mid(*twin.second);
    if (!call || !put) continue;
    const double half_spreads = 0.5 * (*twin.first->ask - *twin.first->bid + *twin.second->ask - *twin.second->bid);
    pairs.push_back({.strike = strike, .call_minus_put = *call - *put, .error = half_spreads});
  }
  return pairs;
}

std::optional<Forward> best_forward(const Twins& twins) {
  if (auto marks = parity_forward(pairs_of_marks(twins), twins.settlement)) return marks.value();
  if (auto mids = parity_forward(pairs_of_mids(twins), twins.settlement)) {
    Forward forward = mids.value();
    forward.source = ForwardSource::parity_of_mids;
    return forward;
  }
  if (twins.future) return Forward{.price = Price(*twins.future), .source = ForwardSource::listed_future, .pairs = 1};
  if (!twins.venue_underlying.empty()) {
    const double level = median(twins.venue_underlying);
    double spread = 0.0;
    for (const double f : twins.venue_underlying) spread = std::max(spread, std::abs(f - level));
    return Forward{.price = Price(level),
                   .source = ForwardSource::venue_underlying,
                   .pairs = static_cast<int>(twins.venue_underlying.size()),
                   .spread = spread};
  }
  return std::nullopt;
}

}  // namespace

const char* name(ForwardSource source) {
  switch (source) {
    case ForwardSource::parity_of_marks: return "parity of marks";
    case ForwardSource::parity_of_mids: return "parity of mids";
    case ForwardSource::listed_future: return "listed future";
    case ForwardSource::venue_underlying: return "venue underlying";
  }
  return "";
}

Result<Forward> parity_forward(const std::vector<ParityPair>& all, Settlement settlement) {
  std::vector<ParityPair> pairs;
  for (const ParityPair& pair : all) {
    const double f = own_forward(pair, settlement);
    if (f > 0.0 && std::isfinite(f)) pairs.push_back(pair);
  }
  if (pairs.empty()) return Error{Fault::missing_data, "no strike with both a call and a put"};
  std::vector<double> own, distance;
  for (const ParityPair& pair : pairs) own.push_back(own_forward(pair, settlement));
  const double level = median(own);
  for (const double f : own) distance.push_back(std::abs(f - level));
  // 5 median absolute deviations keep all of a rounded chain (a uniform error reaches 2) and none of a row of another
  // instant.
  const double tolerated = std::max(5.0 * median(distance), 1e-7 * std::abs(level));

  Forward forward;
  forward.outliers = static_cast<int>(all.size() - pairs.size());
  double above = 0.0, below = 0.0;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (!(distance[i] <= tolerated)) {
      ++forward.outliers;
      continue;
    }
    const double weight = 1.0 / (pairs[i].error * pairs[i].error), k = pairs[i].strike;
    if (settlement == Settlement::inverse) {  // C - P = 1 - K g with g = 1/F: least squares through the point (0, 1)
      above += weight * k * k;
      below += weight * k * (1.0 - pairs[i].call_minus_put);
    } else {
      above += weight * own[i];
      below += weight;
    }
    ++forward.pairs;
  }
  forward.price = Price(above / below);
  if (!(forward.price.value > 0.0) || !std::isfinite(forward.price.value)) {
    return Error{Fault::missing_data,
                 fmt::format("put-call parity gives no positive forward from {} pairs", pairs.size())};
  }
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (distance[i] <= tolerated) forward.spread = std::max(forward.spread, std::abs(own[i] - forward.price.value));
  }
  return forward;
}

std::map<ExpiryKey, Forward> forwards(const Snapshot& snapshot) {
  std::map<ExpiryKey, Twins> chain;
  for (const auto& [instrument_name, quote] : snapshot.quotes) {
    const Instrument& instrument = snapshot.instruments.at(instrument_name);
    if (instrument.expiry == never) continue;
    Twins& twins = chain[{instrument.index, instrument.expiry}];
    if (!instrument.is_option()) {
      twins.future = quote.mark ? quote.mark : mid(quote);
      continue;
    }
    twins.settlement = instrument.settlement;
    auto& twin = twins.by_strike[instrument.strike];
    (instrument.option_type == OptionType::call ? twin.first : twin.second) = &quote;
    if (quote.underlying_price) twins.venue_underlying.push_back(*quote.underlying_price);
  }
  std::map<ExpiryKey, Forward> found;
  for (const auto& [key, twins] : chain) {
    auto forward = best_forward(twins);
    if (!forward) continue;
    if (twins.future) forward->listed = Price(*twins.future);
    found.emplace(key, *forward);
  }
  return found;
}

}  // namespace ballast::curve
