#include "ballast/hedge/solve.h"

#include <cmath>

#include <doctest/doctest.h>

#include "ballast/hedge/ratio.h"
#include "tests/worked_example.h"

using namespace ballast;
using hedge::Target;
using test::position;

namespace {

Result<hedge::Plan> plan_for(std::vector<market::Position> positions, const hedge::Choice& choice,
                             std::optional<double> equity = {}) {
  const market::Snapshot s = test::worked_market();
  const auto surface = vol::quoted(s);
  market::Portfolio book{.positions = std::move(positions), .accounts = {}};
  if (equity) book.accounts["BTC"] = {.currency = "BTC", .equity = *equity};
  const auto exposures = risk::exposure(book, s, surface);
  REQUIRE(exposures);
  return hedge::solve(exposures.value().at(0), s, surface, choice);
}

}  // namespace

TEST_CASE("the bare ratio") {
  CHECK(hedge::ratio(Coin(3.4), Coin(0.5)).value() == 6.8);
  CHECK(hedge::ratio(Coin(-3.4), Coin(0.5)).value() == -6.8);
  CHECK_FALSE(hedge::ratio(Coin(3.4), Coin(0.0)));
  CHECK_FALSE(hedge::ratio(Coin(0.0), Coin(0.0)));
  CHECK_FALSE(hedge::ratio(Coin(std::nan("")), Coin(1.0)));
  CHECK_FALSE(hedge::ratio(Coin(1e308), Coin(1e-308)));
}

TEST_CASE("100 calls of the worked example are 188,957 contracts short") {  // deribit reference 3.4
  const auto plan = plan_for({position(test::worked_call, 100.0)}, {.instruments = {"BTC-PERPETUAL"}});
  REQUIRE(plan);
  const hedge::Leg& leg = plan.value().legs.at(0);
  CHECK(leg.side == hedge::Side::sell);
  CHECK(leg.contracts == 188957.0);
  CHECK(leg.amount == 1889570.0);
  CHECK(std::abs(leg.exact_amount + 1889569.0) < 1.0);
  CHECK(std::abs(leg.ratio - 31.4928) < 1e-4);
  CHECK(std::abs(plan.value().residual.delta) <= plan.value().half_lot_delta);
  CHECK(plan.value().half_lot_delta == doctest::Approx(5.0 / 60000.0).epsilon(1e-14));
}

TEST_CASE("the USD point hedges equity and delta_total") {  // deribit reference 3.4: hedge -13.14928 coins
  const auto plan = plan_for({position(test::worked_call, 10.0)},
                             {.instruments = {"BTC-PERPETUAL"}, .numeraire = Numeraire::usd}, 10.0);
  REQUIRE(plan);
  CHECK(std::abs(plan.value().legs.at(0).ratio - 13.14928) < 1e-5);
  const auto unknown =
      plan_for({position(test::worked_call, 10.0)}, {.instruments = {"BTC-PERPETUAL"}, .numeraire = Numeraire::usd});
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().what.find("equity") != std::string::npos);
}

TEST_CASE("a hedged book needs no trade") {
  const auto plan =
      plan_for({position(test::worked_call, 100.0), position("BTC-PERPETUAL", -1889570.0, market::SizeUnit::usd)},
               {.instruments = {"BTC-PERPETUAL"}});
  REQUIRE(plan);
  CHECK(plan.value().legs.empty());
  CHECK(std::abs(plan.value().residual.delta) <= plan.value().half_lot_delta);
}

TEST_CASE("gamma by an option, then delta by the future that its rounding left") {
  for (const Numeraire numeraire : {Numeraire::coin, Numeraire::usd}) {
    const auto plan = plan_for({position(test::worked_call, 33.3)},
                               {.instruments = {"BTC-PERPETUAL", test::worked_put},
                                .targets = {Target::delta, Target::gamma},
                                .numeraire = numeraire},
                               5.0);
    REQUIRE(plan);
    const hedge::Plan& p = plan.value();
    REQUIRE(p.legs.size() == 2);
    // Gammas of call and put of the example: phi(d1)/(F s), d1 of the two strikes by hand
    const double s = 0.6 * std::sqrt(30.0 / 365.0), d1_call = std::log(60.0 / 65.0) / s + s / 2, d1_put = s / 2;
    const double expected = 33.3 * std::exp(-0.5 * (d1_call * d1_call - d1_put * d1_put));
    CHECK(p.legs[1].ratio == doctest::Approx(expected).epsilon(1e-10));
    CHECK(p.legs[1].side == hedge::Side::sell);
    CHECK(std::abs(p.residual.delta) <= p.half_lot_delta);
    CHECK(std::abs(p.residual.gamma) <= 0.05 * p.legs[1].per_coin.gamma * (1 + 1e-9));  // half a lot of 0.1
  }
}

TEST_CASE("misuse and hopeless problems are refused by name") {
  const auto why = [](const hedge::Choice& choice) {
    const auto plan = plan_for({position(test::worked_call, 1.0)}, choice);
    REQUIRE_FALSE(plan);
    return plan.error().what;
  };
  const auto has = [](const std::string& text, const char* word) { return text.find(word) != std::string::npos; };
  CHECK(has(why({.instruments = {"ETH-PERPETUAL"}}), "unknown hedge instrument"));
  CHECK(has(why({.instruments = {"BTC-PERPETUAL", "BTC-PERPETUAL"}}), "twice"));
  CHECK(has(why({.instruments = {"BTC-PERPETUAL", "BTC-31JAN26"}, .targets = {Target::delta, Target::gamma}}),
            "any gamma"));
}

TEST_CASE("options that are multiples of each other share what they can reach, and no more") {
  // One expiry, one vol: vega is gamma times F² stdev sqrt(T), in the book and in both options.
  const market::Snapshot s = test::worked_market();
  const auto surface = vol::quoted(s);
  risk::Exposure exposure =
      risk::exposure({.positions = {position(test::worked_call, 50.0)}, .accounts = {}}, s, surface).value().at(0);
  const hedge::Choice choice{.instruments = {test::worked_call, test::worked_put},
                             .targets = {Target::gamma, Target::vega}};
  const auto plan = hedge::solve(exposure, s, surface, choice);
  REQUIRE(plan);
  CHECK(plan.value().least_norm);
  CHECK(plan.value().legs.size() == 2);
  CHECK(std::abs(plan.value().residual.gamma) <= 2e-3 * std::abs(plan.value().before.gamma));  // a tenth of a coin each
  CHECK(std::abs(plan.value().residual.vega) <= 2e-3 * std::abs(plan.value().before.vega));
  exposure.total.coin.vega = 2.0 * exposure.total.coin.vega;
  const auto missed = hedge::solve(exposure, s, surface, choice);
  REQUIRE_FALSE(missed);
  CHECK(missed.error().fault == Fault::no_solution);
  CHECK(missed.error().what.find("multiples of each other") != std::string::npos);
  CHECK(missed.error().what.find(test::worked_put) != std::string::npos);
}

TEST_CASE("the venue's published leg formula: -sum of (delta - mark) times quantity") {  // reference 2.2, net
                                                                                         // transaction delta
  const auto plan = plan_for({position(test::worked_call, 2.5), position(test::worked_put, -4.0)},
                             {.instruments = {"BTC-PERPETUAL"}});
  REQUIRE(plan);
  const double by_hand = -((0.352226 - 0.0372978) * 2.5 + (-0.465730 - 0.0685394) * -4.0);  // deltas of reference 3.4
  CHECK(std::abs(-plan.value().legs.at(0).ratio - by_hand) < 1e-5);
}

TEST_CASE("book and hedge option are counted along the same dynamics") {
  const market::Snapshot s = test::worked_market();
  const vol::QuotedChain chain = vol::quoted(s);
  const Time expiry = s.instruments.at(test::worked_call).expiry;
  risk::Smiles smiles{.dynamics = {.rule = vol::SmileRule::sticky_local_vol}, .surfaces = {}, .unfitted = {}};
  smiles.surfaces["btc_usd"].slices.push_back(
      {.expiry = expiry,
       .years = years_between(s.as_of, expiry),
       .forward = Price(60000.0),
       .shape = vol::Svi{.a = 0.012, .b = 0.08, .rho = -0.2, .m = 0.01, .sigma = 0.15},
       .health = {}});
  const market::Portfolio book{.positions = {position(test::worked_call, 7.0)}, .accounts = {}};
  const auto list = risk::exposure(book, s, chain, &smiles);
  REQUIRE(list);
  for (const Numeraire numeraire : {Numeraire::coin, Numeraire::usd}) {
    risk::Exposure e = list.value().at(0);
    e.equity = Coin(0.0);
    // A book hedged with its own option needs exactly its size, whatever R is.
    const auto own = hedge::solve(e, s, chain, {.instruments = {test::worked_call}, .numeraire = numeraire}, &smiles);
    REQUIRE(own);
    CHECK(own.value().legs.at(0).ratio == doctest::Approx(7.0).epsilon(1e-14));
    CHECK(std::abs(own.value().residual.delta) <= 1e-14);
    CHECK(std::abs(own.value().residual.gamma) <= 1e-12 * std::abs(own.value().before.gamma));
    // A future has no vega: it is bought for the option's delta along the dynamics.
    const auto future = hedge::solve(e, s, chain, {.instruments = {"BTC-PERPETUAL"}, .numeraire = numeraire}, &smiles);
    REQUIRE(future);
    CHECK(future.value().legs.at(0).ratio == doctest::Approx(7.0 * e.positions[0].unit.hedge_delta()).epsilon(1e-14));
  }
}
