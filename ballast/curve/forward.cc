#include "ballast/curve/forward.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "ballast/curve/internal/bound_text.h"
#include "ballast/curve/internal/median.h"

namespace ballast::curve {
namespace {

using internal::median;
using market::Instrument;
using market::OptionType;
using market::Quote;
using market::Settlement;
using market::Snapshot;

// Recorded chains of several instants look discounted by up to 3e-6 (57 of 15,378 expiries); a rate of 1 % is that in
// an hour, and no hedge sees it.
constexpr double least_discount = 1e-5;

/// What the chain shows of one expiry.
struct Twins {
  std::string underlying;
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

std::vector<ParityQuote> two_sided(const Twins& twins) {
  std::vector<ParityQuote> quotes;
  for (const auto& [strike, twin] : twins.by_strike) {
    const auto& [call, put] = twin;
    if (!call || !put || !call->bid || !call->ask || !put->bid || !put->ask) continue;
    quotes.push_back({.strike = strike,
                      .low = *call->bid - *put->ask,
                      .high = *call->ask - *put->bid,
                      .straddle = 0.5 * (*call->bid + *call->ask + *put->bid + *put->ask)});
  }
  return quotes;
}

/// The first source that gives a forward; a parity that gives none leaves its reason in `passed`, where one is given.
std::optional<Forward> best_forward(const Twins& twins, std::vector<Error>* passed = nullptr) {
  const auto marks = parity_forward(pairs_of_marks(twins), twins.settlement);
  if (marks) return marks.value();
  if (passed) passed->push_back(in("marks", marks.error()));
  const auto mids = fit_parity(two_sided(twins), twins.settlement);
  if (mids) {
    const ParityFit& fit = mids.value();
    return Forward{.price = fit.forward,
                   .source = ForwardSource::parity_of_mids,
                   .pairs = fit.pairs - fit.clipped,
                   .outliers = fit.clipped + fit.invalid,
                   .spread = fit.spread,
                   .discount = fit.discount};
  }
  if (passed) passed->push_back(in("mids", mids.error()));
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

std::map<ExpiryKey, Twins> by_expiry(const Snapshot& snapshot) {
  std::map<ExpiryKey, Twins> chain;
  for (const auto& [instrument_name, quote] : snapshot.quotes) {
    const Instrument& instrument = snapshot.instruments.at(instrument_name);
    if (instrument.expiry == never) continue;
    Twins& twins = chain[{instrument.index, instrument.expiry}];
    twins.underlying = instrument.underlying;
    if (!instrument.is_option()) {
      twins.future = quote.mark ? quote.mark : mid(quote);
      if (twins.by_strike.empty()) twins.settlement = instrument.settlement;
      continue;
    }
    twins.settlement = instrument.settlement;
    auto& twin = twins.by_strike[instrument.strike];
    (instrument.option_type == OptionType::call ? twin.first : twin.second) = &quote;
    if (quote.underlying_price) twins.venue_underlying.push_back(*quote.underlying_price);
  }
  return chain;
}

}  // namespace

const char* name(ForwardFault fault) {
  switch (fault) {
    case ForwardFault::no_pair: return "no_pair";
    case ForwardFault::not_positive: return "not_positive";
    case ForwardFault::no_forward: return "no_forward";
    case ForwardFault::quotes_disagree: return "quotes_disagree";
    case ForwardFault::outside_the_quotes: return "outside_the_quotes";
    case ForwardFault::discount_ignored: return "discount_ignored";
  }
  return "";
}

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
  std::vector<double> own, distance;
  for (const ParityPair& pair : all) {
    const double f = pair_forward(pair.strike, pair.call_minus_put, settlement);
    if (!(f > 0.0 && std::isfinite(f))) continue;
    pairs.push_back(pair);
    own.push_back(f);
  }
  if (all.empty()) return Error{Fault::missing_data, "no strike with both a call and a put"};
  if (pairs.empty()) {
    const ParityPair& first = all.front();
    return Error{Fault::missing_data, fmt::format("no pair gives a positive forward: strike {}, call - put {}",
                                                  first.strike, first.call_minus_put)};
  }
  const double level = median(own);
  for (const double f : own) distance.push_back(std::abs(f - level));
  // 5 median absolute deviations keep all of a rounded chain (a uniform error reaches 2) and none of a row of another
  // instant; nor do they set aside a row of a discounted chain whose strikes are evenly spaced.
  const double tolerated = std::max(5.0 * median(distance), 1e-7 * std::abs(level));

  Forward forward;
  forward.outliers = static_cast<int>(all.size() - pairs.size());
  const bool inverse = settlement == Settlement::inverse;
  double above = 0.0, below = 0.0;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (!(distance[i] <= tolerated)) {
      ++forward.outliers;
      continue;
    }
    const double weight = 1.0 / (pairs[i].error * pairs[i].error), k = pairs[i].strike;
    if (inverse) {  // C - P = 1 - K g with g = 1/F: least squares through the point (0, 1)
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
                 fmt::format("{} pairs give a forward of {}", pairs.size(), internal::bound_text(forward.price.value))};
  }

  // The same with the discount free: y = a - b x in x = K/level, and D is a (inverse) or b (linear, in units of level).
  double sum = 0.0, mean_x = 0.0, mean_y = 0.0, xx = 0.0, xy = 0.0;
  const double unit = inverse ? 1.0 : level;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (!(distance[i] <= tolerated)) continue;
    const double weight = 1.0 / (pairs[i].error * pairs[i].error);
    sum += weight, mean_x += weight * pairs[i].strike / level, mean_y += weight * pairs[i].call_minus_put / unit;
  }
  mean_x /= sum, mean_y /= sum;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (!(distance[i] <= tolerated)) continue;
    const double weight = 1.0 / (pairs[i].error * pairs[i].error), x = pairs[i].strike / level - mean_x;
    xx += weight * x * x, xy += weight * x * (pairs[i].call_minus_put / unit - mean_y);
  }
  const double b = -xy / xx, a = mean_y + b * mean_x, discount = inverse ? a : b;
  if (forward.pairs >= 8 && discount > 0.0 && a > 0.0 && b > 0.0 && std::abs(discount - 1.0) >= least_discount) {
    double without = 0.0, with = 0.0;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      if (!(distance[i] <= tolerated)) continue;
      const double weight = 1.0 / (pairs[i].error * pairs[i].error), x = pairs[i].strike / level;
      const double y = pairs[i].call_minus_put / unit, g = level / forward.price.value;
      const double off = inverse ? y - (1.0 - x * g) : y - (1.0 / g - x);
      without += weight * off * off;
      with += weight * (y - (a - b * x)) * (y - (a - b * x));
    }
    if (with <= 0.01 * without) {  // residuals of a tenth: with eight pairs of pure noise one time in a million
      forward.price = Price(level * a / b);
      forward.discount = discount;
    }
  }
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (!(distance[i] <= tolerated)) continue;
    const double f = pair_forward(pairs[i].strike, pairs[i].call_minus_put, settlement, forward.discount);
    forward.spread = std::max(forward.spread, std::abs(f - forward.price.value));
  }
  return forward;
}

std::map<ExpiryKey, Forward> forwards(const Snapshot& snapshot) {
  std::map<ExpiryKey, Forward> found;
  for (const auto& [key, twins] : by_expiry(snapshot)) {
    auto forward = best_forward(twins);
    if (!forward) continue;
    if (twins.future) forward->listed = Price(*twins.future);
    found.emplace(key, *forward);
  }
  return found;
}

namespace {

/// Words on what agrees and what does not, once the numbers are there.
void compare(ForwardDiagnosis& d) {
  if (!d.forward) return;
  const double f = d.forward->price.value;
  d.interval = consistent_forwards(d.quotes, d.settlement, d.forward->discount);
  d.violations = parity_violations(d.quotes, d.settlement, d.forward->price, d.forward->discount);
  const std::string range = fmt::format("quotes bound it by {} below and {} above",
                                        internal::bound_text(d.interval.low), internal::bound_text(d.interval.high));
  if (d.interval.empty()) {
    d.notes.push_back({ForwardFault::quotes_disagree, range});
  } else if (f < d.interval.low || f > d.interval.high) {
    d.notes.push_back({ForwardFault::outside_the_quotes, fmt::format("forward {:.8g}, {}", f, range)});
  }
  if (d.of_quotes && d.forward->discount == 1.0 && d.of_quotes->discount != 1.0) {
    d.notes.push_back(
        {ForwardFault::discount_ignored, fmt::format("quotes give {} with a standard error of {:.1e}",
                                                     *d.of_quotes->discount_estimate, *d.of_quotes->discount_error)});
  }
}

}  // namespace

std::map<ExpiryKey, ForwardDiagnosis> diagnose(const Snapshot& snapshot) {
  std::map<ExpiryKey, ForwardDiagnosis> all;
  for (const auto& [key, twins] : by_expiry(snapshot)) {
    ForwardDiagnosis& d = all[key];
    d.underlying = twins.underlying;
    d.settlement = twins.settlement;
    d.quotes = two_sided(twins);
    std::vector<Error> passed;
    d.forward = best_forward(twins, &passed);
    if (auto fit = fit_parity(d.quotes, twins.settlement)) d.of_quotes = std::move(fit).value();
    const bool no_marks = pairs_of_marks(twins).empty(), no_quotes = d.quotes.empty();
    if (!twins.by_strike.empty() && no_marks && no_quotes)
      d.notes.push_back(
          {ForwardFault::no_pair,
           fmt::format("{} strikes, none with a call and a put of one kind of price", twins.by_strike.size())});
    for (std::size_t i = 0; i < passed.size(); ++i) {
      if (!(i == 0 ? no_marks : no_quotes)) d.notes.push_back({ForwardFault::not_positive, passed[i].what});
    }
    if (!d.forward) {
      d.notes.push_back({ForwardFault::no_forward, "no listed future and no underlying price either"});
      continue;
    }
    const double f = d.forward->price.value;
    if (twins.future) {
      d.forward->listed = Price(*twins.future);
      d.from_listed = f - *twins.future;
    }
    if (!twins.venue_underlying.empty()) d.from_underlying = f - median(twins.venue_underlying);
    if (const auto index = snapshot.indices.find(twins.underlying); index != snapshot.indices.end())
      d.from_index = f - index->second.price;
    compare(d);
  }
  return all;
}

}  // namespace ballast::curve
