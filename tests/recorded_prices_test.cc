// The recorded price and funding series, and what their origin says of them.
#include <cmath>
#include <map>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "ballast/store/file.h"
#include "ballast/venue/bars_csv.h"
#include "ballast/venue/funding_csv.h"
#include "tests/support.h"

using namespace ballast;

namespace {

std::optional<std::vector<venue::Bar>> bars(const std::string& path, const venue::BarColumns& columns) {
  const auto found = test::shared(path);
  if (!found) return std::nullopt;
  return venue::decode_bars_csv(store::read_bytes(*found).value(), columns).value();
}

const venue::BarColumns hourly{"DateTime", "Open", "High", "Low", "Close", "Volume"};
const char* const hours = "data/binance-btcusdt-1h-201708-202312/BTCUSDT_1h.csv.zst";
const char* const minutes = "data/btcperp-1m-202201/btc-perp-20211231-20220201_1m.csv.zst";

}  // namespace

TEST_CASE("six years of hours: no hole, the lows that are known, and the hours that were filled") {
  const auto found = bars(hours, hourly);
  if (!found) return;
  REQUIRE(found->size() == 55'597);
  int filled = 0;
  std::set<std::int64_t> days;
  for (std::size_t i = 0; i < found->size(); ++i) {
    const venue::Bar& bar = (*found)[i];
    if (i > 0) REQUIRE(bar.at.ms - (*found)[i - 1].at.ms == 3'600'000);
    if (bar.decimals > 2) {
      ++filled;
      days.insert(bar.at.ms / 86'400'000);
    }
    if (bar.at == instant({2020, 3, 13}, 2).value()) CHECK(bar.low == 3782.13);
    if (bar.at == instant({2021, 5, 19}, 13).value()) CHECK(bar.low == 30'000.0);
  }
  CHECK(filled == 128);
  CHECK(days.size() == 29);
}

TEST_CASE("a month of minutes: no hole, and a row's time is the end of its minute") {
  const auto found = bars(minutes, {}), other = bars(hours, hourly);
  if (!found || !other) return;
  REQUIRE(found->size() == 45'031);
  std::map<Time, double> close;
  for (std::size_t i = 0; i < found->size(); ++i) {
    if (i > 0) REQUIRE((*found)[i].at.ms - (*found)[i - 1].at.ms == 60'000);
    close[(*found)[i].at] = (*found)[i].close;
  }
  // Binance's hour that opens at t has its close at t + 1 h: another market, but of the same minute.
  const auto deviation = [&](std::int64_t shift_ms) {
    double count = 0.0, sum = 0.0, squares = 0.0;
    for (const venue::Bar& hour : *other) {
      const auto at = close.find(Time{hour.at.ms + 3'600'000 + shift_ms});
      if (at == close.end()) continue;
      const double off = std::log(at->second / hour.close);
      count += 1.0, sum += off, squares += off * off;
    }
    REQUIRE(count > 700.0);
    return std::sqrt(squares / count - sum / count * (sum / count));
  };
  CHECK(deviation(0) < 3e-4);
  CHECK(deviation(-60'000) > 8e-4);
  CHECK(deviation(60'000) > 8e-4);
}

TEST_CASE("three years of funding of six venues: their schedules in UTC, and Binance's mean and range") {
  struct Venue {
    const char* file;
    std::size_t rows;
    double ahead_h;
    std::int64_t first_hour;  // of the day, UTC; then every eight
    int off_schedule;
  };
  for (const Venue& v :
       {Venue{"binance_2020-01-01_2024-01-01", 4383, 3.0, 0, 0}, Venue{"bybit_2021-01-01_2024-01-01", 3285, 3.0, 0, 0},
        Venue{"gate_2020-01-01_2024-01-01", 4290, 0.0, 0, 0}, Venue{"htx_2021-01-01_2024-01-01", 3284, 3.0, 0, 7},
        Venue{"kucoin_2021-01-01_2024-01-01", 3285, 3.0, 4, 0}, Venue{"mexc_2021-01-01_2024-01-01", 3285, 3.0, 0, 0}}) {
    const auto path =
        test::shared("data/funding-btc-2020-2023/BTC-USDT_" + std::string(v.file) + "_funding_history.csv.zst");
    if (!path) return;
    CAPTURE(v.file);
    const auto found = venue::decode_funding_csv(store::read_bytes(*path).value(), 3600.0 * v.ahead_h);
    REQUIRE(found);
    CHECK(found.value().rows.size() == v.rows);
    int off = 0;
    double sum = 0.0, most = 0.0;
    for (const venue::FundingRow& row : found.value().rows) {
      off += (row.at.ms / 60'000 - v.first_hour * 60) % 480 == 0 ? 0 : 1;
      sum += row.rate;
      most = std::max(most, std::abs(row.rate));
    }
    CHECK(off == v.off_schedule);
    if (v.rows == 4383) CHECK(sum / 4383.0 * 1095.0 == doctest::Approx(0.150).epsilon(0.01));
    if (v.rows == 4383) CHECK(most == 0.003);
  }
}
