#include "ballast/market/clean.h"

#include <cmath>
#include <optional>

#include <fmt/format.h>

namespace ballast::market {
namespace {

struct Finding {
  const char* reason;
  std::string detail;
};

std::optional<Finding> price_fault(const Instrument& instrument, const Quote& quote, const CleaningRules& rules) {
  if (quote.bid && quote.ask && !(*quote.bid < *quote.ask)) {
    return Finding{"crossed", fmt::format("bid {} ask {}", *quote.bid, *quote.ask)};
  }
  // A ladder that we assumed is no witness against the venue; one that the venue listed is.
  if (instrument.from_venue) {
    for (const auto& price : {quote.bid, quote.ask}) {
      if (price && !instrument.ticks.on_grid(*price)) {
        return Finding{"off_tick", fmt::format("price {} tick {}", *price, instrument.ticks.at(*price))};
      }
    }
  }
  if (quote.bid && quote.ask && quote.mark) {
    const double mid = 0.5 * (*quote.bid + *quote.ask), off = std::abs(*quote.mark - mid);
    const bool outside = *quote.mark < *quote.bid || *quote.mark > *quote.ask;
    // A wide market leaves the mark room; what is not believable is a mark outside of it.
    if (outside && off > rules.mark_off_mid * mid && off > rules.mark_off_mid_ticks * instrument.ticks.at(mid)) {
      return Finding{"mark_off_mid", fmt::format("mark {} bid {} ask {}", *quote.mark, *quote.bid, *quote.ask)};
    }
  }
  if (!instrument.is_option()) return std::nullopt;
  if (quote.mark_vol && !(*quote.mark_vol >= rules.vol_least && *quote.mark_vol <= rules.vol_most)) {
    return Finding{"vol_out_of_range", fmt::format("mark vol {}", quote.mark_vol->value)};
  }
  if (instrument.settlement == Settlement::inverse && instrument.option_type == OptionType::call) {
    for (const auto& price : {quote.bid, quote.mark}) {
      if (price && !(*price < 1.0)) return Finding{"price_above_bound", fmt::format("call price {} coin", *price)};
    }
  }
  return std::nullopt;
}

std::optional<Finding> fault(const Instrument& instrument, const Quote& quote, Time as_of, const CleaningRules& rules) {
  if (instrument.expiry <= as_of) return Finding{"expired", "expired " + to_string(instrument.expiry)};
  const double age = seconds_between(quote.oldest(), as_of);
  const Age& budget = instrument.is_option() ? rules.option : rules.hedge;
  if (!(age <= budget.hard_s)) return Finding{"stale", fmt::format("{:.3f} s old, limit {} s", age, budget.hard_s)};
  const double ahead = seconds_between(as_of, quote.sent);
  if (!(ahead <= rules.ahead_s)) return Finding{"from_the_future", fmt::format("{:.3f} s ahead", ahead)};
  if (quote.open == false) return Finding{"not_open", "the venue does not trade it now"};
  return price_fault(instrument, quote, rules);
}

}  // namespace

CleaningRules CleaningRules::with_age(double seconds) const {
  CleaningRules rules = *this;
  for (Age* age : {&rules.option, &rules.hedge, &rules.index}) age->hard_s = seconds;
  return rules;
}

Snapshot clean(Snapshot raw, const CleaningRules& rules) {
  for (auto it = raw.quotes.begin(); it != raw.quotes.end();) {
    const auto instrument = raw.instruments.find(it->first);
    std::optional<Finding> found;
    if (instrument == raw.instruments.end()) {
      found = Finding{"unknown_instrument", "no contract data"};
    } else {
      found = fault(instrument->second, it->second, raw.as_of, rules);
    }
    if (!found) {
      ++it;
      continue;
    }
    raw.dropped.push_back({it->first, found->reason, found->detail});
    it = raw.quotes.erase(it);
  }
  for (auto it = raw.indices.begin(); it != raw.indices.end();) {
    const double age = seconds_between(it->second.sent, raw.as_of);
    const bool ahead = age < -rules.ahead_s;
    if (age <= rules.index.hard_s && !ahead) {
      ++it;
      continue;
    }
    raw.dropped.push_back({it->first + " index", ahead ? "index_from_the_future" : "stale_index",
                           ahead ? fmt::format("{:.3f} s ahead", -age)
                                 : fmt::format("{:.3f} s old, limit {} s", age, rules.index.hard_s)});
    it = raw.indices.erase(it);
  }
  return raw;
}

}  // namespace ballast::market
