#include "ballast/hedge/bands.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "tests/support.h"

namespace ballast::hedge {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

bool near(double value, double wanted) { return std::abs(value - wanted) <= 1e-12 * std::abs(wanted); }

BandInputs inputs_of(const test::Row& row) {
  return {.cost_rate = row["lambda"],
          .aversion = row["gamma_abs"],
          .price = Price(row["S"]),
          .gamma = row["gamma_bs"],
          .vol = Vol(row["sigma"]),
          .years = Years(row["T"]),
          .discount = std::exp(-row["r"] * row["T"])};
}

// A short call at the money, 30 days, of one coin: the reference's example.
HedgedBook short_call() {
  return {.gamma = -3.5548801957520802e-5,
          .options = Coin(1.0),
          .price = Price(65000.0),
          .vol = Vol(0.6),
          .years = Years(30.0 / 365.0)};
}

RebalanceRule whalley_wilmott() { return {.band = BandKind::whalley_wilmott, .aversion = 1e-4, .cost_rate = 5e-4}; }

}  // namespace

TEST_CASE("the bands agree with the reference table") {
  const auto rows = test::read_csv("tests/data/hedge_bands.csv");
  REQUIRE(rows.size() == 9);
  for (const test::Row& row : rows) {
    CAPTURE(row.text("case"));
    BandInputs in = inputs_of(row);
    CHECK(near(whalley_wilmott_half_width(in).value, row["ww"]));
    CHECK(near(zakamouline_half_width(in).value, row["zak_half_width"]));
    CHECK(near(zakamouline_vol(in).value, row["sigma_long"]));
    in.gamma = -in.gamma;
    CHECK(near(whalley_wilmott_half_width(in).value, row["ww"]));
    CHECK(near(zakamouline_half_width(in).value, row["zak_half_width"]));
    CHECK(near(zakamouline_vol(in).value, row["sigma_short"]));
  }
}

TEST_CASE("the bands agree with two public implementations") {
  // rebalancing.md section 4 cites their unit test, whose gamma is an input of its own.
  const BandInputs in{
      .cost_rate = 5e-4, .aversion = 1.0, .price = Price(5000.0), .gamma = 0.02, .vol = Vol(0.2), .years = Years(0.25)};
  CHECK(std::abs(zakamouline_half_width(in).value - 0.0209537) <= 5e-8);
  CHECK(std::abs(whalley_wilmott_half_width(in).value - 0.1144714) <= 5e-8);
}

TEST_CASE("Leland's vols agree with the reference table") {
  const auto rows = test::read_csv("tests/data/leland.csv");
  REQUIRE(rows.size() == 5);
  for (const test::Row& row : rows) {
    CAPTURE(row.text("case"));
    const Vol vol(row["sigma"]);
    const Years interval(row["dt"]);
    CHECK(near(leland_vol(vol, row["k_round"] / 2.0, interval, -1.0).value, row["sigma_up"]));
    CHECK(near(leland_vol(vol, row["k_round"] / 2.0, interval, 1.0).value, row["sigma_dn"]));
    CHECK(leland_vol(vol, row["k_round"] / 2.0, interval, 0.0) == vol);
  }
}

TEST_CASE("outside their domains vols and widths are NaN") {
  CHECK(std::isnan(leland_vol(Vol(0.2), 0.01, Years(1.0 / 365.0), 1.0).value));  // Le = 1.52
  CHECK(leland_vol(Vol(0.2), 0.01, Years(1.0 / 365.0), -1.0).value > 0.2);
  CHECK(std::isnan(leland_vol(Vol(0.0), 0.01, Years(0.1), -1.0).value));
  CHECK(std::isnan(leland_vol(Vol(0.2), -0.01, Years(0.1), -1.0).value));
  CHECK(std::isnan(leland_vol(Vol(0.2), 0.01, Years(0.0), -1.0).value));
  const BandInputs good{
      .cost_rate = 5e-4, .aversion = 1.0, .price = Price(100.0), .gamma = 0.02, .vol = Vol(0.2), .years = Years(0.25)};
  const auto all_nan = [](const BandInputs& in) {
    return std::isnan(whalley_wilmott_half_width(in).value) && std::isnan(zakamouline_half_width(in).value) &&
           std::isnan(zakamouline_vol(in).value);
  };
  CHECK_FALSE(all_nan(good));
  BandInputs bad = good;
  bad.aversion = 0.0;
  CHECK(all_nan(bad));
  bad = good, bad.cost_rate = -1e-4;
  CHECK(all_nan(bad));
  bad = good, bad.price = Price(0.0);
  CHECK(all_nan(bad));
  bad = good, bad.gamma = infinity;
  CHECK(all_nan(bad));
  bad = good, bad.years = Years(0.0);
  CHECK(all_nan(bad));
  bad = good, bad.vol = Vol(NAN);
  CHECK(all_nan(bad));
  bad = good, bad.discount = 1.5;
  CHECK(all_nan(bad));
}

TEST_CASE("without gamma Whalley and Wilmott's band closes and Zakamouline's keeps its first term") {
  const BandInputs in{
      .cost_rate = 5e-4, .aversion = 0.1, .price = Price(100.0), .gamma = 0.0, .vol = Vol(0.3), .years = Years(0.25)};
  CHECK(whalley_wilmott_half_width(in).value == 0.0);
  CHECK(near(zakamouline_half_width(in).value, 5e-4 / (0.1 * 100.0 * 0.09 * 0.25)));
  CHECK(zakamouline_vol(in).value == 0.3);
}

TEST_CASE("Zakamouline's variance is kept between a tenth and four times") {
  BandInputs in{
      .cost_rate = 0.05, .aversion = 100.0, .price = Price(100.0), .gamma = 0.02, .vol = Vol(0.2), .years = Years(1.0)};
  CHECK(near(zakamouline_vol(in).value, 0.2 * std::sqrt(0.1)));
  in.cost_rate = 0.2;
  in.gamma = -0.02;
  CHECK(near(zakamouline_vol(in).value, 0.4));
}

TEST_CASE("widths scale as their theory says, for a book as for a coin") {
  const HedgedBook coin = short_call();
  HedgedBook book = coin;
  book.gamma *= 1000.0;
  book.options = Coin(1000.0);
  const double ratio = half_width(whalley_wilmott(), book).value / half_width(whalley_wilmott(), coin).value;
  CHECK(near(ratio, 100.0));                                                        // |gamma|^(2/3)
  CHECK(near(half_width(whalley_wilmott(), coin).value, 0.085089280759832904676));  // the table's btc_atm_30d
  RebalanceRule dearer = whalley_wilmott();
  dearer.cost_rate *= 8.0;
  CHECK(near(half_width(dearer, coin).value / half_width(whalley_wilmott(), coin).value, 2.0));
  const RebalanceRule fixed{.band = BandKind::fixed, .width = 0.05};
  CHECK(near(half_width(fixed, book).value, 50.0));
}

TEST_CASE("a width has the noise as floor and the options as ceiling") {
  HedgedBook book = short_call();
  book.noise = Coin(0.2);
  CHECK(half_width(whalley_wilmott(), book).value == 0.4);
  book.noise = Coin(3.0);
  CHECK(half_width(whalley_wilmott(), book).value == 1.0);
  book.noise = Coin(NAN);
  CHECK(std::isnan(half_width(whalley_wilmott(), book).value));
  book = short_call();
  book.options = Coin(0.0);
  CHECK(std::isnan(half_width(whalley_wilmott(), book).value));
  CHECK(half_width(RebalanceRule{}, book).value == 0.0);
}

TEST_CASE("in the last day Zakamouline's band gives way") {
  RebalanceRule rule = whalley_wilmott();
  rule.band = BandKind::zakamouline;
  HedgedBook book = short_call();
  CHECK(near(half_width(rule, book).value, 0.066061870095943042645));  // the table's btc_atm_30d
  CHECK(near(hedge_vol(rule, book).value, 0.60677862826983341793));
  book.years = Years(0.9 / 365.0);
  CHECK(half_width(rule, book) == half_width(whalley_wilmott(), book));
  CHECK(hedge_vol(rule, book) == book.vol);
  rule.handover = Years(0.0);
  CHECK(half_width(rule, book).value > half_width(whalley_wilmott(), book).value);
  CHECK(hedge_vol(rule, book) > book.vol);
  book.years = Years(1e-9);  // an expiry in 32 ms: the first term alone is 200 coins
  CHECK(half_width(rule, book) == book.options);
}

TEST_CASE("a rule without conditions trades to neutral at every look") {
  HedgedBook book = short_call();
  book.delta = Coin(-0.01);
  CHECK(wanted(RebalanceRule{}, book) == Coin(0.0));
  book.delta = Coin(0.0);
  CHECK_FALSE(wanted(RebalanceRule{}, book));
}

TEST_CASE("a band is left alone inside and entered at its nearest edge or its middle") {
  HedgedBook book = short_call();
  RebalanceRule rule{.band = BandKind::fixed, .width = 0.05};
  book.delta = Coin(0.05);
  CHECK_FALSE(wanted(rule, book));
  book.delta = Coin(-0.05);
  CHECK_FALSE(wanted(rule, book));
  book.delta = Coin(0.07);
  CHECK(wanted(rule, book) == Coin(0.05));
  book.delta = Coin(-0.07);
  CHECK(wanted(rule, book) == Coin(-0.05));
  rule.first_target = BandTarget::middle;
  CHECK(wanted(rule, book) == Coin(0.0));
  book.price_at_trade = Price(65000.0);
  CHECK(wanted(rule, book) == Coin(-0.05));
  rule.target = BandTarget::middle;
  CHECK(wanted(rule, book) == Coin(0.0));
}

TEST_CASE("a trade waits for the least interval and the least move") {
  HedgedBook book = short_call();
  book.delta = Coin(0.3);
  RebalanceRule rule{.least_interval = Years(8.0 / 8760.0)};
  CHECK(wanted(rule, book));  // the first one waits for nothing
  book.since_trade = Years(7.9 / 8760.0);
  CHECK_FALSE(wanted(rule, book));
  double sum = 0.0;
  for (int i = 0; i < 48; ++i) sum += 10.0 / 525600.0;  // 8 hours in rounded steps of ten minutes
  book.since_trade = Years(sum);
  CHECK(wanted(rule, book));
  rule = {.least_move = 0.01};
  CHECK(wanted(rule, book));
  book.price_at_trade = Price(64500.0);  // 0.78 % ago
  CHECK_FALSE(wanted(rule, book));
  book.price_at_trade = Price(66000.0);  // -1.5 %
  CHECK(wanted(rule, book));
  rule = {.least_move = 1.0, .move_span = Years(1.0 / 365.0)};  // one day's standard deviation, 3.1 %
  CHECK_FALSE(wanted(rule, book));
  book.price_at_trade = Price(67200.0);
  CHECK(wanted(rule, book));
}

TEST_CASE("a book outside its domain gives NaN, not silence") {
  HedgedBook book = short_call();
  book.delta = Coin(NAN);
  REQUIRE(wanted(whalley_wilmott(), book));
  CHECK(std::isnan(wanted(whalley_wilmott(), book)->value));
  book = short_call();
  book.gamma = NAN;
  REQUIRE(wanted(whalley_wilmott(), book));
  CHECK(std::isnan(wanted(whalley_wilmott(), book)->value));
}

TEST_CASE("a rule outside its ranges is refused with the number in the text") {
  CHECK(checked(RebalanceRule{}));
  CHECK(checked(whalley_wilmott()));
  const auto refused = [](const RebalanceRule& rule, const char* word) {
    const auto result = checked(rule);
    return !result && result.error().what.find(word) != std::string::npos;
  };
  CHECK(refused({.band = BandKind::fixed, .width = 1.5}, "1.5"));
  CHECK(refused({.band = BandKind::whalley_wilmott}, "aversion"));
  CHECK(refused({.cost_rate = -0.25}, "-0.25"));
  CHECK(refused({.least_interval = Years(NAN)}, "nan"));
  CHECK(refused({.least_move = -1.0}, "least move"));
  CHECK(refused({.band = BandKind::zakamouline, .aversion = 1.0, .leland_interval = Years(0.001)}, "Leland"));
}

}  // namespace ballast::hedge
