#include "ballast/vol/adaptive.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include <doctest/doctest.h>

#include "ballast/math/normal.h"

using namespace ballast;
using vol::AdaptiveRules;
using vol::AdaptiveState;
using vol::SmileMove;

namespace {

constexpr double six_hours_ms = 6.0 * 3'600'000.0;

double normal(std::mt19937_64& random) {
  return math::norm_quantile((static_cast<double>(random() >> 11) + 0.5) * 0x1p-53);
}

/// A market of one tenor whose vols answer to the forward by `level` + `tilt` z, with a vol shock of its own.
struct Market {
  std::mt19937_64 random;
  double level, tilt, shock, move = 0.01;
  Years years{20.0 / 365.0};

  std::vector<SmileMove> step() {
    const double gain = move * normal(random), own = shock * normal(random);
    std::vector<SmileMove> moves;
    for (int i = -4; i <= 4; ++i) {
      const double z = 0.4 * i, vega = 0.1 * std::exp(-0.5 * z * z), vol = 0.5 + 0.03 * z * z, net = 0.4 - 0.1 * z;
      moves.push_back({.years = years,
                       .vol = Vol(vol),
                       .moneyness = z,
                       .vega_coin = vega,
                       .net_delta = net,
                       .change = net * gain + vega * vol * ((level + tilt * z) * gain + own),
                       .hedge_gain = gain});
    }
    return moves;
  }
};

Time instant_of(int i) { return Time{1'767'225'600'000 + static_cast<std::int64_t>(i * six_hours_ms)}; }

AdaptiveState after(Market& market, int instants, const AdaptiveRules& rules, AdaptiveState state = {}, int from = 0) {
  for (int i = 0; i < instants; ++i) {
    auto next = vol::update(state, instant_of(from + i), market.step(), rules);
    REQUIRE(next);
    state = next.value();
  }
  return state;
}

constexpr Years tenor(20.0 / 365.0);

}  // namespace

TEST_CASE("one noiseless market: the response is learned exactly, with its sign") {
  Market market{.random = std::mt19937_64(1), .level = -0.8, .tilt = 0.3, .shock = 0.0};
  const AdaptiveRules rules{.ridge = 0.0, .shrink = 0.0, .outlier = 0.0};
  const AdaptiveState state = after(market, 40, rules);
  const auto view = vol::view(state, vol::tenor_of(tenor), rules);
  CHECK(std::abs(view.level + 0.8) <= 1e-12);
  CHECK(std::abs(view.tilt - 0.3) <= 1e-12);
  CHECK(view.t > 3.0);
  CHECK(std::abs(view.scale - 1.0) <= 1e-12);
  CHECK(std::abs(vol::adjustment(state, tenor, Vol(0.6), 1.5, rules) - 0.6 * (-0.8 + 0.3 * 1.5)) <= 1e-12);
  // Beyond three standard deviations the response is that at three.
  CHECK(vol::adjustment(state, tenor, Vol(0.6), 9.0, rules) == vol::adjustment(state, tenor, Vol(0.6), 3.0, rules));
  // Another tenor has learned nothing.
  CHECK(vol::adjustment(state, Years(2.0 / 365.0), Vol(0.6), 0.0, rules) == 0.0);
}

TEST_CASE("two instants by hand") {
  // One option, vega · vol = 0.05, gains 0.02 and -0.01, errors -0.0004 and 0.0003, six hours apart.
  const AdaptiveRules rules{.memory_days = 0.25,  // the first instant counts half at the second
                            .trial_days = 1e9,
                            .ridge = 0.0,
                            .influence = 1e9,
                            .significance = -1e9,
                            .least_instants = 0.5,
                            .shrink = 0.0,
                            .outlier = 0.0};
  const auto move = [](double gain, double error) {
    return std::vector<SmileMove>{{.years = tenor,
                                   .vol = Vol(0.5),
                                   .moneyness = 0.0,
                                   .vega_coin = 0.1,
                                   .net_delta = 0.5,
                                   .change = 0.5 * gain + error,
                                   .hedge_gain = gain}};
  };
  const auto first = vol::update({}, instant_of(0), move(0.02, -0.0004), rules).value();
  const std::size_t k = vol::tenor_of(tenor);
  CHECK(std::abs(vol::view(first, k, rules).level + 0.4) <= 1e-12);  // -0.0004 / (0.05 · 0.02)
  CHECK(first.instants == 0.0);                                      // nothing was predicted yet
  const auto second = vol::update(first, instant_of(1), move(-0.01, 0.0003), rules).value();
  // (0.5 · 1e-3 · -4e-4 - 5e-4 · 3e-4) / (0.5 · 1e-6 + 0.25e-6) = -3.5e-7 / 7.5e-7
  CHECK(std::abs(vol::view(second, k, rules).level + 3.5 / 7.5) <= 1e-9);
  // Predicted -0.4 · 0.05 · -0.01 = 2e-4 of an error of 3e-4: 9e-8 became 1e-8, a share of (9 - 1)/(9 + 1).
  CHECK(second.instants == 1.0);
  CHECK(std::abs(second.gain - 0.8) <= 1e-9);
  // The best multiple would have been 1.5; more than 1 is not believed.
  CHECK(second.tenor[k].correction_error / second.tenor[k].correction_square == doctest::Approx(1.5).epsilon(1e-9));
  CHECK(vol::view(second, k, rules).scale == 1.0);
}

TEST_CASE("the record is out of sample: a sign that flips every instant earns nothing") {
  // In sample a regression on each instant would explain all of it; predicted from the past it is always wrong.
  const AdaptiveRules rules{.memory_days = 0.05};
  AdaptiveState state;
  std::mt19937_64 random(2);
  for (int i = 0; i < 60; ++i) {
    Market market{.random = random, .level = i % 2 ? 1.0 : -1.0, .tilt = 0.0, .shock = 0.0};
    state = vol::update(state, instant_of(i), market.step(), rules).value();
    random.discard(1000);
  }
  CHECK(state.gain < 0.0);
  CHECK(vol::view(state, vol::tenor_of(tenor), rules).scale == 0.0);
  CHECK(vol::adjustment(state, tenor, Vol(0.5), 0.0, rules) == 0.0);
}

TEST_CASE("a market without a relation falls back to the net delta most of the time, and costs little") {
  int on = 0;
  double cost = 0.0, stake = 0.0;
  for (int trial = 0; trial < 100; ++trial) {
    Market market{
        .random = std::mt19937_64(static_cast<std::uint64_t>(1000 + trial)), .level = 0.0, .tilt = 0.0, .shock = 0.01};
    AdaptiveState state = after(market, 60, {});
    for (int i = 60; i < 120; ++i) {
      const auto moves = market.step();
      on += vol::adjustment(state, tenor, Vol(0.5), 0.5, {}) != 0.0 ? 1 : 0;
      for (const SmileMove& m : moves) {
        const double error = m.change - m.net_delta * m.hedge_gain,
                     less =
                         error - m.vega_coin * m.hedge_gain * vol::adjustment(state, m.years, m.vol, m.moneyness, {});
        cost += less * less - error * error;
        stake += error * error;
      }
      state = vol::update(state, instant_of(i), moves, {}).value();
    }
  }
  CHECK(on <= 6000 * 30 / 100);  // t > 1 by chance is 16 %; the record is correlated
  CHECK(cost / stake <= 0.01);   // and what it costs is below 1 % of the squared error
}

TEST_CASE("a relation among noise is found, used, and given up when it ends") {
  Market market{.random = std::mt19937_64(3), .level = -1.0, .tilt = 0.0, .shock = 0.01};
  AdaptiveState state = after(market, 120, {});
  const double used = vol::adjustment(state, tenor, Vol(0.5), 0.0, {});
  CHECK(used < -0.5 * 0.5);
  CHECK(used > -0.5 * 1.5);
  market.level = 1.0;
  state = after(market, 20, {}, state, 120);  // five days of the opposite
  CHECK(vol::adjustment(state, tenor, Vol(0.5), 0.0, {}) >= 0.0);
}

TEST_CASE("a crash has a bounded say") {
  Market market{.random = std::mt19937_64(4), .level = 0.0, .tilt = 0.0, .shock = 0.0};
  AdaptiveState calm = after(market, 80, {.ridge = 0.0});
  market.level = -2.0;
  market.move = 0.15;
  const AdaptiveState bounded = after(market, 1, {.ridge = 0.0}, calm, 80);
  const AdaptiveState unbounded = after(market, 1, {.ridge = 0.0, .influence = 1e9}, calm, 80);
  const std::size_t k = vol::tenor_of(tenor);
  CHECK(vol::view(unbounded, k, {.ridge = 0.0}).level < -1.0);
  CHECK(vol::view(bounded, k, {.ridge = 0.0}).level > -0.5);
}

TEST_CASE("one option with a broken price does not speak for its tenor") {
  Market market{.random = std::mt19937_64(5), .level = -0.8, .tilt = 0.0, .shock = 0.0};
  AdaptiveState kept, all;
  for (int i = 0; i < 40; ++i) {
    auto moves = market.step();
    if (i % 3 == 0) moves[4].change += 0.02;
    kept = vol::update(kept, instant_of(i), moves, {.ridge = 0.0}).value();
    all = vol::update(all, instant_of(i), moves, {.ridge = 0.0, .outlier = 0.0}).value();
  }
  const std::size_t k = vol::tenor_of(tenor);
  CHECK(std::abs(vol::view(kept, k, {.ridge = 0.0}).level + 0.8) <= 1e-9);
  CHECK(std::abs(vol::view(all, k, {.ridge = 0.0}).level + 0.8) > 0.01);
}

TEST_CASE("the order of rows does not matter; no rows let time pass") {
  Market market{.random = std::mt19937_64(6), .level = -1.0, .tilt = 0.2, .shock = 0.01};
  const AdaptiveState state = after(market, 50, {});
  auto moves = market.step();
  const auto forward = vol::update(state, instant_of(50), moves, {}).value();
  std::reverse(moves.begin(), moves.end());
  const auto backward = vol::update(state, instant_of(50), moves, {}).value();
  CHECK(vol::adjustment(forward, tenor, Vol(0.5), 1.0, {}) ==
        doctest::Approx(vol::adjustment(backward, tenor, Vol(0.5), 1.0, {})).epsilon(1e-12));
  const auto idle = vol::update(state, Time{state.as_of.ms + 5 * 86'400'000}, {}, {}).value();
  CHECK(idle.instants == doctest::Approx(0.5 * state.instants).epsilon(1e-12));
  CHECK(vol::view(idle, 2, {}).level == doctest::Approx(vol::view(state, 2, {}).level).epsilon(1e-12));
  CHECK(vol::view(idle, 2, {}).t == doctest::Approx(vol::view(state, 2, {}).t).epsilon(1e-12));
}

TEST_CASE("tenors have their edges; what cannot be is named or NaN") {
  CHECK(vol::tenor_of(Years(4.9 / 365.0)) == 0);
  CHECK(vol::tenor_of(Years(5.1 / 365.0)) == 1);
  CHECK(vol::tenor_of(Years(34.0 / 365.0)) == 2);
  CHECK(vol::tenor_of(Years(99.0 / 365.0)) == 3);
  CHECK(vol::tenor_of(Years(3.0)) == 4);
  CHECK(std::isnan(vol::adjustment({}, Years(0.0), Vol(0.5), 0.0, {})));
  CHECK(std::isnan(vol::adjustment({}, Years(0.1), Vol(0.0), 0.0, {})));
  CHECK(std::isnan(vol::adjustment({}, Years(0.1), Vol(0.5), NAN, {})));
  Market market{.random = std::mt19937_64(7), .level = 0.0, .tilt = 0.0, .shock = 0.01};
  auto moves = market.step();
  const auto state = vol::update({}, instant_of(1), moves, {}).value();
  CHECK_FALSE(vol::update(state, instant_of(1), moves, {}));
  CHECK(vol::update(state, instant_of(2), moves, {.ridge = -1.0}).error().what.find("ridge is -1") !=
        std::string::npos);
  moves[3].vega_coin = NAN;
  CHECK(vol::update(state, instant_of(2), moves, {}).error().what.find("move 3: vega_coin is nan") !=
        std::string::npos);
}
