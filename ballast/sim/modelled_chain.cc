#include "ballast/sim/modelled_chain.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include <fmt/format.h>

#include "ballast/base/text.h"
#include "ballast/market/deribit/name.h"
#include "ballast/math/elementary.h"
#include "ballast/pricing/inverse.h"

namespace ballast::sim {
namespace {

using market::Instrument;
using market::Kind;
using market::OptionType;
using market::Quote;

constexpr std::int64_t day_ms = 86'400'000, expiry_ms = market::deribit::expiry_hour * std::int64_t{3'600'000};
constexpr std::int64_t daily = 4, weekly = 21, monthly = 100;  // days ahead: what listed_expiries() says
constexpr double least_vol = 0.01, most_vol = 5.0;             // market::CleaningRules: what a chain may show
constexpr double quarter_days = 98.0;                          // at most, between two last Fridays of quarters
constexpr double farthest_days = 1000.0;
constexpr double ln_2 = 0.69314718055994530942;
constexpr double farthest_strike = 3.0;  // ln(K/F): twenty times the forward

std::int64_t day_of(Time t) {
  const std::int64_t day = t.ms / day_ms;
  return t.ms % day_ms < 0 ? day - 1 : day;
}

bool is_friday(std::int64_t day) { return ((day % 7) + 7) % 7 == 1; }  // day 0, 1970-01-01, was a Thursday

bool is_last_friday(std::int64_t day) {
  return is_friday(day) && date_of(Time{day * day_ms}).month != date_of(Time{(day + 7) * day_ms}).month;
}

/// 1, 2, 2.5 or 5 times a power of ten: the smallest not below x > 0, or the largest not above it.
double round_step(double x, bool up) {
  double power = 1.0, parts = 1.0;  // powers of ten and their reciprocals, no pow(): the same bits everywhere
  while (power * 10.0 <= x) power *= 10.0;
  while (power > x) power = 1.0 / (parts *= 10.0);
  double below = power;
  for (const double digits : {1.0, 2.0, 2.5, 5.0, 10.0}) {
    const double step = digits * power;
    if (up && step >= x) return step;
    if (step <= x) below = step;
  }
  return below;
}

/// How far the strikes go, in ln(K/F).
double reach_of(const ChainShape& shape, double atm_vol, Years years) {
  return std::min(shape.strikes_z * atm_vol * std::sqrt(years.value), farthest_strike);
}

/// Whole ticks as a price: the double nearest to the decimal where the tick is one.
double price_of(double ticks, double tick) {
  const double per_unit = std::round(1.0 / tick);
  return std::abs(per_unit * tick - 1.0) <= 1e-12 ? ticks / per_unit : ticks * tick;
}

constexpr double grid_noise = 1e-9;  // in ticks: what is so near to the grid lies on it

double round_down(const market::TickLadder& ladder, double price) {
  const double tick = ladder.at(price);
  return price_of(std::floor(price / tick + grid_noise), tick);
}

double round_up(const market::TickLadder& ladder, double price) {
  const double tick = ladder.at(price);
  return price_of(std::ceil(price / tick - grid_noise), tick);
}

double rounded(double x, double unit) {
  if (!(unit > 0.0)) return x;
  return price_of(std::round(x / unit), unit);
}

std::optional<Error> fault(const ChainShape& s, double index, double atm_vol) {
  struct Bound {
    const char* name;
    double value, least, most;
  };
  const double inf = std::numeric_limits<double>::infinity();
  const Bound bounds[] = {{"index", index, 1.0, 1e9},
                          {"atm_vol", atm_vol, least_vol, most_vol},
                          {"strikes_z", s.strikes_z, 1e-3, 10.0},
                          {"strikes", static_cast<double>(s.strikes), 3.0, 200.0},
                          {"skew", s.skew, -1.0, 1.0},
                          {"convexity", s.convexity, 0.0, 1.0},
                          {"stickiness", s.stickiness, -1.0, 3.0},
                          {"reference", s.stickiness == 0.0 ? 1.0 : s.reference, 1.0, 1e9},
                          {"vol_half_life_days", s.vol_half_life_days, 0.0, 1e6},
                          {"long_vol", s.vol_half_life_days > 0.0 ? s.long_vol : 1.0, least_vol, most_vol},
                          {"basis", s.basis, -2.0, 2.0},
                          {"half_spread_vol", s.half_spread_vol, 0.0, most_vol},
                          {"perpetual_premium", s.perpetual_premium, -0.5, 0.5},
                          {"perpetual_half_spread_ticks", s.perpetual_half_spread_ticks, 0.0, 1e6},
                          {"funding_8h", s.funding_8h.value_or(0.0), -1.0, 1.0},
                          {"size_coins", s.size_coins, 1e-12, inf},
                          {"size_usd", s.size_usd, 1e-12, inf},
                          {"open_interest", s.open_interest.value_or(1.0), 1e-12, 1e9},
                          {"round_vol", s.round_vol, 0.0, 0.01},
                          {"round_mark", s.round_mark, 0.0, 1e-4}};
  for (const Bound& b : bounds) {
    if (!(b.value >= b.least && b.value <= b.most)) {
      return Error{Fault::bad_input, fmt::format("modelled chain: {} is {}, it must lie within [{}, {}]", b.name,
                                                 b.value, b.least, b.most)};
    }
  }
  if (s.underlying != "BTC" && s.underlying != "ETH") {
    return Error{Fault::bad_input, "modelled chain: underlying is " + ballast::quoted(s.underlying) +
                                       ", coin-settled options are listed on BTC and ETH"};
  }
  for (const double d : s.days) {
    if (!(d > 0.0 && d <= farthest_days)) {
      return Error{Fault::bad_input,
                   fmt::format("modelled chain: days holds {}, it must lie within (0, {}]", d, farthest_days)};
    }
  }
  return std::nullopt;
}

/// One expiry while its chain is made.
struct Expiry {
  Time at;
  Years years;
  double forward = 0.0, atm_vol = 0.0;
  std::string future;  ///< its name
};

class Chain {
 public:
  Chain(const ChainShape& shape, Time at, double index, double atm_vol) : shape_(shape), index_(index), atm_(atm_vol) {
    snapshot_.as_of = at;
    snapshot_.indices[shape.underlying] = {index, at};
    like_.underlying = like_.settlement_currency = shape.underlying;
    like_.index = shape.underlying == "BTC" ? "btc_usd" : "eth_usd";
  }

  void add_perpetual() {
    Quote& quote = add_future(Kind::perpetual, never, index_ * (1.0 + shape_.perpetual_premium));
    quote.funding_8h = shape_.funding_8h;
  }

  std::optional<Error> add_expiry(Time expiry, const std::set<double>& kept, const ExpirySmile& smile) {
    Expiry e{.at = expiry, .years = years_between(snapshot_.as_of, expiry)};
    e.forward = index_ * math::exp(shape_.basis * e.years.value);
    e.atm_vol = atm_vol_of(shape_, index_, atm_, e.years);
    if (smile) {
      const auto at_the_money = smile(Price(e.forward), e.years, std::span(&e.forward, 1));
      if (!at_the_money) return at_the_money.error();
      e.atm_vol = at_the_money.value().front();
    }
    e.future = add_future(Kind::future, expiry, e.forward).instrument;
    std::set<double> strikes = kept;
    for (const double k : strikes_around(e)) strikes.insert(k);
    std::vector<double> vols;
    for (const double k : strikes) vols.push_back(smile_vol(shape_, e.atm_vol, math::log_ratio(k, e.forward), e.years));
    if (smile) {
      auto said = smile(Price(e.forward), e.years, std::vector<double>(strikes.begin(), strikes.end()));
      if (!said) return said.error();
      vols = std::move(said).value();
    }
    std::size_t i = 0;
    for (const double k : strikes) {
      add_option(e, k, OptionType::call, vols[i]);
      add_option(e, k, OptionType::put, vols[i++]);
    }
    return std::nullopt;
  }

  market::Snapshot done() && { return std::move(snapshot_); }

 private:
  /// The grid's strikes within strikes_z deviations; the nearest above and below the forward always, and of more than
  /// allowed the ones nearest to it.
  std::vector<double> strikes_around(const Expiry& e) const {
    const double step = strike_step(shape_, e.forward, e.atm_vol, e.years);
    const double reach = reach_of(shape_, e.atm_vol, e.years);
    const double centre = e.forward / step;
    double low = std::min(std::ceil(centre * math::exp(-reach)), std::ceil(centre) - 1.0);
    double high = std::max(std::floor(centre * math::exp(reach)), std::floor(centre) + 1.0);
    low = std::max(low, 1.0);
    while (high - low + 1.0 > static_cast<double>(shape_.strikes)) {
      if (high - centre > centre - low) {
        high -= 1.0;
      } else {
        low += 1.0;
      }
    }
    std::vector<double> strikes;
    for (double n = low; n <= high; n += 1.0) strikes.push_back(step >= 1.0 ? n * step : price_of(n, step));
    return strikes;
  }

  Quote& add(Instrument instrument) {
    instrument.name = market::deribit::format_name(instrument);
    market::deribit::set_documented_terms(instrument);
    instrument.from_venue = true;
    Quote& quote = snapshot_.quotes[instrument.name];
    quote.instrument = instrument.name;
    quote.sent = snapshot_.as_of;
    quote.index = index_;
    snapshot_.instruments.insert_or_assign(quote.instrument, std::move(instrument));
    return quote;
  }

  Quote& add_future(Kind kind, Time expiry, double price) {
    Instrument instrument = like_;
    instrument.kind = kind;
    instrument.expiry = expiry;
    Quote& quote = add(std::move(instrument));
    const double tick = snapshot_.instruments.at(quote.instrument).ticks.tick;
    const double at = price / tick, half = shape_.perpetual_half_spread_ticks;
    const double bid = std::max(std::min(std::round(at - half), std::floor(at)), 1.0);
    quote.mark = price;
    quote.bid = price_of(bid, tick);
    quote.ask = price_of(std::max(std::round(at + half), bid + 1.0), tick);
    quote.bid_amount = quote.ask_amount = shape_.size_usd;
    return quote;
  }

  void add_option(const Expiry& e, double strike, OptionType type, double vol) {
    Instrument instrument = like_;
    instrument.kind = Kind::option;
    instrument.expiry = e.at;
    instrument.strike = strike;
    instrument.option_type = type;
    Quote& quote = add(std::move(instrument));
    const market::TickLadder& ladder = snapshot_.instruments.at(quote.instrument).ticks;
    const auto coin_price = [&](double v) {
      return pricing::inverse_greeks({Price(e.forward), Price(strike), Vol(std::max(v, 0.0)), e.years, type})
          .price.value;
    };
    const double mark = rounded(coin_price(vol), shape_.round_mark), tick = ladder.at(mark);
    const double bid = round_down(ladder, std::min(coin_price(vol - shape_.half_spread_vol), mark - tick));
    quote.mark = mark;
    quote.mark_vol = Vol(rounded(vol, shape_.round_vol));
    quote.underlying_price = e.forward;
    quote.underlying_index = e.future;
    quote.ask = round_up(ladder, std::max(coin_price(vol + shape_.half_spread_vol), mark + tick));
    quote.ask_amount = shape_.size_coins;
    quote.open_interest = shape_.open_interest;
    if (bid > 0.0) {
      quote.bid = bid;
      quote.bid_amount = shape_.size_coins;
    }
  }

  const ChainShape& shape_;
  double index_, atm_;
  Instrument like_;
  market::Snapshot snapshot_;
};

}  // namespace

std::vector<Time> listed_expiries(Time at, double days) {
  std::vector<Time> expiries;
  const std::int64_t today = day_of(at);
  for (std::int64_t d = 0; static_cast<double>(d) <= days + quarter_days; ++d) {
    const std::int64_t day = today + d;
    const Time expiry{day * day_ms + expiry_ms};
    if (expiry <= at) continue;
    const bool month_end = is_last_friday(day), quarter_end = month_end && date_of(expiry).month % 3 == 0;
    if (d <= daily || (d <= weekly && is_friday(day)) || (d <= monthly && month_end) || quarter_end) {
      expiries.push_back(expiry);
      if (seconds_between(at, expiry) >= 86'400.0 * days) break;
    }
  }
  return expiries;
}

double strike_step(const ChainShape& shape, double forward, double atm_vol, Years years) {
  const double reach = reach_of(shape, atm_vol, years);
  const double span = forward * (math::exp(reach) - math::exp(-reach));
  const double least = round_step(forward / 100.0, false);
  const double needed = span / static_cast<double>(std::max<std::size_t>(shape.strikes, 2) - 1);
  return needed <= least ? least : round_step(needed, true);
}

double atm_vol_of(const ChainShape& shape, double index, double atm_vol, Years years) {
  double term = atm_vol;
  if (shape.vol_half_life_days > 0.0) {
    const double x = ln_2 * 365.0 * years.value / shape.vol_half_life_days;
    const double mean_weight = -math::expm1(-x) / x, far = shape.long_vol * shape.long_vol;
    term = std::sqrt(far + (atm_vol * atm_vol - far) * mean_weight);
  }
  double vol = term;
  if (shape.stickiness != 0.0) {
    vol += shape.stickiness * shape.skew / std::sqrt(years.value) * math::log_ratio(index, shape.reference);
  }
  return std::clamp(std::clamp(vol, term / 3.0, 3.0 * term), least_vol, most_vol);
}

double smile_vol(const ChainShape& shape, double atm_vol, double log_moneyness, Years years) {
  const double z = log_moneyness / (atm_vol * std::sqrt(years.value));
  const double factor = std::clamp(1.0 + z * (shape.skew + shape.convexity * z), 1.0 / 3.0, 3.0);
  return std::clamp(atm_vol * factor, least_vol, most_vol);
}

Result<market::Snapshot> modelled_chain(const ChainShape& shape, Time at, double index, double atm_vol,
                                        const std::vector<std::string>& keep, const ExpirySmile& smile) {
  if (auto found = fault(shape, index, atm_vol)) return *found;
  std::map<Time, std::set<double>> expiries;  // and the strikes kept there
  if (!shape.days.empty()) {
    const std::vector<Time> listed = listed_expiries(at, *std::max_element(shape.days.begin(), shape.days.end()));
    for (const double d : shape.days) {
      const auto off = [&](Time t) { return std::abs(seconds_between(at, t) - 86'400.0 * d); };
      expiries[*std::min_element(listed.begin(), listed.end(), [&](Time a, Time b) { return off(a) < off(b); })];
    }
  }
  for (const std::string& name : keep) {
    const auto instrument = market::deribit::parse_name(name);
    if (!instrument) return in("modelled chain: keep", instrument.error());
    const Instrument& i = instrument.value();
    const bool ours = i.underlying == shape.underlying && i.settlement == market::Settlement::inverse;
    if (ours && i.is_option() && i.expiry > at) expiries[i.expiry].insert(i.strike);
    if (ours && i.kind == Kind::future && i.expiry > at) expiries[i.expiry];
  }

  Chain chain(shape, at, index, atm_vol);
  chain.add_perpetual();
  for (const auto& [expiry, kept] : expiries) {
    if (auto wrong = chain.add_expiry(expiry, kept, smile)) return *wrong;
  }
  return std::move(chain).done();
}

}  // namespace ballast::sim
