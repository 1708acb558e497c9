#include "ballast/risk/pnl.h"

#include <cmath>

#include <doctest/doctest.h>

#include "ballast/risk/exposure.h"
#include "tests/worked_example.h"

using namespace ballast;

namespace {

const market::Instrument& perpetual() {
  static const market::Snapshot market = test::worked_market();
  return market.instruments.at("BTC-PERPETUAL");
}

double inverse(double usd, double entry, double price) { return risk::profit(perpetual(), usd, entry, price); }

}  // namespace

TEST_CASE("profits of the venue's checked examples") {  // deribit reference 2.1, to the digits printed there
  CHECK(std::abs(inverse(50, 7440.18, 7476.65) - 3.278e-5) < 5e-9);
  CHECK(std::abs(inverse(185160, 15000, 17391) - 1.69711) < 5e-6);
  // Here the record has more digits than its two prices, each rounded to a cent: half a cent moves 120/P² a cent.
  CHECK(std::abs(inverse(-120, 2559.92, 2613.27) + 0.000957063) <
        120 * 0.005 * (1 / 2559.92 / 2559.92 + 1 / 2613.27 / 2613.27));
  CHECK(std::abs(inverse(1000, 600, 700) - 0.238095) < 5e-7);
  CHECK(std::abs(inverse(1000, 600, 700) * 700 - 166.67) < 5e-3);
}

TEST_CASE("size over mark is the delta") {  // deribit reference 2.1; 50 / 7476.65 is in exposure_test.cc
  market::Snapshot s = test::worked_market();
  const auto coins = [&](double usd, double mark) {
    s.quotes.at("BTC-PERPETUAL") = {.instrument = "BTC-PERPETUAL", .sent = s.as_of, .mark = mark};
    return usd / risk::value(s.instruments.at("BTC-PERPETUAL"), s, vol::quoted(s)).value().price;
  };
  CHECK(std::abs(coins(-60, 45837.07) + 0.001308984) < 5e-10);
  CHECK(std::abs(coins(-120, 2613.27) + 0.04591948) < 5e-9);
}

TEST_CASE("an option's profit in USD goes by the index") {  // deribit reference 2.1
  CHECK(std::abs(risk::option_profit_usd(-1, 0.017497423, Price(1882.4), Usd(67.90573)).value - 34.968581) < 5e-6);
  CHECK(std::abs(risk::option_profit_usd(1, 0.051529, Price(1558.11), Usd(656.76)).value + 576.472) < 1e-3);
}

TEST_CASE("the average entry is harmonic: the profit of two fills is that of their average") {
  const risk::Fill fills[] = {{1000, 50000}, {3000, 70000}};
  const double average = risk::average_entry(fills);
  CHECK(inverse(4000, average, 65000) ==
        doctest::Approx(inverse(1000, 50000, 65000) + inverse(3000, 70000, 65000)).epsilon(1e-12));
  CHECK(average < 65000.0);  // the arithmetic mean of the fills by size, which would be wrong
}
