#include "ballast/sim/series.h"

#include <cmath>

#include <doctest/doctest.h>

#include "ballast/base/rng.h"
#include "ballast/market/clean.h"
#include "ballast/math/normal.h"

using namespace ballast;

namespace {

constexpr std::int64_t hour_ms = 3'600'000;
const Time begin = instant({2022, 1, 3}, 0).value();

/// Hours of a price that moves at 0.4 a year and, from `from` on, at 1.2.
std::vector<sim::IndexPoint> hours(int count, int from) {
  Rng rng(20220103);
  std::vector<sim::IndexPoint> rows;
  double price = 40'000.0;
  for (int i = 0; i < count; ++i) {
    rows.push_back({Time{begin.ms + i * hour_ms}, price});
    price *= std::exp((i < from ? 0.4 : 1.2) * std::sqrt(1.0 / 8760.0) * math::norm_quantile(rng.uniform()));
  }
  return rows;
}

}  // namespace

TEST_CASE("series: an instant every so many rows, the index is the price") {
  const auto rows = hours(50, 50);
  const auto found = sim::series(rows, {.every = 8, .vol = sim::ConstantVol{0.7}, .premium = 0.0002}).value();
  REQUIRE(found.size() == 7);
  for (std::size_t i = 0; i < found.size(); ++i) {
    CHECK(found[i].at == rows[8 * i].at);
    CHECK(found[i].index == rows[8 * i].price);
    CHECK(found[i].atm_vol == 0.7);
    CHECK(found[i].premium == 0.0002);
    CHECK(!found[i].funding_8h);
  }
  const auto market = sim::modelled_chain({}, found[3]).value();
  CHECK(market.as_of == found[3].at);
  CHECK(market.indices.at("BTC").price == found[3].index);
  CHECK(*market.quotes.at("BTC-PERPETUAL").mark == doctest::Approx(found[3].index * 1.0002).epsilon(1e-15));
  CHECK(market::clean(market, {}).dropped.empty());
}

TEST_CASE("series: realised vol is that of the window, and knows nothing of the instant or what follows it") {
  const int change = 24 * 60;
  auto rows = hours(24 * 120, change);
  const sim::SeriesRules rules{.vol = sim::RealisedVol{.window_days = 30.0}};
  const auto found = sim::series(rows, rules).value();
  REQUIRE(!found.empty());
  CHECK(found.front().at.ms - begin.ms > 30 * 24 * hour_ms);
  CHECK(found.front().at.ms - begin.ms <= (30 * 24 + 1) * hour_ms);
  for (const auto& now : found) {
    const std::int64_t row = (now.at.ms - begin.ms) / hour_ms;
    // 720 returns: the estimate's own deviation is vol/sqrt(1440), 2.6 %.
    if (row <= change + 1) CHECK(now.atm_vol == doctest::Approx(0.4).epsilon(0.11));
    if (row > change + 720) CHECK(now.atm_vol == doctest::Approx(1.2).epsilon(0.11));
  }
  // Of every row against the plain sum over its window.
  for (const std::size_t i : {std::size_t{0}, std::size_t{100}, found.size() - 1}) {
    const auto row = static_cast<std::size_t>((found[i].at.ms - begin.ms) / hour_ms);
    double squares = 0.0;
    const std::size_t first = row - 720;
    for (std::size_t k = first + 1; k < row; ++k) squares += std::pow(std::log(rows[k].price / rows[k - 1].price), 2);
    const double years = seconds_between(rows[first].at, rows[row - 1].at) / 31'536'000.0;
    CHECK(found[i].atm_vol == doctest::Approx(std::sqrt(squares / years)).epsilon(1e-10));
  }
  // Whatever happens at the instant and after it: the vols up to it are the same bits.
  const std::size_t at = 24 * 70;
  auto other = rows;
  for (std::size_t k = at; k < other.size(); ++k) other[k].price *= 1.5;
  const auto changed = sim::series(other, rules).value();
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i].at <= rows[at].at) CHECK(changed[i].atm_vol == found[i].atm_vol);
    if (found[i].at == rows[at + 1].at) CHECK(changed[i].atm_vol > 1.2 * found[i].atm_vol);
  }
  // Where only some rows become instants they are the same as where all do.
  sim::SeriesRules sparse = rules;
  sparse.every = 24;
  const auto daily = sim::series(rows, sparse).value();
  for (std::size_t i = 0; i < daily.size(); ++i) CHECK(daily[i].atm_vol == found[24 * i].atm_vol);
}

TEST_CASE("series: recorded vols and funding are the last that were known") {
  const auto rows = hours(24, 24);
  const auto at = [](double h) { return Time{begin.ms + static_cast<std::int64_t>(h * 3'600'000.0)}; };
  const sim::SeriesRules rules{
      .vol = sim::RecordedVol{{{at(2.0), 0.5}, {at(5.5), 0.6}}},
      .funding = {{at(4.0), 0.0001, Years(1.0 / 8760.0)}, {at(6.0), -0.0002, curve::eight_hours}}};
  const auto found = sim::series(rows, rules).value();
  REQUIRE(found.size() == 22);
  CHECK(found[0].at == at(2.0));
  CHECK(found[0].atm_vol == 0.5);
  CHECK(found[3].atm_vol == 0.5);  // 5 h
  CHECK(found[4].atm_vol == 0.6);
  CHECK(!found[1].funding_8h);
  CHECK(*found[2].funding_8h == doctest::Approx(0.0008).epsilon(1e-12));  // an hour's, brought to eight
  CHECK(*found[4].funding_8h == -0.0002);
}

TEST_CASE("series: what is wrong is named") {
  const auto says = [](const Result<std::vector<sim::SeriesInstant>>& r, Fault fault, const std::string& word) {
    REQUIRE(!r);
    CAPTURE(r.error().what);
    CHECK(r.error().fault == fault);
    CHECK(r.error().what.find(word) != std::string::npos);
  };
  const auto rows = hours(24 * 10, 0);
  says(sim::series(rows, {.every = 0}), Fault::bad_input, "every is 0");
  says(sim::series(rows, {.vol = sim::ConstantVol{9.0}}), Fault::bad_input, "vol is 9");
  says(sim::series(rows, {.vol = sim::RealisedVol{30.0}}), Fault::missing_data, "none of 240 rows has a vol");
  says(sim::series(rows, {.vol = sim::RecordedVol{{{begin, 0.5}}, 2.0}}), Fault::missing_data, "2022-01-05T01:00:00Z");
  says(sim::series({}, {}), Fault::missing_data, "none of 0 rows");
  auto bad = rows;
  bad[7].price = NAN;
  says(sim::series(bad, {}), Fault::bad_input, "2022-01-03T07:00:00Z is nan");
  bad = rows;
  std::swap(bad[7], bad[8]);
  says(sim::series(bad, {}), Fault::bad_input, "do not rise");
  says(sim::series(rows, {.funding = {{begin, 0.0001, curve::eight_hours}}}), Fault::missing_data, "last funding");
}
