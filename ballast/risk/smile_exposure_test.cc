// The exposure along smile dynamics: against the book priced again on the moved forward and the moved smile.
#include <cmath>
#include <functional>

#include <doctest/doctest.h>

#include "ballast/pricing/black.h"
#include "ballast/pricing/inverse.h"
#include "ballast/risk/exposure.h"
#include "tests/worked_example.h"

using namespace ballast;
using risk::Exposure;
using risk::Smiles;
using test::position;

namespace {

const vol::Svi smile = {.a = 0.012, .b = 0.08, .rho = -0.2, .m = 0.01, .sigma = 0.15};
const vol::Svi near_smile = {.a = 0.005, .b = 0.045, .rho = -0.25, .m = 0.0, .sigma = 0.10};
const char* const linear_call = "BTC_USDC-31JAN26-65000-C";

Smiles smiles_of(const vol::SmileDynamics& dynamics) {
  const market::Snapshot s = test::worked_market();
  const Time expiry = s.instruments.at(test::worked_call).expiry;
  Smiles smiles{.dynamics = dynamics, .surfaces = {}, .unfitted = {}};
  for (const char* index : {"btc_usd", "btc_usdc"}) {
    vol::Surface surface;
    surface.index = index;
    const Time before{(s.as_of.ms + expiry.ms) / 2};
    surface.slices.push_back({.expiry = before,
                              .years = years_between(s.as_of, before),
                              .forward = Price(60000.0),
                              .shape = near_smile,
                              .health = {}});
    surface.slices.push_back({.expiry = expiry,
                              .years = years_between(s.as_of, expiry),
                              .forward = Price(60000.0),
                              .shape = smile,
                              .health = {}});
    smiles.surfaces[index] = surface;
  }
  return smiles;
}

vol::SmileDynamics ssr(double stickiness) {
  return {.rule = vol::SmileRule::skew_stickiness, .stickiness = stickiness};
}

/// The worked market and a linear twin of its call.
market::Snapshot market_with_linear() {
  market::Snapshot s = test::worked_market();
  market::Instrument linear = s.instruments.at(test::worked_call);
  linear.name = linear_call;
  linear.settlement = market::Settlement::linear;
  linear.settlement_currency = "USDC";
  linear.index = "btc_usdc";
  s.instruments[linear.name] = linear;
  s.quotes[linear.name] = {
      .instrument = linear.name, .sent = s.as_of, .mark = 2237.868, .mark_vol = Vol(0.6), .underlying_price = 60000.0};
  return s;
}

market::Portfolio book() {
  market::Portfolio book{
      .positions = {position(test::worked_call, 30.0), position(test::worked_put, -20.0),
                    position("BTC-31JAN26", -120000, market::SizeUnit::usd), position(linear_call, 10.0)},
      .accounts = {}};
  book.positions.back().average_price = 2237.868;
  return book;
}

Exposure exposure_of(const Smiles* smiles) {
  const market::Snapshot s = market_with_linear();
  const auto list = risk::exposure(book(), s, vol::quoted(s), smiles);
  REQUIRE(list);
  return list.value().at(0);
}

/// USD value of the book's options and its future, index and forward at 60000 e^x, the smile moved along.
double value_usd(double x, double stickiness) {
  const market::Snapshot s = market_with_linear();
  const vol::QuotedChain chain = vol::quoted(s);
  const double f = 60000.0 * std::exp(x);
  double sum = -120000.0 * (1.0 / 60000.0 - 1.0 / f) * f;
  for (const auto& [name, quantity] :
       {std::pair{test::worked_call, 30.0}, std::pair{test::worked_put, -20.0}, std::pair{linear_call, 10.0}}) {
    const market::Instrument& i = s.instruments.at(name);
    const vol::QuotedOption& o = chain.options.at(name);
    const double k = std::log(i.strike / 60000.0);
    const auto fitted = [&](double at) { return vol::vol_of(vol::at(smile, at), o.years).value; };
    const Vol moved(o.vol.value + fitted(k + (stickiness - 1.0) * x) - fitted(k));
    sum += quantity * pricing::black_price({Price(f), Price(i.strike), moved, o.years, i.option_type}).value;
  }
  return sum;
}

double slope(const std::function<double(double)>& of) {
  const double h = 1e-3;
  return (8.0 * (of(h) - of(-h)) - (of(2 * h) - of(-2 * h))) / (12.0 * h);
}

}  // namespace

TEST_CASE("without dynamics nothing is added, and sticky strike adds nothing but what it shows") {
  const Smiles sticky = smiles_of({.rule = vol::SmileRule::sticky_strike});
  const Exposure plain = exposure_of(nullptr), shown = exposure_of(&sticky);
  CHECK_FALSE(plain.dynamics);
  CHECK_FALSE(plain.positions[0].unit.smile);
  CHECK(plain.total.usd.delta.value == plain.total.net_delta.value);
  REQUIRE(shown.dynamics);
  REQUIRE(shown.positions[0].unit.smile);
  CHECK(shown.total.smile_delta.value == 0.0);
  CHECK(shown.total.smile_gamma == 0.0);
  CHECK(shown.total.smile_theta.value == 0.0);
  CHECK(shown.total.coin.delta.value == plain.total.coin.delta.value);
  CHECK(shown.total.usd.gamma.value == plain.total.usd.gamma.value);
  CHECK(shown.total.delta_by_stickiness.value != 0.0);
  CHECK_FALSE(shown.positions[2].unit.smile);  // a future has no smile
}

TEST_CASE("the deltas of a book along its dynamics are what pricing it again gives") {
  for (const double stickiness : {0.0, 1.0, 1.4, 2.0}) {
    CAPTURE(stickiness);
    const Smiles smiles = smiles_of(ssr(stickiness));
    const Exposure e = exposure_of(&smiles);
    // In USD: the options' worth in coin is part of the equity, which counts apart.
    const double usd =
        slope([&](double x) { return value_usd(x, stickiness); }) / 60000.0 - e.total.options_value.value;
    CHECK(std::abs(e.total.usd.delta.value - usd) <= 2e-6);
    // Venue's numbers do not change.
    const Exposure plain = exposure_of(nullptr);
    CHECK(e.total.net_delta.value == plain.total.net_delta.value);
    CHECK(e.total.black_delta.value == plain.total.black_delta.value);
    CHECK(e.total.gamma == plain.total.gamma);
    // In coin: value over the coin's price; the linear call was bought at its mark, with USDC that counts against it.
    const double paid = 10.0 * 2237.868;
    const double coin = slope([&](double x) { return (value_usd(x, stickiness) - paid) / (60000.0 * std::exp(x)); });
    CHECK(std::abs(e.coin_delta().value().value - coin) <= 2e-6);
  }
}

TEST_CASE("gamma, vanna and theta along the dynamics, each as pricing again has it") {
  const market::Snapshot s = market_with_linear();
  for (const double stickiness : {0.0, 1.4, 2.0}) {
    CAPTURE(stickiness);
    const Smiles smiles = smiles_of(ssr(stickiness));
    const Exposure e = exposure_of(&smiles);
    // F² V_FF = V_xx - V_x in x = ln F
    const auto usd = [&](double x) { return value_usd(x, stickiness); };
    const auto bend = [&](double h) { return (usd(h) - 2.0 * usd(0.0) + usd(-h)) / (h * h); };
    const double gamma = (4.0 * bend(2e-3) - bend(4e-3)) / 3.0 - slope(usd);
    CHECK(e.total.usd.gamma.value == doctest::Approx(gamma).epsilon(1e-6));
    CHECK(e.total.coin.gamma.value == doctest::Approx(gamma / 60000.0).epsilon(1e-6));
    CHECK(e.total.usd.gamma.value ==
          doctest::Approx((e.total.gamma + e.total.smile_gamma) * 60000.0 * 60000.0).epsilon(1e-12));
    // The delta's own vega: the quoted vol lifted, the smile's slope kept.
    const auto delta = [&](double lift) {
      market::Snapshot lifted = s;
      lifted.quotes.at(test::worked_call).mark_vol = Vol(0.6 + lift);
      const auto unit = risk::value(lifted.instruments.at(test::worked_call), lifted, vol::quoted(lifted), &smiles);
      REQUIRE(unit);
      return unit.value().black_delta + unit.value().smile->delta;
    };
    const risk::Valuation unit = e.positions[0].unit;
    const auto black =
        pricing::black_greeks({unit.forward, Price(65000.0), unit.vol, unit.years, market::OptionType::call});
    CHECK((delta(1e-4) - delta(-1e-4)) / 2e-4 == doctest::Approx(black.vanna + unit.smile->vanna).epsilon(1e-6));
  }
  // Time: the surface stays where it is in moneyness and time to expiry, so the quoted vol rolls by its difference.
  const Smiles smiles = smiles_of({.rule = vol::SmileRule::sticky_moneyness});
  const Exposure e = exposure_of(&smiles);
  const risk::Valuation& unit = e.positions[0].unit;
  const vol::Surface& surface = smiles.surfaces.at("btc_usd");
  const double k = std::log(65000.0 / 60000.0);
  const auto worth = [&](double passed) {
    const Years left(unit.years.value - passed);
    const double roll = vol::vol_of(vol::at(surface, k, left), left).value - unit.smile->fitted.value;
    return pricing::black_price(
               {unit.forward, Price(65000.0), Vol(unit.vol.value + roll), left, market::OptionType::call})
        .value;
  };
  const double h = 1e-5, theta = (-3.0 * worth(0.0) + 4.0 * worth(h) - worth(2.0 * h)) / (2.0 * h);
  CHECK(unit.hedge_theta() == doctest::Approx(theta).epsilon(1e-5));
  CHECK(std::abs(unit.smile->theta) >= 0.02 * std::abs(unit.theta));
  CHECK(e.total.usd.theta.value == doctest::Approx(e.total.theta.value + e.total.smile_theta.value).epsilon(1e-12));
  CHECK(e.total.smile_theta.value != 0.0);
}

TEST_CASE("the book's delta is linear in R, with the slope that it shows") {
  const Smiles one = smiles_of(ssr(0.3)), other = smiles_of(ssr(1.8));
  const Exposure a = exposure_of(&one), b = exposure_of(&other);
  CHECK(std::abs((b.total.usd.delta.value - a.total.usd.delta.value) / 1.5 - a.total.delta_by_stickiness.value) <=
        1e-12);
  CHECK(a.total.delta_by_stickiness.value == b.total.delta_by_stickiness.value);
  double sum = 0.0;
  for (const risk::PositionRisk& p : a.positions) {
    if (p.unit.smile) sum += p.coins.value * p.unit.vega * p.unit.smile->slope / p.unit.forward.value;
  }
  CHECK(std::abs(a.total.delta_by_stickiness.value - sum) <= 1e-12);
  double by_expiry = 0.0;
  for (const auto& [expiry, totals] : a.by_expiry) by_expiry += totals.smile_delta.value;
  CHECK(std::abs(by_expiry - a.total.smile_delta.value) <= 1e-14);
}

TEST_CASE("an option whose expiry has no smile is refused, with the reason") {
  const market::Snapshot s = test::worked_market();
  const market::Portfolio calls{.positions = {position(test::worked_call, 1.0)}, .accounts = {}};
  const auto refused = [&](const Smiles& smiles, const std::string& word) {
    const auto list = risk::exposure(calls, s, vol::quoted(s), &smiles);
    REQUIRE_FALSE(list);
    CAPTURE(list.error().what);
    CHECK(list.error().fault == Fault::missing_data);
    CHECK(list.error().what.find(test::worked_call) != std::string::npos);
    CHECK(list.error().what.find(word) != std::string::npos);
  };
  Smiles smiles = smiles_of(ssr(2.0));
  vol::Surface& surface = smiles.surfaces.at("btc_usd");
  const Time expiry = surface.slices.back().expiry;
  surface.slices.clear();
  refused(smiles, "none was fitted");
  surface.dropped.push_back({to_string(expiry), "too_few_quotes", "2 quotes, limit 6"});
  refused(smiles, "too_few_quotes (2 quotes, limit 6)");
  smiles.surfaces.clear();
  smiles.unfitted.emplace("btc_usd", Error{Fault::no_solution, "it did not converge"});
  refused(smiles, "it did not converge");
  smiles = smiles_of({.rule = vol::SmileRule::by_tenor});  // without tenors
  refused(smiles, "not finite");
  // Futures need no smile.
  smiles.surfaces.clear();
  const market::Portfolio futures{.positions = {position("BTC-31JAN26", 60000, market::SizeUnit::usd)}, .accounts = {}};
  CHECK(risk::exposure(futures, s, vol::quoted(s), &smiles));
}

TEST_CASE(
    "the adaptive rule adds vega_coin times its adjustment to net delta, and nothing while it is not significant") {
  const market::Snapshot s = market_with_linear();
  const vol::QuotedChain chain = vol::quoted(s);
  const vol::Learned learned = test::learned_example(-1.2, -0.4, 0.1, 40, Time{s.as_of.ms - 3'600'000});
  const vol::Learned idle = test::learned_example(0.0, 0.0, 1.0, 40, Time{s.as_of.ms - 3'600'000});
  REQUIRE(vol::view(learned.state, 2, learned.rules).scale > 0.5);
  REQUIRE(vol::view(idle.state, 2, idle.rules).scale == 0.0);
  const Smiles used = smiles_of({.rule = vol::SmileRule::adaptive, .learned = {{"BTC", learned}}}),
               unused = smiles_of({.rule = vol::SmileRule::adaptive, .learned = {{"BTC", idle}}});
  for (const char* name : {test::worked_call, test::worked_put, linear_call}) {
    CAPTURE(name);
    const market::Instrument& i = s.instruments.at(name);
    const vol::QuotedOption& o = chain.options.at(name);
    const auto unit = risk::value(i, s, chain, &used), off = risk::value(i, s, chain, &unused);
    REQUIRE(unit);
    REQUIRE(off);
    const double z = std::log(i.strike / o.forward.value) / std::sqrt(vol::at(smile, 0.0).total_variance);
    const double vega_coin =
        pricing::inverse_greeks({o.forward, Price(i.strike), o.vol, o.years, i.option_type}).vega_coin;
    const double added = vega_coin * vol::adjustment(learned.state, o.years, o.vol, z, learned.rules);
    CHECK(added < -0.01);  // vols that rise when the forward falls: less delta
    CHECK(std::abs(unit.value().hedge_delta() - (unit.value().net_delta + added)) <= 1e-12);
    CHECK(unit.value().smile->theta == 0.0);
    CHECK(std::isnan(unit.value().smile->stickiness));
    CHECK(off.value().hedge_delta() == off.value().net_delta);
    CHECK(off.value().hedge_gamma() == off.value().gamma);
    CHECK(off.value().smile->vanna == 0.0);
  }
  const Smiles none = smiles_of({.rule = vol::SmileRule::adaptive});
  const auto refused = risk::value(s.instruments.at(test::worked_call), s, chain, &none);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().what.find("learned nothing of BTC") != std::string::npos);
}
