#include "ballast/risk/regimes.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "ballast/math/normal.h"

using namespace ballast;
using risk::Regime;

namespace {

constexpr std::int64_t hour = 3'600'000, day = 24 * hour;

std::vector<Time> every(std::int64_t step, std::size_t n) {
  std::vector<Time> times;
  for (std::size_t i = 0; i < n; ++i) times.push_back(Time{static_cast<std::int64_t>(i) * step});
  return times;
}

std::vector<double> prices_of(const std::vector<double>& moves) {
  std::vector<double> prices{100.0};
  for (const double m : moves) prices.push_back(prices.back() * std::exp(m));
  return prices;
}

}  // namespace

TEST_CASE("regimes: moves of 1 % for a while, then a fall and a rise of more than twice that") {
  // Each label is of the move that begins there; the vol of three steps ends before it.
  const auto prices = prices_of({0.01, -0.01, 0.01, 0.019, -0.03, 0.021, -0.0225, 0.08});
  const auto found = risk::regimes(every(day, prices.size()), prices, {.trailing = 3});
  REQUIRE(found);
  // Usual: 1 %, then sqrt((1 + 1 + 3.61) / 3) = 1.37, sqrt((1 + 3.61 + 9) / 3) = 2.13, 2.38, 2.48 %.
  const std::vector<Regime> wanted{Regime::unknown, Regime::unknown, Regime::unknown, Regime::calm,   Regime::crash,
                                   Regime::calm,    Regime::calm,    Regime::rally,   Regime::unknown};
  CHECK(found.value() == wanted);
  CHECK(risk::name(Regime::crash) == "crash");
  CHECK(risk::name(Regime::unknown) == "unknown");
}

TEST_CASE("regimes: a move over a day, and a gap that counts with its length") {
  // Hours of 0.5 %, then 24 of -0.2 % in a row: -4.8 % in a day against a usual 0.5 sqrt(24) = 2.45 %.
  std::vector<double> moves;
  for (int i = 0; i < 30; ++i) moves.push_back(i % 2 == 0 ? 0.005 : -0.005);
  for (int i = 0; i < 24; ++i) moves.push_back(-0.002);
  const auto prices = prices_of(moves);
  const auto times = every(hour, prices.size());
  const auto by_hour = risk::regimes(times, prices, {.trailing = 30}).value();
  const auto by_day = risk::regimes(times, prices, {.horizon_ms = day, .trailing = 30, .threshold = 1.9}).value();
  CHECK(by_hour[30] == Regime::calm);
  CHECK(by_day[30] == Regime::crash);
  CHECK(by_day[31] == Regime::unknown);  // its day is not over
  // Three percent in one hour is a rally, in the 40 hours of a gap it is not.
  auto late = every(hour, 33);
  auto up = prices_of(std::vector<double>(moves.begin(), moves.begin() + 30));
  up.push_back(up.back() * std::exp(0.03)), up.push_back(up.back());
  CHECK(risk::regimes(late, up, {.trailing = 30}).value()[30] == Regime::rally);
  for (std::size_t i = 31; i < late.size(); ++i) late[i].ms += 39 * hour;
  CHECK(risk::regimes(late, up, {.trailing = 30}).value()[30] == Regime::calm);
}

TEST_CASE(
    "regimes: no unit of price matters, a mirrored market swaps crash and rally, normal moves have their shares") {
  std::mt19937_64 random(20261205);
  std::vector<double> moves;
  for (int i = 0; i < 40'000; ++i)
    moves.push_back(0.01 * math::norm_quantile((static_cast<double>(random() >> 11) + 0.5) * 0x1p-53));
  const auto prices = prices_of(moves);
  std::vector<double> scaled, mirrored;
  for (const double p : prices) scaled.push_back(1024.0 * p), mirrored.push_back(1.0 / p);
  const auto times = every(day, prices.size());
  const risk::RegimeRules rules{.trailing = 400};
  const auto found = risk::regimes(times, prices, rules).value();
  CHECK(found == risk::regimes(times, scaled, rules).value());
  const auto other = risk::regimes(times, mirrored, rules).value();
  std::map<Regime, int> count;
  for (std::size_t i = 0; i < found.size(); ++i) {
    ++count[found[i]];
    const Regime swapped = found[i] == Regime::crash   ? Regime::rally
                           : found[i] == Regime::rally ? Regime::crash
                                                       : found[i];
    CHECK(other[i] == swapped);
  }
  CHECK(count[Regime::unknown] == 401);
  // Student's with 400 degrees is all but normal: 2.3 % to each side, 900 of 39,600, four standard errors of 30.
  for (const Regime side : {Regime::crash, Regime::rally}) CHECK(std::abs(count[side] - 0.0231 * 39'600) <= 120);
}

TEST_CASE("regimes: a market that stood still is calm until it moves") {
  const std::vector<double> still{5.0, 5.0, 5.0, 5.0, 5.0, 5.1, 5.0};
  const auto found = risk::regimes(every(day, still.size()), still, {.trailing = 2}).value();
  CHECK(found[2] == Regime::calm);
  CHECK(found[4] == Regime::rally);
  CHECK(found[6] == Regime::unknown);
  CHECK(risk::regimes({}, {}, {}).value().empty());
  CHECK(risk::regimes(every(day, 2), std::vector{1.0, 2.0}).value()[0] == Regime::unknown);
}

TEST_CASE("regimes: what is no series is named") {
  const auto times = every(day, 3);
  const std::vector<double> prices{1.0, 2.0, 3.0}, broken{1.0, -2.0, 3.0};
  CHECK(risk::regimes(times, broken).error().what.find("instant 1: price -2") != std::string::npos);
  CHECK(risk::regimes(every(0, 3), prices).error().what.find("instant 1: 1970") != std::string::npos);
  CHECK_FALSE(risk::regimes(every(day, 2), prices));
  CHECK_FALSE(risk::regimes(times, prices, {.horizon_ms = -1}));
  CHECK_FALSE(risk::regimes(times, prices, {.trailing = 1}));
  CHECK_FALSE(risk::regimes(times, prices, {.threshold = 0.0}));
}
