#include "ballast/curve/funding.h"

#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include "ballast/math/elementary.h"

using namespace ballast;
using curve::FundingCurve;
using curve::FundingPayment;

namespace {

constexpr double day = 1.0 / 365.0;
const Time now = parse_time("2026-02-05T16:00:00Z").value();

Time before(double hours) { return {now.ms - static_cast<std::int64_t>(hours * 3'600'000.0)}; }

}  // namespace

TEST_CASE("a rate of eight hours counts 1,095 times a year") {
  CHECK(curve::annual(1e-4, curve::eight_hours) == doctest::Approx(0.1095).epsilon(1e-15));
}

TEST_CASE("the mean of a history halves with age and counts the time that a rate was for") {
  // One payment of a half life ago, one of now: weights 1 and 2.
  const std::vector<FundingPayment> two = {{before(240.0), 3e-4, curve::eight_hours}, {now, 0.0, curve::eight_hours}};
  CHECK(curve::mean_funding(two, now, Years(10.0 * day)).value() == doctest::Approx(0.1095).epsilon(1e-14));
  // Eight hourly rates of one age are one rate of eight hours.
  const std::vector<FundingPayment> hourly(8, {now, 1e-4 / 8.0, Years(1.0 / 8760.0)});
  CHECK(curve::mean_funding(hourly, now, Years(day)).value() == doctest::Approx(0.1095).epsilon(1e-14));
  // What is not known yet plays no part.
  std::vector<FundingPayment> later = two;
  later.push_back({before(-8.0), 1.0, curve::eight_hours});
  CHECK(curve::mean_funding(later, now, Years(10.0 * day)).value() ==
        curve::mean_funding(two, now, Years(10.0 * day)).value());
  // A constant is its own mean, however it is weighed.
  for (const double half_life : {0.01, 1.0, 30.0, 1e9}) {
    std::vector<FundingPayment> same;
    for (int i = 0; i < 300; ++i) same.push_back({before(8.0 * i), -2e-5, curve::eight_hours});
    CHECK(curve::mean_funding(same, now, Years(half_life * day)).value() == doctest::Approx(-0.0219).epsilon(1e-13));
  }
}

TEST_CASE("the expectation is the integral of the rate, which decays to the mean") {
  const FundingCurve c{.now = 0.4, .mean = 0.1, .half_life = Years(3.0 * day)};
  CHECK(curve::funding_rate(c, Years(0.0)) == 0.4);
  CHECK(curve::funding_rate(c, Years(3.0 * day)) == doctest::Approx(0.25).epsilon(1e-14));
  CHECK(curve::funding_rate(c, Years(6.0 * day)) == doctest::Approx(0.175).epsilon(1e-14));
  CHECK(curve::funding_rate(c, Years(3.0)) == doctest::Approx(0.1).epsilon(1e-14));
  CHECK(curve::mean_rate(c, Years(0.0)) == 0.4);
  CHECK(curve::expected_funding(c, Years(0.0)) == 0.0);
  for (const double days : {0.01, 1.0, 7.0, 91.0}) {
    const int steps = 2000;  // Simpson
    const double h = days * day, step = h / steps;
    double sum = 0.0;
    for (int i = 0; i <= steps; ++i)
      sum += curve::funding_rate(c, Years(i * step)) * (i == 0 || i == steps ? 1.0 : i % 2 ? 4.0 : 2.0);
    CHECK(curve::expected_funding(c, Years(h)) == doctest::Approx(sum * step / 3.0).epsilon(1e-10));
    CHECK(curve::mean_rate(c, Years(h)) == doctest::Approx(curve::expected_funding(c, Years(h)) / h).epsilon(1e-14));
  }
  // Without decay the present rate holds for good.
  const FundingCurve flat{.now = 0.4, .mean = 0.1, .half_life = Years(INFINITY)};
  CHECK(curve::expected_funding(flat, Years(0.5)) == 0.2);
  CHECK(curve::funding_rate(flat, Years(5.0)) == 0.4);
}

TEST_CASE("the deviation over a horizon: the formula in long double, across the change to its series") {
  const double vol = 1.7;
  for (const double half_life : {0.5, 3.0, 30.0, 3000.0}) {
    const FundingCurve c{.now = 0.0, .mean = 0.0, .half_life = Years(half_life * day)};
    const long double a = std::log(2.0L) / static_cast<long double>(c.half_life.value);
    for (const double days : {0.02, 0.1, 0.43, 0.44, 1.0, 4.3, 4.4, 30.0, 400.0}) {
      const long double h = static_cast<long double>(days * day);
      const long double bracket = h + 2.0L * std::expm1(-a * h) / a - std::expm1(-2.0L * a * h) / (2.0L * a);
      const double reference = static_cast<double>(vol / a * std::sqrt(bracket));
      // Near 0 the reference itself cancels: x³/3 of terms of size x, with 64 bits.
      const double x = static_cast<double>(a * h);
      CHECK(std::abs(curve::funding_deviation(c, vol, Years(days * day)) / reference - 1.0) <= 1e-13 + 1e-18 / (x * x));
    }
  }
  const FundingCurve flat{.half_life = Years(INFINITY)};
  CHECK(curve::funding_deviation(flat, 3.0, Years(0.25)) ==
        doctest::Approx(3.0 * 0.125 / std::sqrt(3.0)).epsilon(1e-14));
}

TEST_CASE("one basis point of funding on ten coins for a month") {
  CHECK(curve::funding01(Coin(-10.0), Price(65000.0), Years(30.0 * day)).value ==
        doctest::Approx(-650000.0 * 30.0 / 365.0 * 1e-4).epsilon(1e-14));
}

TEST_CASE("funding outside its domain") {
  const FundingCurve c{.now = 0.4, .mean = 0.1, .half_life = Years(3.0 * day)};
  for (const double h : {-1e-9, double(NAN), double(INFINITY)}) {
    CHECK(std::isnan(curve::funding_rate(c, Years(h))));
    CHECK(std::isnan(curve::mean_rate(c, Years(h))));
    CHECK(std::isnan(curve::expected_funding(c, Years(h))));
    CHECK(std::isnan(curve::funding_deviation(c, 1.0, Years(h))));
  }
  CHECK(std::isnan(curve::funding_rate({0.4, 0.1, Years(0.0)}, Years(1.0))));
  CHECK(std::isnan(curve::funding_rate({NAN, 0.1, Years(1.0)}, Years(1.0))));
  CHECK(std::isnan(curve::funding_deviation(c, -1.0, Years(1.0))));

  const FundingPayment good{now, 1e-4, curve::eight_hours};
  const auto error = [](const auto& result) { return result.error().what; };
  CHECK(curve::mean_funding({}, now, Years(1.0)).error().fault == Fault::missing_data);
  CHECK(error(curve::mean_funding(std::vector{good}, before(1.0), Years(1.0))).find("2026-02-05T15:00:00Z") !=
        std::string::npos);
  CHECK(error(curve::mean_funding(std::vector{good}, now, Years(0.0))).find("half life of 0") != std::string::npos);
  CHECK(error(curve::mean_funding(std::vector{FundingPayment{now, NAN, curve::eight_hours}}, now, Years(1.0)))
            .find("rate nan") != std::string::npos);
  CHECK(error(curve::funding_curve({now, NAN, curve::eight_hours}, std::vector{good}, Years(1.0), Years(1.0)))
            .find("rate nan") != std::string::npos);
  CHECK(error(curve::funding_curve(good, std::vector{good}, Years(1.0), Years(-2.0))).find("half life of -2") !=
        std::string::npos);
  const auto made = curve::funding_curve(good, std::vector{good}, Years(30.0 * day), Years(3.0 * day));
  REQUIRE(made);
  CHECK(made.value().now == made.value().mean);
}
