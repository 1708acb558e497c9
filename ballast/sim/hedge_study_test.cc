#include "ballast/sim/hedge_study.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "ballast/base/philox.h"
#include "ballast/math/normal.h"
#include "ballast/pricing/black_scholes.h"

namespace ballast::sim {
namespace {

using hedge::BandKind;
using hedge::BandTarget;
using hedge::RebalanceRule;

// A study of everything at once: a rate, a drift, a hedge at another vol than the market's, more than one coin.
HedgeStudy study_of_everything() {
  return {.type = market::OptionType::put,
          .quantity = -2.5,
          .spot = Price(100.0),
          .strike = Price(105.0),
          .years = Years(30.0 / 365.0),
          .drift = 0.3,
          .rate = 0.05,
          .vol = Vol(0.7),
          .hedge_vol = Vol(0.6),
          .steps = 120,  // six hours
          .cost_rate = 1e-3,
          .seed = 20261130};
}

std::vector<RebalanceRule> every_rule() {
  const Years day(1.0 / 365.0);
  const double cost = 5e-4;
  return {
      {},
      {.least_interval = day},
      {.least_move = 0.02},
      {.least_interval = day, .least_move = 1.0, .move_span = day},
      {.cost_rate = cost, .leland_interval = day, .least_interval = day},
      {.band = BandKind::fixed, .width = 0.05},
      {.band = BandKind::fixed, .first_target = BandTarget::middle, .width = 0.7},
      {.band = BandKind::fixed, .target = BandTarget::middle, .width = 0.1},
      {.band = BandKind::fixed, .target = BandTarget::middle, .first_target = BandTarget::edge, .width = 0.1},
      {.band = BandKind::fixed, .width = 0.02, .least_interval = day},
      {.band = BandKind::whalley_wilmott, .aversion = 1.0, .cost_rate = cost},
      {.band = BandKind::whalley_wilmott, .target = BandTarget::middle, .aversion = 0.1, .cost_rate = cost},
      {.band = BandKind::whalley_wilmott,
       .aversion = 1.0,
       .cost_rate = cost,
       .leland_interval = day,
       .least_interval = day,
       .least_move = 0.01},
      {.band = BandKind::whalley_wilmott, .aversion = 1e-12, .cost_rate = cost},  // held at all the options' delta
      {.band = BandKind::zakamouline, .aversion = 1.0, .cost_rate = cost},
      {.band = BandKind::zakamouline, .aversion = 0.1, .cost_rate = cost, .handover = Years(0.0)},
      {.band = BandKind::zakamouline, .aversion = 1e4, .cost_rate = 0.05},  // the modified variance is held
  };
}

struct PlainPath {
  double pnl = 0.0, cost = 0.0;
  double trades = 0.0;    // those of more than a rounding error
  double doubtful = 0.0;  // looks where the last bit of the delta decides whether there is a trade
};

// One path of one rule, by the desk's own function and the scalar Black-Scholes formulas.
PlainPath plain_path(const HedgeStudy& study, const RebalanceRule& rule, std::uint64_t path) {
  const double dt = study.years.value / study.steps;
  pricing::BlackScholes option{.spot = study.spot,
                               .strike = study.strike,
                               .rate = study.rate,
                               .vol = study.hedge_vol,
                               .years = study.years,
                               .type = study.type};
  PlainPath out;
  double held = 0.0, cash = -study.quantity * pricing::black_scholes_price(option).value;
  double last_trade = -std::numeric_limits<double>::infinity(), last_price = 0.0;
  for (int step = 0; step < study.steps; ++step) {
    const double discount = std::exp(-study.rate * dt * step), spot = option.spot.value;
    option.years = Years(dt * (study.steps - step));
    option.vol = study.hedge_vol;
    hedge::HedgedBook book{.gamma = study.quantity * pricing::black_scholes_greeks(option).gamma,
                           .options = Coin(std::abs(study.quantity)),
                           .price = option.spot,
                           .vol = study.hedge_vol,
                           .years = option.years,
                           .discount = std::exp(-study.rate * option.years.value),
                           .since_trade = Years(step * dt - last_trade),
                           .price_at_trade = Price(last_price)};
    option.vol = hedge::hedge_vol(rule, book);
    const auto greeks = pricing::black_scholes_greeks(option);
    book.delta = Coin(study.quantity * greeks.delta + held);
    book.hedge_gamma = study.quantity * greeks.gamma;
    const auto to = hedge::wanted(rule, book);
    const double trade = to ? to->value - book.delta.value : 0.0;
    const bool right = rule.band == BandKind::none && rule.least_move == 0.0 &&
                       book.since_trade.value >= rule.least_interval.value * (1.0 - 1e-9);
    if (trade != 0.0 || right) last_trade = step * dt;
    if (trade != 0.0) last_price = spot;
    held += trade;
    constexpr double rounding = 1e-12;
    if (std::abs(trade) > rounding) {
      out.trades += 1.0;
    } else if (std::abs(std::abs(book.delta.value) - hedge::half_width(rule, book).value) <= rounding) {
      out.doubtful += 1.0;
    }
    out.cost += study.cost_rate * std::abs(trade) * spot * discount;
    cash -= trade * spot * discount;
    const PhiloxBlock block =
        philox(philox_counter(path, static_cast<std::uint64_t>(step) / 2), philox_key(study.seed));
    const std::size_t word = step % 2 == 0 ? 0 : 2;
    const double z = math::norm_quantile(philox_uniform(block[word], block[word + 1]));
    const double vol = study.vol.value;
    option.spot = Price(spot * std::exp((study.drift - 0.5 * vol * vol) * dt + vol * std::sqrt(dt) * z));
  }
  const double discount = std::exp(-study.rate * study.years.value), spot = option.spot.value;
  const double sign = study.type == market::OptionType::call ? 1.0 : -1.0;
  out.cost += study.cost_rate * std::abs(held) * spot * discount;
  const double payoff = std::max(sign * (spot - study.strike.value), 0.0);
  out.pnl = cash + held * spot * discount + study.quantity * payoff * discount - out.cost;
  return out;
}

void check_against_plain(HedgeStudy study) {
  study.rules = every_rule();
  const auto prepared = prepare(study);
  REQUIRE(prepared);
  HedgePaths paths = room_for(prepared.value(), 70);  // a whole block and a part of one
  simulate(prepared.value(), 0, paths.paths, paths);
  for (std::size_t r = 0; r < study.rules.size(); ++r) {
    CAPTURE(r);
    for (std::size_t p = 0; p < paths.paths; ++p) {
      const PlainPath plain = plain_path(study, study.rules[r], p);
      const std::size_t at = r * paths.paths + p;
      CHECK(std::abs(paths.pnl[at] - plain.pnl) <= 1e-10 * study.spot.value);
      CHECK(std::abs(paths.cost[at] - plain.cost) <= 1e-10 * study.spot.value);
      CHECK(paths.trades[at] >= plain.trades);
      CHECK(paths.trades[at] <= plain.trades + plain.doubtful);
    }
  }
}

}  // namespace

TEST_CASE("the kernel agrees path by path with the desk's function, sold puts") {
  check_against_plain(study_of_everything());
}

TEST_CASE("the kernel agrees path by path with the desk's function, bought calls") {
  HedgeStudy study = study_of_everything();
  study.type = market::OptionType::call;
  study.quantity = 1.0;
  study.steps = 121;                   // odd: the last pair of normals is used by half
  study.years = Years(30.25 / 365.0);  // six hours a step
  check_against_plain(study);
}

TEST_CASE("blocks of paths in any order give the same bits") {
  HedgeStudy study = study_of_everything();
  study.rules = every_rule();
  const PreparedStudy prepared = prepare(study).value();
  HedgePaths whole = room_for(prepared, 200), parts = room_for(prepared, 200);
  simulate(prepared, 0, 200, whole);
  simulate(prepared, 131, 69, parts);
  simulate(prepared, 0, 7, parts);
  simulate(prepared, 7, 124, parts);
  CHECK(whole.pnl == parts.pnl);
  CHECK(whole.cost == parts.cost);
  CHECK(whole.trades == parts.trades);
}

TEST_CASE("a rule's figures do not depend on the rules beside it") {
  HedgeStudy study = study_of_everything();
  study.rules = every_rule();
  const PreparedStudy together = prepare(study).value();
  HedgePaths all = room_for(together, 64);
  simulate(together, 0, 64, all);
  for (std::size_t r = 0; r < every_rule().size(); ++r) {
    study.rules = {every_rule()[r]};
    const PreparedStudy alone = prepare(study).value();
    HedgePaths one = room_for(alone, 64);
    simulate(alone, 0, 64, one);
    CHECK(std::equal(one.pnl.begin(), one.pnl.end(), all.pnl.begin() + static_cast<std::ptrdiff_t>(64 * r)));
  }
}

TEST_CASE("without costs the P&L of a sold and a bought option are each other's negative") {
  HedgeStudy study = study_of_everything();
  study.cost_rate = 0.0;
  study.rules = {{}, {.band = BandKind::fixed, .width = 0.05}};
  const PreparedStudy sold = prepare(study).value();
  study.quantity = 2.5;
  const PreparedStudy bought = prepare(study).value();
  HedgePaths a = room_for(sold, 64), b = room_for(bought, 64);
  simulate(sold, 0, 64, a);
  simulate(bought, 0, 64, b);
  for (std::size_t i = 0; i < a.pnl.size(); ++i) CHECK(std::abs(a.pnl[i] + b.pnl[i]) <= 1e-11);
  CHECK(std::all_of(a.cost.begin(), a.cost.end(), [](double c) { return c == 0.0; }));
}

TEST_CASE("outcomes are the statistics of the paths") {
  HedgePaths paths{
      .paths = 4, .pnl = {1.0, 2.0, 3.0, 10.0}, .cost = {1.0, 1.0, 1.0, 1.0}, .trades = {2.0, 4.0, 2.0, 4.0}};
  const auto out = outcomes(paths);
  REQUIRE(out.size() == 1);
  CHECK(out[0].pnl.mean == 4.0);
  CHECK(std::abs(out[0].pnl.stdev - std::sqrt(50.0 / 3.0)) <= 1e-15);
  CHECK(std::abs(out[0].pnl.error - std::sqrt(50.0 / 12.0)) <= 1e-15);
  CHECK(out[0].cost.stdev == 0.0);
  CHECK(out[0].trades.mean == 3.0);
  CHECK(std::abs(out[0].skewness - 45.0 / std::pow(12.5, 1.5)) <= 1e-15);  // moments 12.5, 45, 348.5
  CHECK(std::abs(out[0].kurtosis - 348.5 / 156.25) <= 1e-15);
  CHECK(out[0].quantiles == std::array<double, 7>{1.0, 1.0, 1.0, 2.0, 3.0, 10.0, 10.0});
  CHECK(out[0].shortfall_95 == -1.0);
}

TEST_CASE("a study outside its ranges is refused with the number in the text") {
  const auto refused = [](auto change, const char* word) {
    HedgeStudy study = study_of_everything();
    study.rules = {{}};
    change(study);
    const auto result = prepare(study);
    return !result && result.error().fault == Fault::bad_input && result.error().what.find(word) != std::string::npos;
  };
  CHECK(refused([](HedgeStudy& s) { s.quantity = 0.0; }, "quantity"));
  CHECK(refused([](HedgeStudy& s) { s.spot = Price(-3.5); }, "-3.5"));
  CHECK(refused([](HedgeStudy& s) { s.strike = Price(NAN); }, "strike"));
  CHECK(refused([](HedgeStudy& s) { s.years = Years(0.0); }, "years"));
  CHECK(refused([](HedgeStudy& s) { s.vol = Vol(0.0); }, "vol"));
  CHECK(refused([](HedgeStudy& s) { s.hedge_vol = Vol(INFINITY); }, "hedge vol"));
  CHECK(refused([](HedgeStudy& s) { s.drift = NAN; }, "drift"));
  CHECK(refused([](HedgeStudy& s) { s.rate = 1e9; }, "rate"));
  CHECK(refused([](HedgeStudy& s) { s.steps = 0; }, "steps"));
  CHECK(refused([](HedgeStudy& s) { s.cost_rate = 1.5; }, "1.5"));
  CHECK(refused([](HedgeStudy& s) { s.rules[0].least_move = -1.0; }, "least move"));
  CHECK(refused([](HedgeStudy& s) { s.rules[0].least_interval = Years(7.0 / 8760.0); }, "7.0"));  // steps of six hours
  CHECK(refused(
      [](HedgeStudy& s) {
        s.quantity = 1.0;
        s.rules[0] = {.cost_rate = 0.05, .leland_interval = Years(1e-4)};
      },
      "Leland"));
}

}  // namespace ballast::sim
