#include "ballast/sim/attribution.h"

#include <cmath>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "ballast/base/rng.h"
#include "ballast/math/elementary.h"
#include "ballast/pricing/inverse.h"

namespace ballast {
namespace {

using namespace sim;

market::Instrument option(market::OptionType type, double strike, market::Settlement settlement) {
  return {.name = "OPTION",
          .underlying = "BTC",
          .settlement_currency = settlement == market::Settlement::inverse ? "BTC" : "USDC",
          .index = "btc_usd",
          .kind = market::Kind::option,
          .settlement = settlement,
          .option_type = type,
          .strike = strike,
          .expiry = Time{1'800'000'000'000},
          .lot = 0.1};
}

market::Instrument future(market::Settlement settlement, bool dated = false) {
  return {.name = dated ? "BTC-FUTURE" : "BTC-PERPETUAL",
          .underlying = "BTC",
          .settlement_currency = settlement == market::Settlement::inverse ? "BTC" : "USDC",
          .index = "btc_usd",
          .kind = dated ? market::Kind::future : market::Kind::perpetual,
          .settlement = settlement,
          .lot = settlement == market::Settlement::inverse ? 10.0 : 0.001};
}

Mark option_mark(const market::Instrument& i, double index, double forward, double vol, double years, double atm) {
  const pricing::Vanilla v{.forward = Price(forward),
                           .strike = Price(i.strike),
                           .vol = Vol(vol),
                           .years = Years(years),
                           .type = i.option_type};
  const bool inverse = i.settlement == market::Settlement::inverse;
  return {.instrument = i,
          .price = inverse ? pricing::inverse_greeks(v).price.value : pricing::black_price(v).value,
          .index = index,
          .forward = forward,
          .years = years,
          .vol = vol,
          .atm_vol = atm};
}

Mark future_mark(const market::Instrument& i, double index, double price, double years = 0.0) {
  return {.instrument = i, .price = price, .index = index, .forward = price, .years = years};
}

double gross(const Lines& l) {
  double size = 0.0;
  for (const double line : l) size += std::abs(line);
  return size;
}

TEST_CASE("every line has a name of its own") {
  std::set<std::string> names;
  for (std::size_t l = 0; l < lines; ++l) names.insert(name(static_cast<Line>(l)));
  CHECK(names.size() == lines);
}

TEST_CASE("the lines of a holding add up to what it gained, whatever moved") {
  Rng rng(606);
  for (int i = 0; i < 2000; ++i) {
    const double s0 = 60000.0, s1 = s0 * (0.8 + 0.4 * rng.uniform());
    const double years = 0.002 + 0.3 * rng.uniform(), passed = years * 0.5 * rng.uniform();
    const double f0 = s0 * math::exp(0.1 * years), f1 = s1 * math::exp((0.1 + 0.1 * rng.uniform()) * (years - passed));
    const double v0 = 0.3 + 0.5 * rng.uniform(), v1 = v0 * (0.7 + 0.6 * rng.uniform());
    for (const auto settlement : {market::Settlement::inverse, market::Settlement::linear}) {
      for (const auto type : {market::OptionType::call, market::OptionType::put}) {
        const auto o = option(type, s0 * (0.7 + 0.6 * rng.uniform()), settlement);
        const Mark from = option_mark(o, s0, f0, v0, years, v0 - 0.02),
                   to = option_mark(o, s1, f1, v1, years - passed, v0);
        const Change change = held(from, to, -3.0);
        const bool coin = settlement == market::Settlement::inverse;
        const Lines& l = coin ? change.coin : change.quote;
        CHECK(std::abs(sum(l) + 3.0 * (to.price - from.price)) <= 1e-12 * (gross(l) + from.price));
        CHECK(gross(coin ? change.quote : change.coin) == 0.0);
        // Either the Taylor terms explain the step to a tenth of their size, or a full revaluation explains it.
        CHECK(std::abs(l[residual]) <= 0.1 * gross(l) + 1e-15);
      }
      const auto f = future(settlement, true);
      const double amount = settlement == market::Settlement::inverse ? 50000.0 : 0.7;
      const Mark from = future_mark(f, s0, f0, years), to = future_mark(f, s1, f1, years - passed);
      const Change change = held(from, to, amount);
      const bool coin = settlement == market::Settlement::inverse;
      const Lines& l = coin ? change.coin : change.quote;
      CHECK(sum(l) == doctest::Approx(coin ? amount * (1.0 / f0 - 1.0 / f1) : amount * (f1 - f0)).epsilon(1e-11));
      CHECK(std::abs(l[residual]) <= 1e-13 * gross(l));
    }
  }
}

TEST_CASE("a small move of one thing is in that thing's line") {
  const double s = 60000.0, years = 30.0 / 365.0;
  const auto put = option(market::OptionType::put, 58000.0, market::Settlement::inverse);
  const Mark from = option_mark(put, s, s, 0.6, years, 0.58);
  const auto main_line = [&](const Mark& to) {
    const Change change = held(from, to, 1.0);
    std::size_t most = 0;
    for (std::size_t l = 0; l < lines; ++l) {
      if (std::abs(change.coin[l]) > std::abs(change.coin[most])) most = l;
    }
    CHECK(std::abs(change.coin[most]) >= 0.99 * gross(change.coin));
    return static_cast<Line>(most);
  };
  CHECK(main_line(option_mark(put, s * 1.0001, s * 1.0001, 0.6, years, 0.58)) == delta);
  CHECK(main_line(option_mark(put, s, s * 1.0001, 0.6, years, 0.58)) == basis);
  CHECK(main_line(option_mark(put, s, s, 0.601, years, 0.581)) == vega);
  CHECK(main_line(option_mark(put, s, s, 0.601, years, 0.58)) == smile);
  CHECK(main_line(option_mark(put, s, s, 0.6, years - 0.1 / 365.0, 0.58)) == theta);
  // A forward over the index that only comes nearer to its expiry rolls down.
  const double f = s * math::exp(0.1 * years), later = years - 1.0 / 365.0;
  const auto dated = future(market::Settlement::inverse, true);
  const Change rolled =
      held(future_mark(dated, s, f, years), future_mark(dated, s, s * math::exp(0.1 * later), later), 1e4);
  CHECK(rolled.coin[carry] < 0.0);
  CHECK(std::abs(rolled.coin[carry]) >= 0.999999 * gross(rolled.coin));
}

TEST_CASE("the signs are those of the book: short options earn theta and lose on vol, long perpetuals earn on a rise") {
  const double s = 60000.0, years = 30.0 / 365.0;
  const auto call = option(market::OptionType::call, 62000.0, market::Settlement::inverse);
  const Mark from = option_mark(call, s, s, 0.6, years, 0.6);
  CHECK(held(from, option_mark(call, s, s, 0.6, years - 1.0 / 365.0, 0.6), -1.0).coin[theta] > 0.0);
  CHECK(held(from, option_mark(call, s, s, 0.65, years, 0.65), -1.0).coin[vega] < 0.0);
  CHECK(held(from, option_mark(call, 1.05 * s, 1.05 * s, 0.6, years, 0.6), -1.0).coin[gamma] < 0.0);
  const auto perpetual = future(market::Settlement::inverse);
  const Change rise = held(future_mark(perpetual, s, s), future_mark(perpetual, 1.05 * s, 1.05 * s), 60000.0);
  CHECK(rise.coin[delta] == doctest::Approx(0.05).epsilon(1e-12));
  CHECK(rise.coin[gamma] < 0.0);  // in coin an inverse future is concave
}

TEST_CASE("in USD an inverse perpetual is straight, and an option has the gamma of its USD value") {
  const double s0 = 60000.0, s1 = 63000.0;
  const auto perpetual = future(market::Settlement::inverse);
  const Change change = held(future_mark(perpetual, s0, s0), future_mark(perpetual, s1, s1), 120000.0);
  const Attribution both = attribution(change, {}, s0, s1);
  CHECK(both.usd[delta] == doctest::Approx(120000.0 * 0.05).epsilon(1e-12));
  CHECK(std::abs(both.usd[gamma]) <= 1e-9);
  // V = F c: V_FF = F c_FF + 2 c_F. A small move, so that the third order is small beside the second.
  const auto call = option(market::OptionType::call, 62000.0, market::Settlement::inverse);
  const double years = 30.0 / 365.0, move = 60.0;
  const Mark from = option_mark(call, s0, s0, 0.6, years, 0.6);
  const Mark to = option_mark(call, s0 + move, s0 + move, 0.6, years, 0.6);
  const Attribution usd = attribution(held(from, to, 1.0), {}, s0, s0 + move);
  const auto greeks = pricing::black_greeks({.forward = Price(s0),
                                             .strike = Price(62000.0),
                                             .vol = Vol(0.6),
                                             .years = Years(years),
                                             .type = market::OptionType::call});
  CHECK(usd.usd[gamma] == doctest::Approx(0.5 * greeks.gamma * move * move).epsilon(0.01));
  // The coin premium that the account holds counts beside it: delta and collateral are the option's USD delta together.
  const Attribution held_premium = attribution(held(from, to, 1.0), {.coin = from.price, .quote = 0.0}, s0, s0 + move);
  CHECK(held_premium.usd[delta] + held_premium.usd[collateral] == doctest::Approx(greeks.delta * move).epsilon(1e-9));
}

TEST_CASE("in both currencies the lines add up to the change of the whole account") {
  Rng rng(7);
  for (int i = 0; i < 1000; ++i) {
    Change change;
    for (std::size_t l = 0; l < lines; ++l) {
      change.coin[l] = rng.uniform() - 0.5;
      change.quote[l] = 60000.0 * (rng.uniform() - 0.5);
    }
    const double s0 = 60000.0, s1 = s0 * (0.7 + 0.6 * rng.uniform());
    const Equity before{.coin = 10.0 * rng.uniform(), .quote = 1e6 * (rng.uniform() - 0.5)};
    const Equity after{.coin = before.coin + sum(change.coin), .quote = before.quote + sum(change.quote)};
    const Attribution both = attribution(change, before, s0, s1);
    CHECK(std::abs(sum(both.coin) - (after.in_coin(s1) - before.in_coin(s0))) <= 1e-11);
    CHECK(std::abs(sum(both.usd) - (after.in_usd(s1) - before.in_usd(s0))) <= 1e-6);
  }
}

TEST_CASE("what was delivered is explained by its payoff") {
  Rng rng(8);
  for (int i = 0; i < 1000; ++i) {
    const double s0 = 60000.0, years = 0.01 * rng.uniform() + 1e-5, spot = s0 * (0.9 + 0.2 * rng.uniform());
    const double average = spot * (0.999 + 0.002 * rng.uniform());
    for (const auto type : {market::OptionType::call, market::OptionType::put}) {
      const auto o = option(type, s0 * (0.95 + 0.1 * rng.uniform()), market::Settlement::inverse);
      const Mark from = option_mark(o, s0, s0 * 1.0005, 0.6, years, 0.6);
      const Change change = delivered(from, 2.0, average, spot);
      CHECK(sum(change.coin) == doctest::Approx(2.0 * (payoff(o, average) - from.price)).epsilon(1e-11));
      CHECK(change.coin[settlement] == 2.0 * (payoff(o, average) - payoff(o, spot)));
      CHECK(change.coin[theta] <= 1e-12);  // time value is lost by its holder
      CHECK(std::abs(change.coin[residual]) <= 1e-12);
    }
  }
}

TEST_CASE("a trade beside its mark is slippage, and its fee a cost") {
  const auto perpetual = future(market::Settlement::inverse);
  const Mark mark = future_mark(perpetual, 60000.0, 60000.0);
  const Change bought = traded(mark, 60000.0, 60006.0, 0.0005);
  CHECK(bought.coin[slippage] == doctest::Approx(60000.0 * (1.0 / 60006.0 - 1.0 / 60000.0)).epsilon(1e-9));
  CHECK(bought.coin[slippage] < 0.0);
  CHECK(bought.coin[fees] == -0.0005);
  CHECK(traded(mark, -60000.0, 60006.0, 0.0).coin[slippage] > 0.0);  // sold over the mark
}

}  // namespace
}  // namespace ballast
