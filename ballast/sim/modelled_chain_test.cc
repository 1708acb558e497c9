#include "ballast/sim/modelled_chain.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>

#include <doctest/doctest.h>

#include "ballast/base/rng.h"
#include "ballast/curve/chain_arbitrage.h"
#include "ballast/curve/forward.h"
#include "ballast/market/clean.h"
#include "ballast/market/deribit/name.h"
#include "ballast/vol/quoted.h"

using namespace ballast;
using market::OptionType;

namespace {

const Time noon = instant({2026, 11, 20}, 12).value();  // a Friday

sim::ChainShape skewed(const std::string& underlying = "BTC") {
  sim::ChainShape shape;
  shape.underlying = underlying;
  shape.skew = -0.05;
  shape.convexity = 0.02;
  shape.basis = 0.06;
  return shape;
}

std::size_t options_of(const market::Snapshot& snapshot) {
  std::size_t count = 0;
  for (const auto& [name, i] : snapshot.instruments) count += i.is_option() ? 1 : 0;
  return count;
}

/// Calls see(strike's call quote, put quote, instrument) for every strike that has both.
template <class See>
void each_pair(const market::Snapshot& snapshot, See see) {
  for (const auto& [name, i] : snapshot.instruments) {
    if (!i.is_option() || i.option_type != OptionType::call) continue;
    const std::string put = name.substr(0, name.size() - 1) + "P";
    REQUIRE(snapshot.quotes.contains(put));
    see(i, snapshot.quotes.at(name), snapshot.quotes.at(put));
  }
}

}  // namespace

TEST_CASE("modelled chain: call less put is 1 - K/F, and every quote passes the door") {
  Rng rng(20261120);
  for (const char* underlying : {"BTC", "ETH"}) {
    for (int i = 0; i < 40; ++i) {
      const double index = (underlying[0] == 'B' ? 60'000.0 : 2'000.0) * std::exp2(2.0 * rng.uniform() - 1.0);
      const Time at{noon.ms + static_cast<std::int64_t>(rng.uniform() * 40.0 * 86'400'000.0)};
      sim::ChainShape shape = skewed(underlying);
      shape.basis = 0.2 * rng.uniform() - 0.1;
      const double vol = 0.2 + 1.3 * rng.uniform();
      const market::Snapshot made = sim::modelled_chain(shape, at, index, vol).value();
      CAPTURE(underlying);
      CAPTURE(to_string(at));
      CAPTURE(index);
      double worst = 0.0;
      each_pair(made, [&](const market::Instrument& call, const market::Quote& c, const market::Quote& p) {
        worst = std::max(worst, std::abs(*c.mark - *p.mark - (1.0 - call.strike / *c.underlying_price)));
      });
      CHECK(worst <= 1e-12);
      const market::Snapshot cleaned = market::clean(made, {});
      if (!cleaned.dropped.empty())
        MESSAGE(cleaned.dropped[0].instrument, " ", cleaned.dropped[0].reason, " ", cleaned.dropped[0].detail);
      CHECK(cleaned.dropped.empty());
      for (const auto& [name, quote] : made.quotes) {
        const market::TickLadder& ladder = made.instruments.at(name).ticks;
        REQUIRE(quote.ask);
        if (quote.bid) CHECK((*quote.bid > 0.0 && *quote.bid < *quote.ask && ladder.on_grid(*quote.bid)));
        if (quote.bid) CHECK((*quote.bid <= *quote.mark && *quote.mark <= *quote.ask));
        CHECK(ladder.on_grid(*quote.ask));
      }
      const vol::QuotedChain chain = vol::quoted(made);
      CHECK(chain.dropped.empty());
      CHECK(chain.options.size() == options_of(made));
    }
  }
}

TEST_CASE("modelled chain: forwards are those of the basis, vols those of the smile, by what others read off it") {
  sim::ChainShape shape = skewed();
  const double index = 96'214.37;
  const market::Snapshot made = sim::modelled_chain(shape, noon, index, 0.5).value();
  const vol::QuotedChain chain = vol::quoted(made);
  REQUIRE(chain.forwards.size() == 7);
  for (const auto& [key, forward] : chain.forwards) {
    CHECK(forward.source == curve::ForwardSource::parity_of_marks);
    const double years = years_between(noon, key.expiry).value;
    CHECK(forward.price.value == doctest::Approx(index * std::exp(0.06 * years)).epsilon(1e-12));
    REQUIRE(forward.listed);
    CHECK(forward.listed->value == doctest::Approx(forward.price.value).epsilon(1e-12));
  }
  // Without the venue's word for it the vols come from the prices, and are the smile all the same.
  market::Snapshot silent = made;
  for (auto& [name, quote] : silent.quotes) quote.mark_vol.reset();
  std::size_t seen = 0;
  for (const auto& [name, option] : vol::quoted(silent).options) {
    const market::Instrument& i = made.instruments.at(name);
    const double z = std::log(i.strike / option.forward.value) / (0.5 * std::sqrt(option.years.value));
    if (std::abs(z) > 2.0) continue;  // where the price says little of the vol
    CHECK(option.vol.value == doctest::Approx(0.5 * (1.0 - 0.05 * z + 0.02 * z * z)).epsilon(1e-8));
    ++seen;
  }
  CHECK(seen > 100);
}

TEST_CASE("modelled chain: bid and ask are the prices half a spread of vol away, rounded outward to the ladder") {
  const sim::ChainShape shape = skewed();
  const auto price = [](const market::Instrument& i, double f, double vol, double years) {  // by the C library
    const double stdev = vol * std::sqrt(years), d1 = std::log(f / i.strike) / stdev + 0.5 * stdev;
    const double sign = i.option_type == OptionType::call ? 1.0 : -1.0;
    const auto normal = [](double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); };
    return sign * (normal(sign * d1) - i.strike / f * normal(sign * (d1 - stdev)));
  };
  int bids = 0, absent = 0;
  for (const double index : {60'000.0, 61'234.5, 95'432.1}) {
    const market::Snapshot made = sim::modelled_chain(shape, noon, index, 0.5).value();
    for (const auto& [name, quote] : made.quotes) {
      const market::Instrument& i = made.instruments.at(name);
      if (!i.is_option()) continue;
      const double f = *quote.underlying_price, years = years_between(noon, i.expiry).value;
      const double vol = quote.mark_vol->value, mark = price(i, f, vol, years);
      CHECK(*quote.mark == doctest::Approx(mark).epsilon(1e-9));
      const double tick = mark > 0.005 ? 0.0005 : 0.0001, slack = 1e-11;
      const double low = std::min(price(i, f, vol - 0.005, years), mark - tick);
      const double high = std::max(price(i, f, vol + 0.005, years), mark + tick);
      CHECK(*quote.ask >= high - slack);
      CHECK(*quote.ask < high + (high > 0.005 ? 0.0005 : 0.0001) + slack);
      if (quote.bid) CHECK(*quote.bid <= low + slack);
      CHECK(quote.bid.value_or(0.0) > low - (low > 0.005 ? 0.0005 : 0.0001) - slack);
      quote.bid ? ++bids : ++absent;
    }
  }
  CHECK(bids > 200);
  CHECK(absent > 0);
}

TEST_CASE("modelled chain: marks fall and are convex in the strike, and nothing can be arbitraged at the quotes") {
  for (const double vol : {0.25, 0.5, 1.2}) {
    sim::ChainShape shape = skewed();
    shape.strikes = 60;
    shape.strikes_z = 3.0;
    shape.half_spread_vol = 0.0;
    const market::Snapshot made = sim::modelled_chain(shape, noon, 96'214.37, vol).value();
    CHECK(curve::chain_arbitrages(made, curve::diagnose(made)).empty());
    std::map<Time, std::map<double, double>> calls;  // by strike, in coin
    each_pair(made, [&](const market::Instrument& call, const market::Quote& c, const market::Quote&) {
      calls[call.expiry][call.strike] = *c.mark;
    });
    for (const auto& [expiry, of] : calls) {
      for (auto low = of.begin(); std::next(low, 2) != of.end(); ++low) {
        const auto middle = std::next(low), high = std::next(low, 2);
        CHECK(middle->second <= low->second);
        CHECK(low->second - 2.0 * middle->second + high->second >= -1e-15);
      }
    }
  }
}

TEST_CASE("modelled chain: names, terms and the perpetual are Deribit's") {
  for (const char* underlying : {"BTC", "ETH"}) {
    sim::ChainShape shape = skewed(underlying);
    shape.perpetual_premium = 0.0004;
    shape.funding_8h = 0.0001;
    const double index = underlying[0] == 'B' ? 61'234.56 : 1'987.65;
    const market::Snapshot made = sim::modelled_chain(shape, noon, index, 0.5).value();
    for (const auto& [name, i] : made.instruments) {
      const market::Instrument documented = market::deribit::parse_name(name).value();
      CHECK(documented.expiry == i.expiry);
      CHECK(documented.strike == i.strike);
      CHECK(documented.index == i.index);
      CHECK(documented.settlement_currency == i.settlement_currency);
      CHECK(documented.lot == i.lot);
      CHECK(documented.contract_size == i.contract_size);
      CHECK(documented.ticks.tick == i.ticks.tick);
      CHECK(documented.fees.taker == i.fees.taker);
    }
    const market::Quote& perpetual = made.quotes.at(std::string(underlying) + "-PERPETUAL");
    const double tick = underlying[0] == 'B' ? 0.5 : 0.05;
    CHECK(*perpetual.mark == doctest::Approx(1.0004 * index).epsilon(1e-15));
    CHECK(*perpetual.ask - *perpetual.bid == doctest::Approx(tick).epsilon(1e-9));
    CHECK(*perpetual.funding_8h == 0.0001);
    CHECK(made.indices.at(underlying).price == index);
  }
}

TEST_CASE("modelled chain: expiries are days, then Fridays, then month-ends, and stay once listed") {
  const auto days_of = [](const std::vector<Time>& expiries) {
    std::string text;
    for (const Time t : expiries) text += to_string(t).substr(0, 10) + " ";
    return text;
  };
  // What Deribit listed on BTC at this instant: deribit-optionchain-20260516-20260727.
  CHECK(days_of(sim::listed_expiries(instant({2026, 6, 24}, 17, 17).value(), 270.0)) ==
        "2026-06-25 2026-06-26 2026-06-27 2026-06-28 2026-07-03 2026-07-10 2026-07-31 2026-08-28 2026-09-25 "
        "2026-12-25 2027-03-26 ");
  // Fridays of late 2026 by the calendar: 27 November, 4 and 11 December; last Fridays: 25 December, 29 January.
  const auto all = sim::listed_expiries(noon, 60.0);
  CHECK(days_of(all) ==
        "2026-11-21 2026-11-22 2026-11-23 2026-11-24 2026-11-27 2026-12-04 2026-12-11 2026-12-25 2027-01-29 ");
  for (const Time t : all) CHECK(to_string(t).substr(10) == "T08:00:00Z");
  // At its hour an expiry is gone, a moment before it is there.
  const Time eight = instant({2026, 11, 21}, 8).value();
  CHECK(sim::listed_expiries(Time{eight.ms - 1}, 1.0).front() == eight);
  CHECK(sim::listed_expiries(eight, 1.0).front() == instant({2026, 11, 22}, 8).value());
  for (Time t = noon; t < Time{noon.ms + std::int64_t{400} * 86'400'000}; t.ms += 7 * 3'600'000) {
    const auto now = sim::listed_expiries(t, 90.0), next = sim::listed_expiries(Time{t.ms + 7 * 3'600'000}, 90.0);
    for (const Time e : now) {
      if (e <= Time{t.ms + 7 * 3'600'000} || seconds_between(t, e) > 90.0 * 86'400.0) continue;
      REQUIRE(std::find(next.begin(), next.end(), e) != next.end());
    }
  }
}

TEST_CASE("modelled chain: strikes stand on a round grid about the forward, and what is kept stays") {
  sim::ChainShape shape = skewed();
  CHECK(sim::strike_step(shape, 60'000.0, 0.5, Years(1.0 / 365.0)) == 1000.0);  // 2.5 · 2.6 %: 7,866 USD by 14 steps
  shape.strikes = 30;
  CHECK(sim::strike_step(shape, 60'000.0, 0.5, Years(1.0 / 365.0)) == 500.0);  // the least: 600 is a hundredth
  CHECK(sim::strike_step(shape, 2'000.0, 0.5, Years(1e-6)) == 20.0);
  CHECK(sim::strike_step(shape, 2'600.0, 0.5, Years(1e-6)) == 25.0);
  shape.strikes = 15;
  const market::Snapshot made = sim::modelled_chain(shape, noon, 60'000.0, 0.5).value();
  std::map<Time, int> of;
  for (const auto& [name, i] : made.instruments) {
    if (i.is_option()) ++of[i.expiry];
    if (i.is_option()) CHECK(std::fmod(i.strike, 500.0) == 0.0);
  }
  CHECK(of.size() == 7);
  for (const auto& [expiry, count] : of) CHECK((count >= 2 * 7 && count <= 2 * 15));

  const std::string far = "BTC-27NOV26-91000-C";
  CHECK_FALSE(made.instruments.contains(far));
  const Time later = instant({2026, 11, 26}, 3).value();
  const market::Snapshot kept = sim::modelled_chain(shape, later, 40'000.0, 0.5, {far, "ETH-27NOV26-2000-P"}).value();
  CHECK(kept.quotes.contains(far));
  CHECK(kept.quotes.contains("BTC-27NOV26-91000-P"));
  CHECK(kept.quotes.contains("BTC-27NOV26-40000-P"));
  CHECK_FALSE(kept.quotes.at(far).bid);
  CHECK(market::clean(kept, {}).dropped.empty());
  const Time over = instant({2026, 11, 27}, 8).value();
  CHECK_FALSE(sim::modelled_chain(shape, over, 40'000.0, 0.5, {far}).value().quotes.contains(far));
}

TEST_CASE(
    "modelled chain: with a half life the money's vol goes from today's to the long run's, without calendar "
    "arbitrage") {
  sim::ChainShape shape = skewed();
  shape.long_vol = 0.6;
  shape.vol_half_life_days = 30.0;
  for (const double now : {0.3, 0.6, 1.2}) {
    CHECK(sim::atm_vol_of(shape, 6e4, now, Years(1e-9)) == doctest::Approx(now).epsilon(1e-6));
    CHECK(sim::atm_vol_of(shape, 6e4, now, Years(100.0)) == doctest::Approx(0.6).epsilon(5e-3));
    double before = 0.0;
    for (int days = 1; days < 400; ++days) {
      const Years years(days / 365.0);
      const double vol = sim::atm_vol_of(shape, 6e4, now, years), total = vol * vol * years.value;
      CHECK(total > before);
      // What is still to come after a half life is half of the distance in variance: the slope of the total variance.
      if (days == 30) {
        const double next = sim::atm_vol_of(shape, 6e4, now, Years((30.0 + 1e-4) / 365.0));
        const double slope = (next * next * (30.0 + 1e-4) - vol * vol * 30.0) / 1e-4;
        CHECK(slope == doctest::Approx(0.36 + 0.5 * (now * now - 0.36)).epsilon(1e-5));
      }
      before = total;
    }
  }
  const auto made = sim::modelled_chain(shape, noon, 60'000.0, 0.9);
  REQUIRE(made);
  CHECK(made.value().quotes.at("BTC-25DEC26-60000-C").mark_vol->value < 0.9);
  shape.long_vol = 0.0;
  REQUIRE(!sim::modelled_chain(shape, noon, 60'000.0, 0.9));
  CHECK(sim::modelled_chain(shape, noon, 60'000.0, 0.9).error().what.find("long_vol is 0") != std::string::npos);
}

TEST_CASE("modelled chain: a stickiness of one leaves the vol of a strike where it was, to first order") {
  sim::ChainShape shape = skewed();
  shape.convexity = 0.0;
  shape.basis = 0.0;
  shape.reference = 60'000.0;
  const auto vol_of = [&](double stickiness, double index) {
    shape.stickiness = stickiness;
    const auto made = sim::modelled_chain(shape, noon, index, 0.5).value();
    return made.quotes.at("BTC-25DEC26-60000-C").mark_vol->value;
  };
  const double before = vol_of(1.0, 60'000.0), bump = 60'000.0 * 1e-4;
  CHECK(before == doctest::Approx(0.5).epsilon(1e-12));
  const double slope = -0.05 / std::sqrt(years_between(noon, instant({2026, 12, 25}, 8).value()).value);
  CHECK(std::abs(vol_of(1.0, 60'000.0 + bump) - before) <= 1e-7);
  CHECK((vol_of(0.0, 60'000.0 + bump) - before) / 1e-4 == doctest::Approx(-slope).epsilon(1e-3));
  CHECK((vol_of(2.0, 60'000.0 + bump) - before) / 1e-4 == doctest::Approx(slope).epsilon(1e-2));
}

TEST_CASE(
    "modelled chain: the last minute before an expiry, marks rounded as a venue does, and what is out of domain") {
  sim::ChainShape shape = skewed();
  shape.round_vol = 1e-4;
  shape.round_mark = 1e-8;
  const Time late = instant({2026, 11, 21}, 7, 59, 30).value();
  const auto made = sim::modelled_chain(shape, late, 96'000.0, 0.5, {"BTC-21NOV26-96000-C"});
  REQUIRE(made);
  CHECK(market::clean(made.value(), {}).dropped.empty());
  CHECK(vol::quoted(made.value()).dropped.empty());
  CHECK(made.value().quotes.contains("BTC-21NOV26-96000-C"));
  for (const auto& [name, quote] : made.value().quotes) {
    if (quote.mark_vol) CHECK(std::abs(*quote.mark * 1e8 - std::round(*quote.mark * 1e8)) <= 1e-6);
    if (quote.mark_vol) CHECK(std::abs(quote.mark_vol->value * 1e4 - std::round(quote.mark_vol->value * 1e4)) <= 1e-9);
  }
  const auto says = [](const Result<market::Snapshot>& r, const std::string& word) {
    REQUIRE(!r);
    CHECK(r.error().fault == Fault::bad_input);
    CAPTURE(r.error().what);
    CHECK(r.error().what.find(word) != std::string::npos);
  };
  says(sim::modelled_chain(shape, noon, -1.0, 0.5), "index is -1");
  says(sim::modelled_chain(shape, noon, NAN, 0.5), "index is nan");
  says(sim::modelled_chain(shape, noon, 1e5, 6.0), "atm_vol is 6");
  shape.underlying = "SOL";
  says(sim::modelled_chain(shape, noon, 1e5, 0.5), "SOL");
  says(sim::modelled_chain({.open_interest = -1.0}, noon, 1e5, 0.5), "open_interest is -1");
  shape = skewed();
  shape.stickiness = 1.0;
  says(sim::modelled_chain(shape, noon, 1e5, 0.5), "reference is 0");
  shape = skewed();
  shape.days = {7.0, 0.0};
  says(sim::modelled_chain(shape, noon, 1e5, 0.5), "days holds 0");
  const auto keep = sim::modelled_chain(skewed(), noon, 1e5, 0.5, {"BTC-99NOV26-1-C"});
  REQUIRE(!keep);
  CHECK(keep.error().what.find("BTC-99NOV26-1-C") != std::string::npos);
}
