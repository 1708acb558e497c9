#include "ballast/risk/value_at_risk.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "ballast/math/normal.h"
#include "ballast/risk/delta_gamma.h"
#include "tests/support.h"

using namespace ballast;
using risk::DeltaGamma;
using risk::expected_shortfall;
using risk::TailRisk;
using risk::value_at_risk;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// The mean of VaR over the levels beyond alpha, which is the expected shortfall: by the midpoints of 1 - alpha cut into
// shares that shrink towards the end. Source  C. Acerbi, D. Tasche, J. Banking & Finance 26 (2002) 1487-1503.
double mean_beyond(double alpha, const std::function<double(double)>& var) {
  // Gauss-Legendre of 5 points in each share.
  constexpr double node[] = {-0.9061798459386640, -0.5384693101056831, 0.0, 0.5384693101056831, 0.9061798459386640};
  constexpr double weight[] = {0.2369268850561891, 0.4786286704993665, 0.5688888888888889, 0.4786286704993665,
                               0.2369268850561891};
  double sum = 0.0, share = 1.0 - alpha;
  for (int k = 0; k < 36; ++k, share *= 0.5)
    for (int i = 0; i < 5; ++i) sum += 0.25 * share * weight[i] * var(1.0 - share * (0.75 + 0.25 * node[i]));
  return sum / (1.0 - alpha);
}

}  // namespace

TEST_CASE("VaR and expected shortfall of 25 losses agree with the reference table") {
  const std::vector<double> sample{-3.1, 0.4,  1.7, -0.9, 2.2,  5.9, -1.4, 0.0,  3.3, -2.6, 0.8,  1.1, -0.3,
                                   7.5,  -4.2, 2.9, 0.6,  -1.8, 4.4, 1.3,  -0.7, 9.8, 0.2,  -2.1, 3.0};
  for (const test::Row& row : test::read_csv("tests/data/var_es_sample.csv")) {
    CAPTURE(row.line);
    CHECK(value_at_risk(sample, {}, row["alpha"]) == row["VaR"]);
    CHECK(std::abs(expected_shortfall(sample, {}, row["alpha"]) - row["ES"]) <= 1e-13);
    const std::vector<double> same(25, 0.04);
    CHECK(value_at_risk(sample, same, row["alpha"]) == row["VaR"]);
    CHECK(std::abs(expected_shortfall(sample, same, row["alpha"]) - row["ES"]) <= 1e-13);
  }
}

// A distribution cut into bins of unequal probability, each standing for its mean. One edge is the table's VaR, so the
// shortfall of the bins is that of the distribution.
TEST_CASE("expected shortfall of distributions agrees with the reference table") {
  struct Distribution {
    std::string name;
    std::function<double(double)> tail;       // P(L > x)
    std::function<double(double)> tail_mean;  // E[L; L > x]
    double lowest, highest, mean;
  };
  // Student's t of nu degrees has P(T > t) in elementary terms and E[T; T > t] = (nu + t²)/(nu - 1) f(t); s = unit
  // variance.
  const auto student = [](const std::string& name, double nu, auto tail, double density_at_0) {
    const double s = std::sqrt((nu - 2.0) / nu);
    return Distribution{name,
                        [=](double x) { return tail(x / s); },
                        [=](double x) {
                          const double t = x / s;
                          return s * (nu + t * t) / (nu - 1.0) * density_at_0 *
                                 std::pow(1.0 + t * t / nu, -0.5 * (nu + 1.0));
                        },
                        -300.0,
                        300.0,
                        0.0};
  };
  const double pi = std::numbers::pi;
  const double sd = 0.05;  // the loss 1 - exp(sd Z) exceeds x where Z < ln(1 - x)/sd
  const std::vector<Distribution> all{
      {"normal", [](double x) { return math::norm_cdf(-x); },
       [pi](double x) { return std::exp(-0.5 * x * x) / std::sqrt(2.0 * pi); }, -9.0, 9.0, 0.0},
      student(
          "t3", 3.0,
          [pi](double t) {
            const double u = t / std::sqrt(3.0);
            return 0.5 - (u / (1.0 + u * u) + std::atan(u)) / pi;
          },
          6.0 * std::sqrt(3.0) / (9.0 * pi)),
      student(
          "t4", 4.0,
          [](double t) {
            const double sine = t / std::sqrt(4.0 + t * t);
            return 0.5 - 0.5 * sine * (1.0 + 0.5 * (1.0 - sine * sine));
          },
          0.375),
      student(
          "t6", 6.0,
          [](double t) {
            const double sine = t / std::sqrt(6.0 + t * t), rest = 1.0 - sine * sine;
            return 0.5 - 0.5 * sine * (1.0 + 0.5 * rest + 0.375 * rest * rest);
          },
          15.0 / (16.0 * std::sqrt(6.0))),
      {"lognormal5", [sd](double x) { return x >= 1.0 ? 0.0 : math::norm_cdf(std::log1p(-x) / sd); },
       [sd](double x) {
         const double z = x >= 1.0 ? -infinity : std::log1p(-x) / sd;
         return math::norm_cdf(z) - std::exp(0.5 * sd * sd) * math::norm_cdf(z - sd);
       },
       -0.6, 0.99, -std::expm1(0.5 * sd * sd)}};
  for (const test::Row& row : test::read_csv("tests/data/var_es.csv")) {
    CAPTURE(row.line);
    for (const Distribution& d : all) {
      CAPTURE(d.name);
      const double var = row[d.name + "_var"];
      std::vector<double> edges{d.lowest, d.highest, var};
      for (double x = 0.01; x < d.highest; x *= 1.1) edges.insert(edges.end(), {x, -x});
      std::erase_if(edges, [&](double x) { return x < d.lowest || x > d.highest; });
      std::sort(edges.begin(), edges.end());
      std::vector<double> losses, probabilities;
      const auto bin = [&](double probability, double mean) {
        if (probability < 1e-14) return;  // the mean of next to nothing is all rounding
        probabilities.push_back(probability);
        losses.push_back(mean / probability);
      };
      bin(d.tail(edges.back()), d.tail_mean(edges.back()));
      bin(1.0 - d.tail(edges.front()), d.mean - d.tail_mean(edges.front()));
      for (std::size_t i = 1; i < edges.size(); ++i) {
        bin(d.tail(edges[i - 1]) - d.tail(edges[i]), d.tail_mean(edges[i - 1]) - d.tail_mean(edges[i]));
      }
      const double wanted = row[d.name + "_es"];
      CHECK(std::abs(expected_shortfall(losses, probabilities, row["alpha"]) - wanted) <=
            1e-10 * wanted / (1.0 - row["alpha"]));
    }
  }
}

TEST_CASE("outside their domain both are NaN, and at its edges the mean and the largest loss") {
  const std::vector<double> losses{1.0, 2.0, 6.0}, unequal{0.5, 0.25, 0.25};
  CHECK(expected_shortfall(losses, {}, 0.0) == doctest::Approx(3.0).epsilon(1e-15));
  CHECK(expected_shortfall(losses, unequal, 0.0) == 2.5);
  CHECK(expected_shortfall(losses, unequal, 0.5) == 4.0);
  CHECK(expected_shortfall(losses, unequal, 0.999) == doctest::Approx(6.0).epsilon(1e-13));
  CHECK(value_at_risk(losses, unequal, 0.5) == 1.0);
  CHECK(value_at_risk(losses, unequal, 0.500001) == 2.0);
  CHECK(value_at_risk(losses, unequal, 0.0) == 1.0);
  for (const double alpha : {-0.1, 1.0, 1.5, double(NAN)}) CHECK(std::isnan(expected_shortfall(losses, {}, alpha)));
  CHECK(std::isnan(expected_shortfall({}, {}, 0.9)));
  CHECK(std::isnan(expected_shortfall(losses, std::vector{0.5, 0.5}, 0.9)));
  CHECK(std::isnan(expected_shortfall(losses, std::vector{0.5, 0.6, 0.1}, 0.9)));
  CHECK(std::isnan(value_at_risk(losses, std::vector{0.9, 0.2, -0.1}, 0.9)));
  CHECK(std::isnan(value_at_risk(std::vector<double>{1.0, NAN}, {}, 0.9)));
}

TEST_CASE("VaR and shortfall in closed form agree with the reference table") {
  for (const test::Row& row : test::read_csv("tests/data/var_es.csv")) {
    CAPTURE(row.line);
    const double alpha = row["alpha"];
    const auto check = [&](const std::string& name, const TailRisk& got) {
      CAPTURE(name);
      CHECK(std::abs(got.value_at_risk / row[name + "_var"] - 1.0) <= 1e-12);
      CHECK(std::abs(got.expected_shortfall / row[name + "_es"] - 1.0) <= 1e-12);
    };
    check("normal", risk::normal_tail(alpha, 1.0));
    check("t3", risk::student_tail_risk(alpha, 3.0, 1.0));
    check("t4", risk::student_tail_risk(alpha, 4.0, 1.0));
    check("t6", risk::student_tail_risk(alpha, 6.0, 1.0));
    check("lognormal5", risk::lognormal_tail(alpha, 0.05));
    // Scale and mean.
    const TailRisk moved = risk::normal_tail(alpha, 3.0, 0.5);
    CHECK(moved.value_at_risk == doctest::Approx(3.0 * row["normal_var"] - 0.5).epsilon(1e-14));
    CHECK(moved.expected_shortfall == doctest::Approx(3.0 * row["normal_es"] - 0.5).epsilon(1e-14));
    const TailRisk student = risk::student_tail_risk(alpha, 4.0, 3.0, 0.5);
    CHECK(student.value_at_risk == doctest::Approx(3.0 * row["t4_var"] - 0.5).epsilon(1e-12));
    CHECK(student.expected_shortfall == doctest::Approx(3.0 * row["t4_es"] - 0.5).epsilon(1e-12));
  }
}

TEST_CASE("closed forms: many degrees are normal, a small lognormal too, and no spread is no risk") {
  for (const double alpha : {0.9, 0.99}) {
    const TailRisk normal = risk::normal_tail(alpha, 1.0), student = risk::student_tail_risk(alpha, 1e6, 1.0),
                   small = risk::lognormal_tail(alpha, 1e-8);
    CHECK(student.value_at_risk == doctest::Approx(normal.value_at_risk).epsilon(1e-5));
    CHECK(student.expected_shortfall == doctest::Approx(normal.expected_shortfall).epsilon(1e-5));
    CHECK(1e8 * small.value_at_risk == doctest::Approx(normal.value_at_risk).epsilon(1e-7));
    CHECK(1e8 * small.expected_shortfall == doctest::Approx(normal.expected_shortfall).epsilon(1e-7));
    CHECK(risk::normal_tail(alpha, 0.0, 2.0).value_at_risk == -2.0);
    const TailRisk drifted = risk::lognormal_tail(alpha, 0.3, 0.1);
    CHECK(drifted.expected_shortfall == doctest::Approx(mean_beyond(alpha, [](double a) {
                                          return 1.0 - std::exp(0.1 + 0.3 * math::norm_quantile(1.0 - a));
                                        })).epsilon(1e-6));
  }
  for (const double alpha : {0.0, 1.0, double(NAN)}) CHECK(std::isnan(risk::normal_tail(alpha, 1.0).value_at_risk));
  CHECK(std::isnan(risk::normal_tail(0.9, -1.0).expected_shortfall));
  CHECK(std::isnan(risk::student_tail_risk(0.9, 2.0, 1.0).expected_shortfall));
  CHECK(std::isnan(risk::lognormal_tail(0.9, 1.0, NAN).expected_shortfall));
}

TEST_CASE("delta-gamma: moments, expansion and exact VaR agree with the reference table") {
  for (const test::Row& row : test::read_csv("tests/data/delta_gamma_var.csv")) {
    CAPTURE(row.line);
    const DeltaGamma pnl{row["delta"], row["gamma"], row["s"]};
    const auto m = risk::moments(pnl);
    CHECK(std::abs(m.mean - row["mean"]) <= 1e-14 * std::abs(row["mean"]));
    CHECK(std::abs(m.stdev - row["sd"]) <= 1e-14 * row["sd"]);
    CHECK(std::abs(m.skew - row["skew"]) <= 1e-14 * std::abs(row["skew"]));
    CHECK(std::abs(m.excess_kurtosis - row["ex_kurt"]) <= 1e-13 * row["ex_kurt"]);
    CHECK(std::abs(risk::cornish_fisher_var(pnl, row["alpha"]) / row["cf_var"] - 1.0) <= 1e-12);
    CHECK(std::abs(risk::delta_gamma_tail(pnl, row["alpha"]).value_at_risk / row["exact_var"] - 1.0) <= 1e-12);
  }
}

// x^2 of a standard normal has a closed quantile, and the loss of pure gamma is a multiple of it.
TEST_CASE("delta-gamma: pure gamma, pure delta and mirror images") {
  for (const double alpha : {0.6, 0.95, 0.99, 0.9999}) {
    CAPTURE(alpha);
    const double upper = math::norm_quantile(0.5 * (1.0 - alpha)), middle = math::norm_quantile(1.0 - 0.5 * alpha);
    CHECK(risk::delta_gamma_tail({0.0, -2.0, 3.0}, alpha).value_at_risk ==
          doctest::Approx(9.0 * upper * upper).epsilon(1e-11));
    CHECK(std::abs(risk::delta_gamma_tail({0.0, 2.0, 3.0}, alpha).value_at_risk + 9.0 * middle * middle) <= 1e-11);
    const TailRisk normal = risk::normal_tail(alpha, 6.0), line = risk::delta_gamma_tail({2.0, 0.0, 3.0}, alpha),
                   other = risk::delta_gamma_tail({-2.0, 0.0, 3.0}, alpha),
                   nearly = risk::delta_gamma_tail({2.0, 1e-300, 3.0}, alpha);
    for (const TailRisk& got : {line, other, nearly}) {
      CHECK(got.value_at_risk == doctest::Approx(normal.value_at_risk).epsilon(1e-13));
      CHECK(got.expected_shortfall == doctest::Approx(normal.expected_shortfall).epsilon(1e-12));
    }
    for (const double gamma : {-4.0, 0.7, 5.0}) {
      const TailRisk up = risk::delta_gamma_tail({2.0, gamma, 1.5}, alpha),
                     down = risk::delta_gamma_tail({-2.0, gamma, 1.5}, alpha);
      CHECK(up.value_at_risk == down.value_at_risk);
      CHECK(up.expected_shortfall == down.expected_shortfall);
    }
  }
  CHECK(risk::delta_gamma_tail({0.0, 0.0, 1.0}, 0.9).value_at_risk == 0.0);
  CHECK(std::isnan(risk::delta_gamma_tail({1.0, 1.0, 0.0}, 0.9).value_at_risk));
  CHECK(std::isnan(risk::delta_gamma_tail({1.0, 1.0, 1.0}, 1.0).value_at_risk));
  CHECK(std::isnan(risk::moments({NAN, 1.0, 1.0}).mean));
}

TEST_CASE("delta-gamma: the exact tail is the quantile and the tail mean of many equally likely moves") {
  // The P&L at 50,001 quantiles of the move, a sample without chance.
  constexpr std::size_t n = 50'001;
  for (const DeltaGamma& pnl : {DeltaGamma{1.0, -2.0, 1.0}, DeltaGamma{1.0, 2.0, 1.0}, DeltaGamma{-0.2, -1.0, 2.0},
                                DeltaGamma{3.0, 0.5, 0.7}}) {
    std::vector<double> losses;
    for (std::size_t i = 0; i < n; ++i) {
      const double x = pnl.stdev * math::norm_quantile((static_cast<double>(i) + 0.5) / n);
      losses.push_back(-(pnl.delta * x + 0.5 * pnl.gamma * x * x));
    }
    for (const double alpha : {0.5, 0.95, 0.99}) {
      CAPTURE(pnl.delta);
      CAPTURE(pnl.gamma);
      CAPTURE(alpha);
      const TailRisk got = risk::delta_gamma_tail(pnl, alpha);
      CHECK(got.value_at_risk == doctest::Approx(value_at_risk(losses, {}, alpha)).epsilon(1e-3));
      CHECK(got.expected_shortfall == doctest::Approx(expected_shortfall(losses, {}, alpha)).epsilon(1e-3));
      const double mean = mean_beyond(alpha, [&](double a) { return risk::delta_gamma_tail(pnl, a).value_at_risk; });
      CHECK(got.expected_shortfall == doctest::Approx(mean).epsilon(1e-6));
    }
  }
}
