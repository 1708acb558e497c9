#include "ballast/risk/scenarios.h"

#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include "ballast/pricing/black.h"

using namespace ballast;
using namespace ballast::risk;

namespace {

PositionRisk leg(market::Kind kind, market::Settlement settlement, double amount, double price) {
  PositionRisk p;
  p.instrument.kind = kind;
  p.instrument.settlement = settlement;
  p.amount = amount;
  p.unit.price = price;
  p.unit.index = Price(60000.0);
  p.unit.forward = Price(price);
  p.coins = Coin(p.instrument.size_unit() == market::SizeUnit::usd ? amount / price : amount);
  return p;
}

PositionRisk option(market::Settlement settlement, double quantity, double strike, market::OptionType type) {
  PositionRisk p = leg(market::Kind::option, settlement, quantity, 0.0);
  p.instrument.strike = strike;
  p.instrument.option_type = type;
  p.unit.forward = Price(60500.0);
  p.unit.vol = Vol(0.6);
  p.unit.years = Years(0.1);
  return p;
}

double black(double forward, double strike, double vol, market::OptionType type) {
  return pricing::black_price({Price(forward), Price(strike), Vol(vol), Years(0.1), type}).value;
}

}  // namespace

TEST_CASE("a book's profit in a scenario is that of its legs, by hand, in coin") {
  Exposure e{.underlying = "BTC", .index = Price(60000.0)};
  e.coin_settled = true;
  e.positions = {option(market::Settlement::inverse, -3.0, 65000.0, market::OptionType::call),
                 leg(market::Kind::perpetual, market::Settlement::inverse, 120'000.0, 60100.0),
                 option(market::Settlement::linear, 2.0, 55000.0, market::OptionType::put),
                 leg(market::Kind::perpetual, market::Settlement::linear, -0.5, 60050.0),
                 leg(market::Kind::spot, market::Settlement::linear, 7.0, 60000.0)};
  const std::vector<pricing::Scenario> scenarios = {{}, {0.8, 1.3, 0.0}, {1.25, 0.9, 0.02}};
  const auto got = scenario_profit(e, scenarios);
  REQUIRE(got);
  CHECK(got.value().numeraire == Numeraire::coin);
  for (std::size_t j = 0; j < scenarios.size(); ++j) {
    const double m = scenarios[j].price_factor, vol = 0.6 * scenarios[j].vol_factor + scenarios[j].vol_shift;
    const auto call = market::OptionType::call, put = market::OptionType::put;
    double coin =
        -3.0 * (black(60500.0 * m, 65000.0, vol, call) / (60500.0 * m) - black(60500.0, 65000.0, 0.6, call) / 60500.0);
    coin += 120'000.0 * (1.0 / 60100.0 - 1.0 / (60100.0 * m));
    double usd = 2.0 * (black(60500.0 * m, 55000.0, vol, put) - black(60500.0, 55000.0, 0.6, put));
    usd += -0.5 * (60050.0 * m - 60050.0);
    coin += usd / (60000.0 * m);
    CHECK(got.value().profit[j] == doctest::Approx(coin).epsilon(1e-12));
  }
  CHECK(got.value().profit[0] == 0.0);
}

TEST_CASE("a linear book counts in USD, its spot included, and a scenario out of range is named") {
  Exposure e{.underlying = "BTC", .index = Price(60000.0)};
  e.positions = {leg(market::Kind::spot, market::Settlement::linear, 2.0, 60000.0)};
  const auto got = scenario_profit(e, std::vector<pricing::Scenario>{{0.9, 1.0, 0.0}});
  REQUIRE(got);
  CHECK(got.value().numeraire == Numeraire::usd);
  CHECK(got.value().profit[0] == doctest::Approx(-12'000.0).epsilon(1e-13));
  const auto bad = scenario_profit(e, std::vector<pricing::Scenario>{{0.0, 1.0, 0.0}});
  REQUIRE(!bad);
  CHECK(bad.error().what.find("prices times 0,") != std::string::npos);
}
