#include "ballast/model/bergomi_two_factor.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "ballast/math/normalised_black.h"
#include "ballast/model/conditional_price.h"
#include "tests/support.h"

namespace ballast::model {
namespace {

const BergomiTwoFactor crypto{.variance = {{0.0, 0.1, 0.5}, {0.3, 0.4, 0.35}},
                              .nu = 2.1,
                              .theta = 0.3,
                              .k1 = 12.0,
                              .k2 = 0.9,
                              .rho12 = 0.2,
                              .rho_s1 = -0.25,
                              .rho_s2 = -0.1};

void check_mean(std::span<const double> x, double truth) {
  double sum = 0.0, square = 0.0;
  for (const double v : x) sum += v, square += v * v;
  const double n = static_cast<double>(x.size()), mean = sum / n;
  CAPTURE(mean);
  CHECK(std::abs(mean - truth) <= 3.0 * std::sqrt((square / n - mean * mean) / (n - 1.0)));
}

}  // namespace

TEST_CASE("the two-factor model's vols of vol agree with the table") {
  for (const test::Row& row : test::read_csv("tests/data/bergomi_2f.csv")) {
    CAPTURE(row.line);
    const BergomiTwoFactor model{.variance = ForwardVariance::flat(0.04),
                                 .nu = row["nu"],
                                 .theta = row["theta"],
                                 .k1 = row["k1"],
                                 .k2 = row["k2"],
                                 .rho12 = row["rho12"],
                                 .rho_s1 = row["rho_S1"],
                                 .rho_s2 = row["rho_S2"]};
    CHECK(!fault(model));
    CHECK(std::abs(alpha(model) / row["alpha_theta"] - 1.0) <= 1e-12);
    CHECK(std::abs(forward_vol_vol(model, row["T"]) / row["inst_vol"] - 1.0) <= 1e-12);
    CHECK(std::abs(swap_vol_vol(model, row["T"]) / row["vs_vol_vol"] - 1.0) <= 1e-12);
  }
}

TEST_CASE("price and forward variances of the two-factor model are martingales") {
  const std::vector<double> years = {0.01, 0.03, 0.15, 0.3};
  constexpr std::size_t paths = 12'000;
  const auto plan = BergomiTwoFactorPaths::prepare(crypto, years, {.seed = 4}).value();
  const std::size_t all = paths * years.size();
  std::vector<double> x(all), v(all), f1(all), f2(all), column(paths);
  plan.fill(0, paths, x, v);
  plan.factors(0, paths, f1, f2);
  for (std::size_t t = 0; t < years.size(); ++t) {
    CAPTURE(years[t]);
    for (std::size_t i = 0; i < paths; ++i) column[i] = std::exp(x[t * paths + i]);
    check_mean(column, 1.0);
    check_mean({v.data() + t * paths, paths}, at(crypto.variance, years[t]));
    for (std::size_t i = 0; i < paths; ++i)
      column[i] = forward_variance(crypto, years[t], 0.4, f1[t * paths + i], f2[t * paths + i]);
    check_mean(column, at(crypto.variance, 0.4));
    // V(t) is the forward variance of its own time.
    for (std::size_t i = t; i < paths; i += 997) {
      const double own = forward_variance(crypto, years[t], years[t], f1[t * paths + i], f2[t * paths + i]);
      CHECK(std::abs(v[t * paths + i] / own - 1.0) <= 1e-12);
    }
    // The factors are Ornstein-Uhlenbeck processes: their second moments are known.
    const auto decayed = [&](double k) { return (1.0 - std::exp(-k * years[t])) / k; };
    for (std::size_t i = 0; i < paths; ++i) column[i] = f1[t * paths + i] * f1[t * paths + i];
    check_mean(column, decayed(24.0));
    for (std::size_t i = 0; i < paths; ++i) column[i] = f1[t * paths + i] * f2[t * paths + i];
    check_mean(column, 0.2 * decayed(12.9));
  }
}

TEST_CASE("the skew at the money is Bergomi and Guyon's to first order") {
  // Half the difference of the skews under correlations of both signs: what is even in them, and with it the second
  // order, drops out, and 2 % is left for the third. Batches on their own seeds give the error.
  BergomiTwoFactor model{.variance = ForwardVariance::flat(0.09),
                         .nu = 0.25,
                         .theta = 0.245,
                         .k1 = 5.35,
                         .k2 = 0.28,
                         .rho12 = 0.0,
                         .rho_s1 = -0.759,
                         .rho_s2 = -0.487};
  const double date[] = {0.5}, strikes[] = {-0.02, 0.02};
  constexpr int batches = 8;
  double sum = 0.0, square = 0.0;
  for (int batch = 0; batch < batches; ++batch) {
    double skew = 0.0;
    for (const double sign : {1.0, -1.0}) {
      BergomiTwoFactor signed_model = model;
      signed_model.rho_s1 *= sign, signed_model.rho_s2 *= sign;
      const auto seed = static_cast<std::uint64_t>(batch + 1);
      const auto plan = BergomiTwoFactorPaths::prepare(signed_model, date, {.seed = seed, .antithetic = true}).value();
      const auto calls = conditional_calls(
          [&](std::uint64_t first, std::span<double> x, std::span<double> v) { plan.condition(first, x, v); }, strikes,
          4096, true);
      const auto vol = [&](int k) {
        return math::implied_stdev_of_price(1.0, std::exp(strikes[k]), calls[static_cast<std::size_t>(k)].mean, true)
                   .stdev /
               std::sqrt(0.5);
      };
      skew += 0.5 * sign * (vol(1) - vol(0)) / 0.04;
    }
    sum += skew, square += skew * skew;
  }
  const double mean = sum / batches, error = std::sqrt((square / batches - mean * mean) / (batches - 1));
  const double truth = skew_at_the_money(model, 0.5);
  MESSAGE("skew " << mean << " +- " << error << ", first order " << truth);
  CHECK(std::abs(mean - truth) <= 3.0 * error + 0.02 * std::abs(truth));
  CHECK(error <= 0.01 * std::abs(truth));  // else the test says nothing
}

TEST_CASE("conditional and plain two-factor paths price alike") {
  const double date[] = {0.25}, strikes[] = {-0.1, 0.0, 0.15};
  constexpr std::size_t paths = 8'000;
  const auto plan = BergomiTwoFactorPaths::prepare(crypto, date, {.seed = 8}).value();
  const auto calls = conditional_calls(
      [&](std::uint64_t first, std::span<double> x, std::span<double> v) { plan.condition(first, x, v); }, strikes,
      paths, false);
  std::vector<double> x(paths), payoff(paths);
  plan.fill(paths, paths, x, {});
  for (std::size_t k = 0; k < 3; ++k) {
    double sum = 0.0, square = 0.0;
    for (std::size_t i = 0; i < paths; ++i) {
      const double gain = std::max(std::exp(x[i]) - std::exp(strikes[k]), 0.0);
      sum += gain, square += gain * gain;
    }
    const double mean = sum / paths, error = std::sqrt((square / paths - mean * mean) / paths);
    CHECK(std::abs(mean - calls[k].mean) <= 3.0 * std::hypot(error, calls[k].error));
    CHECK(calls[k].error <= 0.5 * error);
  }
}

TEST_CASE("a two-factor path's bits depend on seed and number alone") {
  const std::vector<double> years = {0.01, 0.02, 0.1};
  const auto plan = BergomiTwoFactorPaths::prepare(crypto, years, {.seed = 5, .antithetic = true}).value();
  std::vector<double> whole(3 * 200), part(3 * 37);
  plan.fill(1001, 200, whole, {});
  plan.fill(1114, 37, part, {});
  for (std::size_t t = 0; t < 3; ++t)
    for (std::size_t i = 0; i < 37; ++i) CHECK(part[t * 37 + i] == whole[t * 200 + 113 + i]);
}

TEST_CASE("correlations and numbers that cannot be are refused") {
  const auto refused = [](BergomiTwoFactor model, const char* word) {
    const double date[] = {1.0};
    const auto plan = BergomiTwoFactorPaths::prepare(model, date, {});
    REQUIRE(!plan);
    CHECK(plan.error().what.find(word) != std::string::npos);
  };
  BergomiTwoFactor model = crypto;
  model.rho12 = 1.0, model.rho_s1 = 0.5, model.rho_s2 = -0.5;
  refused(model, "correlations");
  model = crypto, model.theta = 0.5, model.rho12 = -1.0, model.rho_s1 = model.rho_s2 = 0.0;
  refused(model, "cancel");
  model = crypto, model.nu = -1.0;
  refused(model, "nu is -1");
}

}  // namespace ballast::model
