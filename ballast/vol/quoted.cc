#include "ballast/vol/quoted.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "ballast/math/elementary.h"
#include "ballast/math/normalised_black.h"

namespace ballast::vol {
namespace {

using market::Instrument;
using market::OptionType;
using market::Quote;
using market::Settlement;

constexpr double tolerated_ticks = 2.0;  // docs/safety.md, sanity ranges: option price against its bounds
// And vol: a jump of 5 points and 25 % against what the price says, and worth more than those ticks, is not believed.
constexpr double tolerated_points = 0.05, tolerated_share = 0.25;

struct Worth {
  double price;  ///< quote unit
  VolSource source;
};

std::optional<Worth> worth(const Quote& quote) {
  if (quote.mark) return Worth{*quote.mark, VolSource::mark_price};
  if (quote.bid && quote.ask) return Worth{0.5 * (*quote.bid + *quote.ask), VolSource::mid};
  return std::nullopt;
}

struct Bounds {
  double least, most;
};

/// No-arbitrage bounds of the price in the quote unit.
Bounds bounds(const Instrument& instrument, double forward) {
  const double k = instrument.strike, unit = instrument.settlement == Settlement::inverse ? forward : 1.0;
  if (instrument.option_type == OptionType::call) return {std::max(forward - k, 0.0) / unit, forward / unit};
  return {std::max(k - forward, 0.0) / unit, k / unit};
}

/// How far the price at `vol` lies from the quoted one of `usd` USD, in the quote unit.
double worth_apart(const Instrument& instrument, const QuotedOption& option, Vol vol, double usd) {
  const double f = option.forward.value, k = instrument.strike;
  const double time_value =
      std::sqrt(f * k) * math::normalised_black(math::log_ratio(f, k), vol.value * std::sqrt(option.years.value));
  const double intrinsic = std::max(instrument.option_type == OptionType::call ? f - k : k - f, 0.0);
  return std::abs(time_value + intrinsic - usd) / (instrument.settlement == Settlement::inverse ? f : 1.0);
}

Result<QuotedOption> read(const Instrument& instrument, const Quote& quote, const curve::Forward& forward, Time as_of) {
  const auto found = worth(quote);
  if (!found) return Error{Fault::missing_data, "no_price"};
  const double f = forward.price.value, slack = tolerated_ticks * instrument.ticks.at(found->price);
  const auto [least, most] = bounds(instrument, f);
  if (found->price < least - slack) return Error{Fault::missing_data, "below_intrinsic"};
  if (found->price > most + slack) return Error{Fault::missing_data, "above_bound"};

  QuotedOption option{.forward = forward.price,
                      .years = years_between(as_of, instrument.expiry),
                      .vol = Vol(0.0),
                      .source = found->source,
                      .price = found->price};
  const double usd = instrument.settlement == Settlement::inverse ? found->price * f : found->price;
  const auto implied =
      math::implied_stdev_of_price(f, instrument.strike, usd, instrument.option_type == OptionType::call);
  const bool has_vol = implied.outcome == math::ImpliedOutcome::ok;
  const Vol from_price(has_vol ? implied.stdev / std::sqrt(option.years.value) : 0.0);
  if (quote.mark_vol && found->source == VolSource::mark_price) {
    const double apart = std::abs((*quote.mark_vol - from_price).value);
    const bool jumps =
        apart > tolerated_points && apart > tolerated_share * std::min(quote.mark_vol->value, from_price.value);
    if (has_vol && jumps && worth_apart(instrument, option, *quote.mark_vol, usd) > slack) {
      return Error{Fault::missing_data, "vol_contradicts_price"};
    }
    option.vol = *quote.mark_vol;
    option.source = VolSource::mark_iv;
    return option;
  }
  if (!has_vol) return Error{Fault::missing_data, "no_vol"};
  option.vol = from_price;
  return option;
}

}  // namespace

const char* name(VolSource source) {
  switch (source) {
    case VolSource::mark_iv: return "mark iv";
    case VolSource::mark_price: return "implied from mark";
    case VolSource::mid: return "implied from mid";
  }
  return "";
}

QuotedChain quoted(const market::Snapshot& snapshot) {
  QuotedChain surface;
  surface.forwards = curve::forwards(snapshot);
  for (const auto& [name, quote] : snapshot.quotes) {
    const Instrument& instrument = snapshot.instruments.at(name);
    if (!instrument.is_option()) continue;
    const auto forward = surface.forwards.find({instrument.index, instrument.expiry});
    if (forward == surface.forwards.end()) {
      surface.dropped.push_back(
          {name, "no_forward", "its expiry has no parity pair, listed future or underlying price"});
      continue;
    }
    const auto option = read(instrument, quote, forward->second, snapshot.as_of);
    if (option) {
      surface.options.emplace(name, option.value());
    } else {
      surface.dropped.push_back({name, option.error().what,
                                 fmt::format("mark {} bid {} ask {} strike {} forward {:.2f}", quote.mark.value_or(0.0),
                                             quote.bid.value_or(0.0), quote.ask.value_or(0.0), instrument.strike,
                                             forward->second.price.value)});
    }
  }
  return surface;
}

}  // namespace ballast::vol
