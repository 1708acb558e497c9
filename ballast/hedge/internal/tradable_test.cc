#include "ballast/hedge/internal/tradable.h"

#include <cmath>

#include <doctest/doctest.h>

#include "ballast/pricing/black.h"

namespace ballast::hedge {
namespace {

constexpr double index = 60'000.0;

risk::PositionRisk future(market::Settlement settlement, double coins, double price) {
  risk::PositionRisk p;
  p.instrument.name = "F", p.instrument.kind = market::Kind::future, p.instrument.settlement = settlement;
  p.unit.price = price, p.unit.index = Price(index), p.unit.forward = Price(price);
  p.coins = Coin(coins);
  return p;
}

risk::PositionRisk option(market::OptionType type, double strike, double vol, double years) {
  risk::PositionRisk p;
  p.instrument.kind = market::Kind::option, p.instrument.option_type = type, p.instrument.strike = strike;
  p.unit.forward = Price(61'000.0), p.unit.index = Price(index), p.unit.vol = Vol(vol), p.unit.years = Years(years);
  p.coins = Coin(1.0);
  return p;
}

risk::Exposure book(std::vector<risk::PositionRisk> positions, bool coin_settled) {
  risk::Exposure e;
  e.underlying = "BTC", e.index = Price(index), e.coin_settled = coin_settled, e.positions = std::move(positions);
  return e;
}

}  // namespace

TEST_CASE("futures gain in the tail's scenarios what their contracts pay") {
  TailRules tail;
  tail.scenarios = {{0.8, 1.0, 0.0}, {1.0, 1.0, 0.0}, {1.3, 1.0, 0.0}};
  tail.basis = {-0.02, 0.01, 0.05};
  const double price = 61'500.0, coins = 2.5;
  const auto inverse = tail_pnl(book({future(market::Settlement::inverse, coins, price)}, true), tail);
  const auto linear = tail_pnl(book({future(market::Settlement::linear, coins, price)}, false), tail);
  REQUIRE(inverse);
  REQUIRE(linear);
  for (std::size_t s = 0; s < 3; ++s) {
    const double factor = tail.scenarios[s].price_factor, moved = price * factor * (1.0 + tail.basis[s]);
    // N USD contracts pay N (1/p - 1/p') coin, worth the moved index each.
    CHECK(inverse.value()[s] ==
          doctest::Approx(coins * price * (1.0 / price - 1.0 / moved) * index * factor).epsilon(1e-12));
    CHECK(linear.value()[s] == doctest::Approx(coins * (moved - price)).epsilon(1e-12));
  }
}

TEST_CASE("vanna and volga are the differences of delta and vega, net of the premium where it is coin") {
  for (const market::Settlement settlement : {market::Settlement::inverse, market::Settlement::linear}) {
    for (const market::OptionType type : {market::OptionType::call, market::OptionType::put}) {
      const double strike = 70'000.0, vol = 0.55, years = 0.2, step = 1e-4, f = 61'000.0;
      risk::PositionRisk p = option(type, strike, vol, years);
      p.instrument.settlement = settlement;
      const auto at = [&](double v) {
        return pricing::black_greeks(
            {.forward = Price(f), .strike = Price(strike), .vol = Vol(v), .years = Years(years), .type = type});
      };
      p.unit.vega = at(vol).vega;
      const auto net = [&](double v) {
        return at(v).delta - (settlement == market::Settlement::inverse ? at(v).price.value / f : 0.0);
      };
      const double vanna = (net(vol + step) - net(vol - step)) / (2.0 * step);
      const double volga = (at(vol + step).vega - at(vol - step).vega) / (2.0 * step);
      CHECK(per_coin(Greek::vanna, p.instrument, p.unit, Numeraire::coin) == doctest::Approx(vanna).epsilon(1e-6));
      CHECK(per_coin(Greek::volga, p.instrument, p.unit, Numeraire::usd) == doctest::Approx(volga).epsilon(1e-6));
      CHECK(per_coin(Greek::volga, p.instrument, p.unit, Numeraire::coin) == doctest::Approx(volga / f).epsilon(1e-6));
    }
  }
}

TEST_CASE("the venue's margins of two recorded positions") {  // docs/sources.md: deribit margin 2
  risk::PositionRisk call = option(market::OptionType::call, 2100.0, 0.5, 0.1);
  call.instrument.settlement = market::Settlement::inverse;
  call.unit.price = 0.017497423, call.unit.index = Price(1882.4);
  CHECK(standard_margin(call.instrument, call.unit, 0.02).second / 1882.4 ==
        doctest::Approx(0.117497423).epsilon(1e-9));
  CHECK(standard_margin(call.instrument, call.unit, 0.02).first == 0.0);
  risk::PositionRisk put = option(market::OptionType::put, 38'000.0, 0.5, 0.1);
  put.instrument.settlement = market::Settlement::inverse;
  put.unit.price = 0.0003993, put.unit.index = Price(41'600.0);
  CHECK(0.3 * standard_margin(put.instrument, put.unit, 0.02).second / 41'600.0 ==
        doctest::Approx(0.030119789).epsilon(1e-5));
}

TEST_CASE("a variance of two correlated risks and gamma is their covariance's") {
  const double vol = 0.6, correlation = -0.4;
  risk::Valuation unit;
  unit.forward = Price(50'000.0), unit.index = Price(50'000.0), unit.vol = Vol(0.7), unit.years = Years(60.0 / 365.0);
  unit.net_delta = 0.3, unit.gamma = 2e-5, unit.vega = 4'000.0;
  market::Instrument instrument;  // an option
  const RiskRules rules{.horizon_days = 2.0, .vol_move = 0.05, .correlation = correlation};
  const Risks r = risks_of(instrument, unit, rules, Vol(vol));
  const double move = vol * std::sqrt(2.0 / 365.0), coin = 0.3 * 50'000.0 * move;
  const double vols = 4'000.0 * 0.7 * 0.05 * std::sqrt(30.0 / 60.0) * std::sqrt(2.0);
  // Gamma's P&L is F²Γ/2 (r² - move²), whose variance is (F²Γ move²)²/2 for a normal r.
  const double gamma = 50'000.0 * 50'000.0 * 2e-5 * move * move;
  CHECK(r.variance() ==
        doctest::Approx(coin * coin + vols * vols + 2.0 * correlation * coin * vols + gamma * gamma / 2.0)
            .epsilon(1e-12));
}

}  // namespace ballast::hedge
