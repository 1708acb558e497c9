#include "ballast/vol/vol_index.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include <doctest/doctest.h>

#include "tests/support.h"

using namespace ballast;
using namespace ballast::vol;
using market::Settlement;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

std::vector<StrikeQuote> chain_of(double days) {
  std::vector<StrikeQuote> out;
  for (const test::Row& row : test::read_csv("tests/data/vol_index_chain.csv")) {
    if (row["days"] == days) out.push_back({.strike = row["K"], .call = row["call"], .put = row["put"]});
  }
  return out;
}

// What the table's chains were made from: fitted to its vols, the numbers came out round.
Svi svi_of(double days) {
  return days == 24.0 ? Svi{.a = 0.0085, .b = 0.085, .rho = -0.12, .m = 0.015, .sigma = 0.16}
                      : Svi{.a = 0.013, .b = 0.10, .rho = -0.10, .m = 0.02, .sigma = 0.19};
}

Smile smile_of_svi(const Svi& svi) {
  return [svi](double k) { return at(svi, k); };
}

constexpr double rate = 0.03;  // of the table: its D_regression is e^{-rate T}

/// The variance swap by another integral: E[-2 ln(S/F)] is the integral of w(k) over the normal density of d2
/// (Fukasawa 2012, theorem 2.8). Simpson, with the C library and a difference for the derivative.
double by_the_density_of_d2(const Svi& svi, double years) {
  const auto d2 = [&](double k) {
    const double s = std::sqrt(at(svi, k).total_variance);
    return -k / s - 0.5 * s;
  };
  const auto integrand = [&](double k) {
    const SmilePoint p = at(svi, k);
    const double s = std::sqrt(p.total_variance), z = d2(k);
    const double slope = -1.0 / s + (k / p.total_variance - 0.5) * 0.5 * p.slope / s;
    return p.total_variance * std::exp(-0.5 * z * z) / std::sqrt(2.0 * std::acos(-1.0)) * -slope;
  };
  const int n = 1'600'000;
  const double low = -25.0, high = 25.0, h = (high - low) / n;
  double sum = integrand(low) + integrand(high);
  for (int i = 1; i < n; ++i) sum += (i % 2 == 1 ? 4.0 : 2.0) * integrand(low + i * h);
  return sum * h / 3.0 / years;
}

}  // namespace

TEST_CASE("single expiries and the 30-day index agree with the reference table") {
  const auto rows = test::read_csv("tests/data/vol_index_result.csv");
  std::vector<TermVariance> terms;
  double worst = 0.0;
  const auto compare = [&](double got, double reference) {
    const double error = std::abs(got / reference - 1.0);
    if (!(error <= worst)) worst = error;
  };
  for (const test::Row& row : rows) {
    const double days = row["days"];
    if (!row.has("sigma2")) {
      REQUIRE(terms.size() == 2);
      compare(100.0 * constant_maturity_vol(terms[0], terms[1], days * 1440.0).value, row["index"]);
      continue;
    }
    const Years years(row["T"]);
    const auto got = expiry_variance(chain_of(days), Settlement::linear, years, {.rate = rate});
    REQUIRE(got);
    CHECK(got.value().k0 == row["K0"]);
    CHECK(got.value().strikes == 26);
    CHECK(got.value().least_strike == 30000.0);
    CHECK(got.value().most_strike == 140000.0);
    compare(got.value().forward.value, row["F_parity"]);
    compare(got.value().variance, row["sigma2"]);
    compare(100.0 * std::sqrt(got.value().variance), row["index"]);
    terms.push_back({.years = years, .variance = got.value().variance, .minutes = days * 1440.0});

    const VarianceSwap swap = variance_swap(smile_of_svi(svi_of(days)), years);
    CHECK(swap.outcome == SmileOutcome::ok);
    compare(100.0 * swap.level.value, row["svi_var_swap"]);
    MESSAGE(days, " days: ", swap.evaluations, " evaluations");
  }
  MESSAGE("worst ", worst, " relative");
  CHECK(worst <= 2e-13);  // the table prints 14 digits
}

TEST_CASE("the two-expiry rule gives the white paper's example") {
  const TermVariance near{.years = Years(0.0683486), .variance = 0.01846292, .minutes = 35924.0};
  const TermVariance far{.years = Years(0.0882686), .variance = 0.01882101, .minutes = 46394.0};
  CHECK(std::abs(100.0 * constant_maturity_vol(near, far, 43200.0).value - 13.6858) <= 5e-5);
  // At an end the other expiry does not count, and outside there is no index.
  CHECK(constant_maturity_vol(near, {.years = Years(1.0), .variance = 9.0, .minutes = 46394.0}, 35924.0).value ==
        doctest::Approx(std::sqrt(0.0683486 * 0.01846292 * 525600.0 / 35924.0)));
  CHECK(std::isnan(constant_maturity_vol(near, far, 35923.0).value));
  CHECK(std::isnan(constant_maturity_vol(near, far, 46395.0).value));
  CHECK(std::isnan(constant_maturity_vol(far, near, 43200.0).value));
  CHECK(std::isnan(
      constant_maturity_vol({.years = Years(0.07), .variance = -1.0, .minutes = 35924.0}, far, 40000.0).value));
  CHECK(std::isnan(constant_maturity_vol(near, far, not_a_number).value));
}

TEST_CASE("a chain quoted in coin gives the variance of the same chain in dollars") {
  for (const double days : {24.0, 38.0}) {
    const Years years(days / 365.0);
    // Without a rate parity is exact in both units only if the quotes obey it: puts from calls.
    const double forward = 65100.0;
    std::vector<StrikeQuote> usd = chain_of(days), coin;
    for (StrikeQuote& q : usd) {
      q.put = *q.call - (forward - q.strike);
      if (*q.put < 0.0) q.call = *q.call - *q.put, q.put = 0.0;
      coin.push_back({.strike = q.strike, .call = *q.call / forward, .put = *q.put / forward});
    }
    const auto linear = expiry_variance(usd, Settlement::linear, years, {});
    const auto inverse = expiry_variance(coin, Settlement::inverse, years, {.rate = 5.0});  // no rate on a coin
    REQUIRE(linear);
    REQUIRE(inverse);
    CHECK(linear.value().forward.value == doctest::Approx(forward).epsilon(1e-12));
    CHECK(inverse.value().forward.value == doctest::Approx(forward).epsilon(1e-12));
    CHECK(inverse.value().variance == doctest::Approx(linear.value().variance).epsilon(1e-12));
    CHECK(inverse.value().strikes == linear.value().strikes);
  }
}

TEST_CASE("a wing ends at two strikes without a quote, and only there") {
  std::vector<StrikeQuote> chain = chain_of(24.0);
  const auto strikes = [&](int stop_after) {
    const auto got =
        expiry_variance(chain, Settlement::linear, Years(24.0 / 365.0), {.rate = rate, .stop_after = stop_after});
    REQUIRE(got);
    return std::tuple(got.value().strikes, got.value().least_strike, got.value().most_strike);
  };
  chain[5].put = std::nullopt;  // one gap is jumped
  CHECK(strikes(2) == std::tuple(25, 30000.0, 140000.0));
  chain[4].put = 0.0;  // a price of 0 is no quote
  CHECK(strikes(2) == std::tuple(20, 52000.0, 140000.0));
  CHECK(strikes(0) == std::tuple(24, 30000.0, 140000.0));
  chain[22].call = chain[24].call = std::nullopt;  // not in a row
  CHECK(strikes(2) == std::tuple(18, 52000.0, 140000.0));
}

TEST_CASE("K0 is the highest strike not above the forward") {
  const auto k0 = [](double forward) {
    const auto got = expiry_variance(chain_of(24.0), Settlement::linear, Years(24.0 / 365.0),
                                     {.rate = rate, .forward = Price(forward)});
    REQUIRE(got);
    CHECK(got.value().forward.value == forward);
    return got.value().k0;
  };
  CHECK(k0(65000.0) == 65000.0);
  CHECK(k0(64999.99) == 64000.0);
  CHECK(k0(65999.99) == 65000.0);
}

TEST_CASE("what a chain lacks is named") {
  const std::vector<StrikeQuote> good = chain_of(24.0);
  const Years years(24.0 / 365.0);
  struct Case {
    const char* word;
    Fault fault;
    std::function<void(std::vector<StrikeQuote>&, IndexRules&)> spoil;
  };
  const Case cases[] = {
      {"-1", Fault::bad_input, [](auto& chain, auto&) { chain[3].put = -1.0; }},
      {"nan", Fault::bad_input, [](auto& chain, auto&) { chain[3].strike = not_a_number; }},
      {"65000", Fault::bad_input, [](auto& chain, auto&) { chain[14].strike = 65000.0; }},
      {"inf", Fault::bad_input, [](auto&, auto& rules) { rules.rate = std::numeric_limits<double>::infinity(); }},
      {"forward -5", Fault::bad_input, [](auto&, auto& rules) { rules.forward = Price(-5.0); }},
      {"no forward", Fault::missing_data,
       [](auto& chain, auto&) {
         for (StrikeQuote& q : chain) q.call = std::nullopt;
       }},
      {"lacks", Fault::missing_data,
       [](auto& chain, auto& rules) {
         rules.forward = Price(65128.0);
         chain[13].put = std::nullopt;
       }},
      {"at or below", Fault::missing_data, [](auto&, auto& rules) { rules.forward = Price(20000.0); }},
      {"2 strikes", Fault::missing_data, [](auto& chain, auto&) { chain = {chain[13], chain[14]}; }},
  };
  for (const Case& c : cases) {
    std::vector<StrikeQuote> chain = good;
    IndexRules rules{.rate = rate};
    c.spoil(chain, rules);
    const auto got = expiry_variance(chain, Settlement::linear, years, rules);
    CAPTURE(c.word);
    REQUIRE(!got);
    CAPTURE(got.error().what);
    CHECK(got.error().fault == c.fault);
    CHECK(got.error().what.find(c.word) != std::string::npos);
  }
  CHECK(!expiry_variance(good, Settlement::linear, Years(0.0), {}));
  CHECK(!expiry_variance({}, Settlement::linear, years, {}));
}

TEST_CASE("a variance swap is the square of a flat vol, and the integral over the density of d2 of a smile") {
  for (const double w : {1e-8, 1e-4, 0.02, 1.0, 9.0}) {
    CAPTURE(w);
    const VarianceSwap swap = variance_swap([w](double) { return SmilePoint{w, 0.0, 0.0}; }, Years(0.25));
    CHECK(swap.outcome == SmileOutcome::ok);
    CHECK(std::abs(swap.variance * 0.25 / w - 1.0) <= 1e-13);
  }
  double worst = 0.0;
  int most = 0;
  for (const auto& [svi, years] :
       {std::pair(svi_of(24.0), 24.0 / 365.0), std::pair(svi_of(38.0), 38.0 / 365.0),
        std::pair(Svi{.a = 0.001, .b = 0.045, .rho = -0.65, .m = 0.012, .sigma = 0.055}, 1.0 / 12.0),
        std::pair(Svi{.a = 0.09, .b = 0.19, .rho = 0.02, .m = -0.05, .sigma = 0.42}, 0.5),
        std::pair(Svi{.a = 0.0002, .b = 0.02, .rho = 0.3, .m = 0.01, .sigma = 0.01}, 0.01)}) {
    const VarianceSwap swap = variance_swap(smile_of_svi(svi), Years(years));
    REQUIRE(swap.outcome == SmileOutcome::ok);
    most = std::max(most, swap.evaluations);
    worst = std::fmax(worst, std::abs(swap.variance / by_the_density_of_d2(svi, years) - 1.0));
  }
  MESSAGE("worst ", worst, " relative, at most ", most, " evaluations");
  CHECK(worst <= 1e-12);
  // Skew matters: more puts than calls raise the swap over the money's vol, in either direction of the strikes.
  const Svi tilted{.a = 0.01, .b = 0.1, .rho = -0.6, .m = 0.0, .sigma = 0.1};
  CHECK(variance_swap(smile_of_svi(tilted), Years(0.1)).variance > at(tilted, 0.0).total_variance / 0.1);
}

TEST_CASE("a variance swap without an answer has a named outcome") {
  const auto outcome = [](const Smile& smile, double years) { return variance_swap(smile, Years(years)).outcome; };
  const auto wings = [](double slope) {
    return [slope](double k) { return SmilePoint{0.04 + slope * std::abs(k), k < 0.0 ? -slope : slope, 0.0}; };
  };
  CHECK(outcome(wings(1.0), 1.0) == SmileOutcome::ok);
  CHECK(outcome(wings(2.5), 1.0) == SmileOutcome::no_solution);
  CHECK(outcome(wings(1.0), 0.0) == SmileOutcome::bad_input);
  CHECK(outcome(wings(-0.1), 1.0) == SmileOutcome::bad_input);  // w < 0 from |k| = 0.4
  CHECK(outcome([](double) { return SmilePoint{not_a_number, 0.0, 0.0}; }, 1.0) == SmileOutcome::bad_input);
  CHECK(std::isnan(variance_swap(wings(2.5), Years(1.0)).level.value));
  // A smile of noise never lets two halves agree.
  CHECK(outcome(
            [](double k) {
              const double noise = std::sin(1e9 * k);
              return SmilePoint{0.04 * (1.5 + noise), 0.0, 0.0};
            },
            1.0) == SmileOutcome::limit);
}
