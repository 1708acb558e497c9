#include "ballast/sim/marks.h"

#include <cmath>

#include <fmt/format.h>

#include "ballast/math/elementary.h"
#include "ballast/math/normalised_black.h"
#include "ballast/pricing/inverse.h"

namespace ballast::sim {
namespace {

using market::Instrument;

/// The vol that gives back a price on its forward; `quoted` where no vol does.
double vol_of(const Instrument& i, double forward, double years, double price, double quoted) {
  const double usd = i.settlement == market::Settlement::inverse ? price * forward : price;
  const auto implied = math::implied_stdev_of_price(forward, i.strike, usd, i.option_type == market::OptionType::call);
  return implied.outcome == math::ImpliedOutcome::ok ? implied.stdev / std::sqrt(years) : quoted;
}

double price_of(const Instrument& i, double forward, double vol, double years) {
  const pricing::Vanilla option{.forward = Price(forward),
                                .strike = Price(i.strike),
                                .vol = Vol(vol),
                                .years = Years(years),
                                .type = i.option_type};
  return i.settlement == market::Settlement::inverse ? pricing::inverse_greeks(option).price.value
                                                     : pricing::black_price(option).value;
}

std::optional<double> quoted_price(const market::Snapshot& snapshot, const std::string& name) {
  const auto found = snapshot.quotes.find(name);
  if (found == snapshot.quotes.end()) return std::nullopt;
  const market::Quote& q = found->second;
  if (q.mark && *q.mark > 0.0) return q.mark;
  if (q.bid && q.ask) return 0.5 * (*q.bid + *q.ask);
  return std::nullopt;
}

/// A forward that nobody quotes, at its last basis a year.
double rolled(const Mark& before, double index, double years) {
  if (before.years <= 0.0) return index * before.forward / before.index;
  const double basis = math::log_ratio(before.forward, before.index) / before.years;
  return index * math::exp(basis * years);
}

Result<Mark> option_mark(const Instant& now, const Instrument& i, double index, const Mark* before) {
  const double years = years_between(now.snapshot.as_of, i.expiry).value;
  Mark mark{.instrument = i, .index = index, .years = years};
  const auto money = now.at_the_money.find({i.index, i.expiry});
  const auto forward = now.chain.forwards.find({i.index, i.expiry});
  const auto quoted = now.chain.options.find(i.name);
  if (quoted != now.chain.options.end()) {
    mark.price = quoted->second.price;
    mark.forward = quoted->second.forward.value;
    mark.vol = vol_of(i, mark.forward, years, mark.price, quoted->second.vol.value);
    mark.atm_vol = money == now.at_the_money.end() ? 0.0 : money->second;
    return mark;
  }
  if (before == nullptr) {
    return Error{Fault::missing_data, fmt::format("{}: not quoted at {}", i.name, to_string(now.snapshot.as_of))};
  }
  mark.modelled = true;
  mark.forward = forward != now.chain.forwards.end() ? forward->second.price.value : rolled(*before, index, years);
  mark.vol = before->vol;
  // Its vol stays: what the money does is not its business until it is quoted again.
  mark.atm_vol = before->atm_vol;
  mark.price = price_of(i, mark.forward, mark.vol, years);
  return mark;
}

Result<Mark> future_mark(const Instant& now, const Instrument& i, double index, const Mark* before) {
  Mark mark{.instrument = i, .index = index};
  if (i.expiry != never) mark.years = years_between(now.snapshot.as_of, i.expiry).value;
  if (i.kind == market::Kind::spot) {
    mark.price = mark.forward = index;
    return mark;
  }
  const auto quoted = quoted_price(now.snapshot, i.name);
  if (!quoted && before == nullptr) {
    return Error{Fault::missing_data, fmt::format("{}: not quoted at {}", i.name, to_string(now.snapshot.as_of))};
  }
  mark.modelled = !quoted;
  mark.price = mark.forward = quoted ? *quoted : rolled(*before, index, mark.years);
  return mark;
}

}  // namespace

Result<Marks> marks(const Instant& now, const std::string& underlying, const std::set<std::string>& names,
                    const Marks& before) {
  const auto index = now.snapshot.indices.find(underlying);
  if (index == now.snapshot.indices.end()) {
    return Error{Fault::missing_data, fmt::format("no index of {} at {}", underlying, to_string(now.snapshot.as_of))};
  }
  Marks found{.at = now.snapshot.as_of, .index = index->second.price, .of = {}};
  for (const std::string& name : names) {
    const auto last = before.of.find(name);
    const Mark* known = last == before.of.end() ? nullptr : &last->second;
    const auto listed = now.snapshot.instruments.find(name);
    if (listed == now.snapshot.instruments.end() && known == nullptr) {
      return Error{Fault::missing_data, fmt::format("{}: not listed at {}", name, to_string(found.at))};
    }
    const Instrument& instrument = listed == now.snapshot.instruments.end() ? known->instrument : listed->second;
    auto mark = instrument.is_option() ? option_mark(now, instrument, found.index, known)
                                       : future_mark(now, instrument, found.index, known);
    if (!mark) return mark.error();
    found.of.emplace(name, std::move(mark).value());
  }
  return found;
}

}  // namespace ballast::sim
