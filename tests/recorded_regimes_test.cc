#include "ballast/risk/regimes.h"

#include <cmath>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "ballast/store/file.h"
#include "tests/support.h"

using namespace ballast;
using risk::Regime;

TEST_CASE("regimes: Bitcoin's days of 2017 to 2023, the crashes that everybody remembers among them") {
  const auto path = test::shared("data/binance-btcusdt-1h-201708-202312/BTCUSDT_1h.csv.zst");
  if (!path) return;
  const auto bytes = store::read_bytes(*path);
  REQUIRE(bytes);
  std::istringstream lines(bytes.value());
  std::string line;
  std::getline(lines, line);
  REQUIRE(line == "DateTime,Open,High,Low,Close,Volume");
  std::vector<Time> times;
  std::vector<double> prices;
  while (std::getline(lines, line)) {
    if (line.size() < 20 || line.substr(11, 2) != "00") continue;  // the price at midnight: the open of its hour
    times.push_back(parse_time(line.substr(0, 19)).value());
    prices.push_back(std::stod(line.substr(20)));
  }
  const auto found = risk::regimes(times, prices).value();
  std::map<Regime, double> count;
  std::map<std::string, Regime> on;
  for (std::size_t i = 0; i < found.size(); ++i) {
    ++count[found[i]];
    on[to_string(times[i]).substr(0, 10)] = found[i];
  }
  const double known = static_cast<double>(found.size()) - count[Regime::unknown];
  MESSAGE(fmt::format("{} days: {:.2f} % crash, {:.2f} % rally", known, 100.0 * count[Regime::crash] / known,
                      100.0 * count[Regime::rally] / known));
  // As the header says, to its digits.
  CHECK(std::abs(count[Regime::crash] / known - 0.029) <= 0.001);
  CHECK(std::abs(count[Regime::rally] / known - 0.033) <= 0.001);
  for (const char* crash : {"2020-03-12", "2021-05-19", "2022-11-08", "2022-06-13"}) {
    CAPTURE(crash);
    CHECK(on.at(crash) == Regime::crash);
  }
  for (const char* rally : {"2019-10-25", "2023-10-23"}) {
    CAPTURE(rally);
    CHECK(on.at(rally) == Regime::rally);
  }
}
