#include "ballast/model/transform.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <functional>
#include <string>
#include <vector>

#include "ballast/base/rng.h"
#include "ballast/model/merton_series.h"
#include "tests/model_tables.h"
#include "tests/support.h"
#include "tests/table_error.h"

using namespace ballast;
using model::TransformModel;

namespace {

/// Everything that the transform has to say of some options.
struct Answers {
  std::vector<double> price, delta, gamma, theta, minimum_variance_delta, gradient;
  model::TransformReport report;
};
Answers answers(const TransformModel& model, double forward, double years, const std::vector<double>& strike,
                const std::vector<double>& sign) {
  const std::size_t n = strike.size();
  Answers a{.price = std::vector<double>(n),
            .delta = std::vector<double>(n),
            .gamma = std::vector<double>(n),
            .theta = std::vector<double>(n),
            .minimum_variance_delta = std::vector<double>(n),
            .gradient = std::vector<double>(n * model::values(model).size()),
            .report = {}};
  a.report = model::transform(model, {Price(forward), Years(years), strike, sign},
                              {a.price, a.delta, a.gamma, a.theta, a.minimum_variance_delta, a.gradient})
                 .value();
  return a;
}
std::vector<double> prices(const TransformModel& model, double forward, double years, const std::vector<double>& strike,
                           double sign = 1.0) {
  std::vector<double> price(strike.size());
  const std::vector<double> signs(strike.size(), sign);
  REQUIRE(model::transform(model, {Price(forward), Years(years), strike, signs}, {.price = price}));
  return price;
}

/// df/dx from f at x -+ h, 2h, 3h, 4h: what it leaves is of the ninth derivative. Fornberg, Math. Comp. 51 (1988).
double slope(const std::function<double(double)>& f, double x, double h) {
  constexpr double weight[] = {4.0 / 5.0, -1.0 / 5.0, 4.0 / 105.0, -1.0 / 280.0};
  double sum = 0.0;
  for (int i = 1; i <= 4; ++i) sum += weight[i - 1] * (f(x + i * h) - f(x - i * h));
  return sum / h;
}

struct Table {
  std::string name;
  double price, delta, gamma, to_v0, hedge;  // bounds: of S, absolute, per S, of S, absolute
};

/// One model of each kind, of a size that options on coins have.
const std::vector<TransformModel>& samples() {
  static const model::Heston heston{.v0 = 0.36, .kappa = 3.0, .theta = 0.42, .xi = 1.6, .rho = -0.15};
  static const std::vector<TransformModel> all = {model::BlackScholes{0.6},
                                                  model::Merton{0.45, {12.0, -0.02, 0.06}},
                                                  model::Kou{0.5, 9.0, 0.45, 14.0, 11.0},
                                                  heston,
                                                  model::Bates{heston, {6.0, -0.03, 0.08}},
                                                  model::Svcj{heston, {6.0, -0.03, 0.08}, 0.2, -0.1},
                                                  model::VarianceGamma{0.6, 0.05, -0.2},
                                                  model::Nig{9.0, -1.0, 3.5},
                                                  model::Cgmy{1.5, 8.0, 9.0, 0.8}};
  return all;
}

}  // namespace

TEST_CASE("the transform agrees with the reference tables") {
  // Variance gamma with half a nu of time has a gamma without bound near its far drift: hence 1e-13.
  const Table tables[] = {{"heston", 1e-15, 3e-15, 5e-13, 1e-14, 5e-14}, {"bates", 1e-15, 2e-15, 1e-14, 2e-15, 0.0},
                          {"merton", 1e-15, 2e-15, 4e-14, 0.0, 0.0},     {"kou", 1e-15, 2e-15, 1e-14, 0.0, 0.0},
                          {"svcj", 1e-15, 2e-15, 3e-14, 2e-15, 0.0},     {"vg", 2e-15, 2e-15, 1e-13, 0.0, 0.0},
                          {"nig", 1e-15, 2e-15, 1e-14, 0.0, 0.0},        {"cgmy", 1e-14, 4e-15, 1e-14, 0.0, 0.0}};
  for (const Table& table : tables) {
    test::TableError errors;
    for (const test::Row& row : test::read_csv("tests/data/" + table.name + "_prices.csv")) {
      const TransformModel model = test::model_of(table.name, row);
      const double s = row["S"], carry = row["r"] - row["q"], years = row["T"], strike = row["K"];
      const double discount = std::exp(-row["r"] * years), yield = std::exp(-row["q"] * years);
      const Answers a = answers(model, s * std::exp(carry * years), years, {strike, strike}, {1.0, -1.0});
      const std::string at = row.text("set") + " line " + std::to_string(row.line);
      constexpr double epsilon = 0x1p-52;
      errors.add("price", discount * a.price[0], row["call"], s * table.price / epsilon, at);
      errors.add("price", discount * a.price[1], row["put"], s * table.price / epsilon, at);
      errors.add("delta", yield * a.delta[0], row["call_delta"], table.delta / epsilon, at);
      errors.add("delta", yield * a.delta[1], row["call_delta"] - yield, table.delta / epsilon, at);
      errors.add("gamma", discount * std::exp(2.0 * carry * years) * a.gamma[0], row["gamma"],
                 table.gamma / (s * epsilon), at);
      if (table.to_v0 > 0.0)
        errors.add("gradient", discount * a.gradient[0], row["dV_dv0"], s * table.to_v0 / epsilon, at);
      if (table.hedge > 0.0)
        errors.add("minimum_variance_delta", yield * a.minimum_variance_delta[0], row["call_delta_minvar"],
                   table.hedge / epsilon, at);
    }
    CAPTURE(table.name);
    INFO(errors.text());
    CHECK(errors.worst() <= 1.0);
  }
}

TEST_CASE("characteristic functions agree with the reference table to 1e-14") {
  for (const test::Row& row : test::read_csv("tests/data/characteristic_functions.csv")) {
    CAPTURE(row.line);
    const TransformModel model = test::model_of(row.text("model"), row.text("params"));
    const auto phi = model::characteristic_function(model, {row["u_re"], row["u_im"]}, Years(row["T"]));
    CHECK(std::abs(phi - std::complex<double>(row["phi_re"], row["phi_im"])) <= 1e-14);
  }
}

TEST_CASE("the exponential of the log-price has mean 1 in every model") {
  for (const TransformModel& model : samples()) {
    CAPTURE(model::name(model));
    for (const double years : {0.01, 0.25, 3.0}) {
      const auto mean = model::characteristic_function(model, {0.0, -1.0}, Years(years));
      CHECK(std::abs(mean - 1.0) <= 1e-14);
      CHECK(std::abs(model::log_moment(model, 1.0, Years(years))) <= 1e-14);
      CHECK(std::abs(model::log_moment(model, 0.0, Years(years))) <= 1e-14);
      // On the real line between 0 and 1 the two ways to the exponent meet; the double jump's is a bound.
      const double near = std::log(model::characteristic_function(model, {1e-9, -0.4}, Years(years)).real());
      const double real = model::log_moment(model, 0.4, Years(years));
      if (model::name(model) == "svcj")
        CHECK(real >= near - 1e-13);
      else
        CHECK(std::abs(real - near) <= 1e-13);
    }
  }
}

TEST_CASE("calls and puts keep to parity, and a strike's bits do not depend on its column") {
  const std::vector<double> strikes = {30e3, 48e3, 60e3, 64e3, 64.5e3, 65e3, 71e3, 90e3, 150e3};
  for (const TransformModel& model : samples()) {
    CAPTURE(model::name(model));
    const std::vector<double> up(strikes.size(), 1.0), down(strikes.size(), -1.0);
    const Answers call = answers(model, 64.5e3, 0.12, strikes, up), put = answers(model, 64.5e3, 0.12, strikes, down);
    for (std::size_t i = 0; i < strikes.size(); ++i) {
      CAPTURE(strikes[i]);
      CHECK(std::abs(call.price[i] - put.price[i] - (64.5e3 - strikes[i])) <= 2e-11);
      CHECK(std::abs(call.delta[i] - put.delta[i] - 1.0) <= 2.3e-16);
      CHECK(call.gamma[i] == put.gamma[i]);
      CHECK(call.theta[i] == put.theta[i]);
      CHECK(std::abs(call.minimum_variance_delta[i] - put.minimum_variance_delta[i] - 1.0) <= 2.3e-16);
      // The step hangs on the farthest strikes: with them in the column the others keep their bits.
      const Answers few = answers(model, 64.5e3, 0.12, {30e3, strikes[i], 150e3}, {1.0, 1.0, 1.0});
      CHECK(few.price[1] == call.price[i]);
      CHECK(few.delta[1] == call.delta[i]);
      CHECK(few.theta[1] == call.theta[i]);
      // Alone it has another step, and the same value to the bound.
      CHECK(std::abs(prices(model, 64.5e3, 0.12, {strikes[i]})[0] - call.price[i]) <= 1e-15 * (64.5e3 + strikes[i]));
    }
  }
}

TEST_CASE("the gradient and theta are the slopes of the price") {
  const std::vector<double> strikes = {45e3, 60e3, 64e3, 72e3, 95e3}, signs = {-1.0, -1.0, 1.0, 1.0, 1.0};
  constexpr double forward = 64.5e3, years = 0.2;
  const auto price = [&](const TransformModel& model, double at, std::size_t option) {
    return prices(model, forward, at, {strikes[option]}, signs[option])[0];
  };
  for (const TransformModel& model : samples()) {
    const std::string name(model::name(model));
    CAPTURE(name);
    const Answers a = answers(model, forward, years, strikes, signs);
    const std::vector<double> numbers = model::values(model);
    const auto known = model::parameters(name);
    for (std::size_t o = 0; o < strikes.size(); ++o) {
      CAPTURE(strikes[o]);
      const double theta = -slope([&](double t) { return price(model, t, o); }, years, 0.003);
      CHECK(std::abs(a.theta[o] - theta) <= 1e-11 * forward);
      for (std::size_t p = 0; p < numbers.size(); ++p) {
        CAPTURE(known[p].name);
        const double h = 0.01 * std::max(std::abs(numbers[p]), 0.05);
        const auto moved = [&](double x) {
          std::vector<double> v = numbers;
          v[p] = x;
          return price(model::model_of(name, v).value(), years, o);
        };
        const double expected = slope(moved, numbers[p], h);
        CHECK(std::abs(a.gradient[p * strikes.size() + o] - expected) <= 1e-11 * forward);
      }
    }
  }
}

TEST_CASE("delta and gamma are the slopes of price and delta") {
  for (const TransformModel& model : samples()) {
    CAPTURE(model::name(model));
    for (const double strike : {50e3, 64e3, 80e3}) {
      CAPTURE(strike);
      const Answers a = answers(model, 64.5e3, 0.2, {strike}, {1.0});
      const double delta = slope([&](double f) { return prices(model, f, 0.2, {strike})[0]; }, 64.5e3, 400.0);
      const double gamma =
          slope([&](double f) { return answers(model, f, 0.2, {strike}, {1.0}).delta[0]; }, 64.5e3, 400.0);
      CHECK(std::abs(a.delta[0] - delta) <= 1e-11);
      CHECK(std::abs(a.gamma[0] - gamma) <= 1e-11 * std::max(gamma, 1e-5));
    }
  }
}

TEST_CASE("no jumps is Heston, no variance jumps is Bates, and steady variance is Merton") {
  const model::Heston heston{.v0 = 0.36, .kappa = 3.0, .theta = 0.42, .xi = 1.6, .rho = -0.15};
  const model::NormalJumps jumps{6.0, -0.03, 0.08};
  const std::vector<double> strikes = {40e3, 60e3, 64.5e3, 70e3, 110e3};
  const auto same = [&](const TransformModel& a, const TransformModel& b, double bound) {
    const std::vector<double> x = prices(a, 64.5e3, 0.3, strikes), y = prices(b, 64.5e3, 0.3, strikes);
    for (std::size_t i = 0; i < x.size(); ++i) {
      CAPTURE(strikes[i]);
      CHECK(std::abs(x[i] - y[i]) <= bound * 64.5e3);
    }
  };
  same(model::Bates{heston, {0.0, -0.03, 0.08}}, heston, 1e-15);
  same(model::Svcj{heston, jumps, 0.0, 0.0}, model::Bates{heston, jumps}, 1e-15);
  same(model::Svcj{heston, {0.0, -0.03, 0.08}, 0.2, -0.1}, heston, 1e-15);
  same(model::Merton{0.6, {0.0, 0.1, 0.1}}, model::BlackScholes{0.6}, 1e-15);
  // xi moves the price by its square, rho xi by itself: at rho 0 what is left is below xi² = 1e-8.
  same(model::Bates{{.v0 = 0.36, .kappa = 1.0, .theta = 0.36, .xi = 1e-4, .rho = 0.0}, jumps},
       model::Merton{0.6, jumps}, 1e-9);
  // Few expected jumps of Kou's are Merton's to the second moment only; with up_share 1 and a rate that makes them a
  // gamma clock's, variance gamma and CGMY with y -> 0 meet to first order in y.
  const double c = 1.0 / 0.05, mean = -0.2, spread = 0.36;
  const double root = std::sqrt(mean * mean + 2.0 * spread / 0.05);
  same(model::Cgmy{c, (root + mean) / spread, (root - mean) / spread, 1e-5}, model::VarianceGamma{0.6, 0.05, mean},
       1e-5);
}

TEST_CASE("Merton's transform is his series") {
  Rng rng(20261203);
  for (int i = 0; i < 200; ++i) {
    const model::Merton m{0.1 + rng.uniform(), {20.0 * rng.uniform(), 0.4 * rng.uniform() - 0.2, 0.3 * rng.uniform()}};
    const double years = 0.02 + rng.uniform(), strike = 64.5e3 * std::exp(rng.uniform() - 0.5);
    const Answers a = answers(m, 64.5e3, years, {strike}, {1.0});
    const auto series = model::merton_series(m, Price(64.5e3), Price(strike), Years(years), 1.0).value();
    CAPTURE(i);
    CHECK(std::abs(a.price[0] - series.value.value) <= 2e-15 * (64.5e3 + strike));
    CHECK(std::abs(a.delta[0] - series.delta) <= 1e-14);
    CHECK(std::abs(a.gamma[0] - series.gamma) <= 1e-13 * series.gamma + 1e-13 / 64.5e3);
    CHECK(std::abs(a.theta[0] - series.theta) <= 1e-13 * 64.5e3 * (1.0 + m.jumps.rate));
    CHECK(std::abs(a.minimum_variance_delta[0] - series.minimum_variance_delta) <= 1e-13);
    CHECK(std::abs(a.gradient[0] - series.vega) <= 1e-13 * 64.5e3);
  }
}

TEST_CASE("the hedge of least variance agrees with the reference table of jumps") {
  for (const test::Row& row : test::read_csv("tests/data/jump_minvar_delta.csv")) {
    CAPTURE(row.line);
    const model::Merton m{row["sigma"], {row["lambda"], row["muJ"], row["sigmaJ"]}};
    const Answers a = answers(m, row["S"], row["T"], {row["K"]}, {1.0});
    CHECK(std::abs(a.price[0] / row["call"] - 1.0) <= 1e-11);
    CHECK(std::abs(a.delta[0] / row["model_delta"] - 1.0) <= 1e-11);
    CHECK(std::abs(a.minimum_variance_delta[0] / row["minvar_delta"] - 1.0) <= 1e-10);
  }
}

namespace {

/// Five-point Gauss-Legendre nodes and weights on equal panels of [from, to].
struct Nodes {
  std::vector<double> x, weight;
};
Nodes panels(double from, double to, int count) {
  constexpr double at[] = {-0.906179845938664, -0.538469310105683, 0.0, 0.538469310105683, 0.906179845938664};
  constexpr double share[] = {0.236926885056189, 0.478628670499366, 0.568888888888889, 0.478628670499366,
                              0.236926885056189};
  Nodes out;
  const double half = 0.5 * (to - from) / count;
  for (int i = 0; i < count; ++i)
    for (int j = 0; j < 5; ++j)
      out.x.push_back(from + half * (2 * i + 1 + at[j])), out.weight.push_back(half * share[j]);
  return out;
}

/// E[(e^J - 1)(C(F e^J) - C(F))]/F and E[(e^J - 1)²] over jumps J of the log-price with weights: C is of first degree
/// in forward and strike together. `later` is the model after the jump.
struct JumpSums {
  double together = 0.0, square = 0.0;
};
JumpSums jump_sums(const TransformModel& later, double forward, double years, double strike, double now,
                   const Nodes& jumps) {
  std::vector<double> strikes;
  for (const double x : jumps.x) strikes.push_back(strike * std::exp(-x));
  const std::vector<double> value = prices(later, forward, years, strikes);
  JumpSums sums;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const double grown = std::expm1(jumps.x[i]);
    sums.together += jumps.weight[i] * grown * ((1.0 + grown) * value[i] - now) / forward;
    sums.square += jumps.weight[i] * grown * grown;
  }
  return sums;
}

}  // namespace

TEST_CASE("the hedge of least variance is what integrating over the jumps gives") {
  constexpr double forward = 64.5e3, years = 0.2, pi = 3.14159265358979323846;
  const auto check = [&](const TransformModel& model, double strike, double diffusion, double pull, JumpSums jumps) {
    const Answers a = answers(model, forward, years, {strike}, {1.0});
    const double slope = a.delta[0] + (pull == 0.0 ? 0.0 : pull * a.gradient[0] / forward);
    const double expected = (diffusion * slope + jumps.together) / (diffusion + jumps.square);
    CAPTURE(model::name(model));
    CAPTURE(strike);
    CHECK(std::abs(a.minimum_variance_delta[0] - expected) <= 1e-9);
  };
  for (const double strike : {50e3, 64e3, 80e3}) {
    // Models of one Levy measure: x = -+y^4 keeps the integrand regular where jumps are small and many.
    const auto levy = [&](std::size_t sample, double diffusion, const std::function<double(double)>& density) {
      Nodes y = panels(0.0, std::pow(5.0, 0.25), 120), both;
      for (const double side : {1.0, -1.0}) {
        for (std::size_t i = 0; i < y.x.size(); ++i) {
          const double x = side * std::pow(y.x[i], 4.0);
          both.x.push_back(x), both.weight.push_back(y.weight[i] * 4.0 * std::pow(y.x[i], 3.0) * density(x));
        }
      }
      const TransformModel& model = samples()[sample];
      const double now = prices(model, forward, years, {strike})[0];
      check(model, strike, diffusion, 0.0, jump_sums(model, forward, years, strike, now, both));
    };
    levy(2, 0.25, [](double x) {
      return 9.0 * (x > 0.0 ? 0.45 * 14.0 * std::exp(-14.0 * x) : 0.55 * 11.0 * std::exp(11.0 * x));
    });
    levy(6, 0.0, [](double x) {
      const double s2 = 0.36, t = -0.2, nu = 0.05;
      return std::exp(t * x / s2 - std::abs(x) * std::sqrt(t * t / (s2 * s2) + 2.0 / (nu * s2))) / (nu * std::abs(x));
    });
    levy(7, 0.0, [](double x) {
      return 3.5 * 9.0 / pi * std::exp(-x) * std::cyl_bessel_k(1.0, 9.0 * std::abs(x)) / std::abs(x);
    });
    levy(8, 0.0, [](double x) { return 1.5 * std::exp(x > 0.0 ? -9.0 * x : 8.0 * x) / std::pow(std::abs(x), 1.8); });
    // Bates, and the double jump: a normal jump beside an exponential one of the variance.
    const auto normal = [&](double mean, double deviation, double rate) {
      Nodes n = panels(mean - 9.0 * deviation, mean + 9.0 * deviation, 16);
      for (std::size_t i = 0; i < n.x.size(); ++i) {
        const double z = (n.x[i] - mean) / deviation;
        n.weight[i] *= rate * std::exp(-0.5 * z * z) / (deviation * std::sqrt(2.0 * pi));
      }
      return n;
    };
    const auto bates = std::get<model::Bates>(samples()[4]);
    const double v0 = bates.heston.v0, pull = bates.heston.rho * bates.heston.xi;
    check(
        bates, strike, v0, pull,
        jump_sums(bates, forward, years, strike, prices(bates, forward, years, {strike})[0], normal(-0.03, 0.08, 6.0)));
    const auto svcj = std::get<model::Svcj>(samples()[5]);
    const double now = prices(svcj, forward, years, {strike})[0];
    const Nodes variance = panels(0.0, 36.0, 30);  // in means of the jump
    JumpSums sums;
    for (std::size_t i = 0; i < variance.x.size(); ++i) {
      model::Svcj later = svcj;
      later.heston.v0 += 0.2 * variance.x[i];
      const JumpSums part = jump_sums(
          later, forward, years, strike, now,
          normal(-0.03 - 0.1 * 0.2 * variance.x[i], 0.08, 6.0 * std::exp(-variance.x[i]) * variance.weight[i]));
      sums.together += part.together, sums.square += part.square;
    }
    check(svcj, strike, v0, pull, sums);
  }
}

TEST_CASE("bad arguments are refused by name") {
  const model::Heston heston{.v0 = 0.36, .kappa = 3.0, .theta = 0.42, .xi = 1.6, .rho = -0.15};
  std::vector<double> strike = {1.0}, sign = {1.0}, price(1), longer(2);
  const auto text = [&](const TransformModel& m, double forward, double years) {
    return model::transform(m, {Price(forward), Years(years), strike, sign}, {.price = price}).error().what;
  };
  CHECK(text(heston, 0.0, 1.0).find("forward is 0") != std::string::npos);
  CHECK(text(heston, NAN, 1.0).find("forward is nan") != std::string::npos);
  CHECK(text(heston, 1.0, 0.0).find("years is 0") != std::string::npos);
  CHECK(text(heston, 1.0, 101.0).find("years is 101") != std::string::npos);
  strike[0] = -2.0;
  CHECK(text(heston, 1.0, 1.0).find("a strike is -2") != std::string::npos);
  strike[0] = 1.0, sign[0] = 0.0;
  CHECK(text(heston, 1.0, 1.0).find("a sign is 0") != std::string::npos);
  sign[0] = 1.0;
  CHECK(model::transform(heston, {Price(1.0), Years(1.0), strike, sign}, {.price = longer})
            .error()
            .what.find("length of a column is 2") != std::string::npos);
  model::Heston wrong = heston;
  wrong.rho = -1.2;
  CHECK(text(wrong, 1.0, 1.0).find("rho is -1.2") != std::string::npos);
  CHECK(std::isnan(model::characteristic_function(wrong, 1.0, Years(1.0)).real()));
  CHECK(std::isnan(model::cumulants(wrong, Years(1.0))[0]));
  CHECK(std::isnan(model::log_moment(heston, 0.5, Years(-1.0))));
  CHECK(model::transform(heston, {Price(1.0), Years(1.0), {}, {}}, {}).value().nodes == 0);
}

TEST_CASE("cumulants agree with the reference table to 1e-12") {
  for (const test::Row& row : test::read_csv("tests/data/cumulants.csv")) {
    CAPTURE(row.line);
    const std::string table = row.text("model");
    for (const test::Row& set : test::read_csv("tests/data/" + table + "_prices.csv")) {
      if (set.text("set") != row.text("set") || set["T"] != row["T"]) continue;
      const auto c = model::cumulants(test::model_of(table, set), Years(row["T"]));
      const double deviation = std::sqrt(row["c2"]);
      CHECK(std::abs(c[0] - row["c1"]) <= 1e-12 * std::abs(row["c1"]));
      CHECK(std::abs(c[1] - row["c2"]) <= 1e-12 * row["c2"]);
      // A third cumulant that symmetry brings to 0 is judged by the deviation's cube.
      CHECK(std::abs(c[2] - row["c3"]) <= 1e-12 * std::max(std::abs(row["c3"]), 1e-12 * std::pow(deviation, 3)));
      CHECK(std::abs(c[3] - row["c4"]) <= 1e-12 * std::abs(row["c4"]));
      break;
    }
  }
}

namespace {

/// The cosine method as it is usually written, of one expiry's puts; for comparison only. F. Fang and C. W. Oosterlee,
/// SIAM J. Scientific Computing 31 (2008) 826-848.
std::vector<double> cosine_puts(const TransformModel& model, double forward, double years,
                                const std::vector<double>& strike, double width, int terms) {
  const auto c = model::cumulants(model, Years(years));
  const double half = width * std::sqrt(std::abs(c[1]) + std::sqrt(std::abs(c[3])));
  std::vector<std::complex<double>> phi;
  for (int j = 0; j < terms; ++j)
    phi.push_back(model::characteristic_function(model, j * 3.14159265358979323846 / (2.0 * half), Years(years)));
  std::vector<double> put;
  for (const double k : strike) {
    const double x = std::log(forward / k), a = x + c[0] - half, b = x + c[0] + half, end = std::min(b, 0.0);
    double sum = 0.0;
    for (int j = 0; j < terms && a < 0.0; ++j) {
      const double w = j * 3.14159265358979323846 / (b - a), angle = w * (end - a);
      const double chi =
          (std::cos(angle) * std::exp(end) - std::exp(a) + w * std::sin(angle) * std::exp(end)) / (1.0 + w * w);
      const double psi = j == 0 ? end - a : std::sin(angle) / w;
      const double share = (phi[static_cast<std::size_t>(j)] * std::polar(1.0, w * (x - a))).real();
      sum += (j == 0 ? 0.5 : 1.0) * share * 2.0 / (b - a) * k * (psi - chi);
    }
    put.push_back(sum);
  }
  return put;
}

}  // namespace

TEST_CASE("the cosine method errs as its table says, and the transform does not") {
  for (const test::Row& row : test::read_csv("tests/data/cos_convergence.csv")) {
    const std::string table = row.text("model");
    CAPTURE(row.text("set"));
    double narrow = 0.0, wide = 0.0, ours = 0.0;
    for (const test::Row& set : test::read_csv("tests/data/" + table + "_prices.csv")) {
      if (set.text("set") != row.text("set")) continue;
      const TransformModel model = test::model_of(table, set);
      const double years = set["T"], discount = std::exp(-set["r"] * years), s = set["S"];
      const double forward = s * std::exp((set["r"] - set["q"]) * years);
      const std::vector<double> strike = {set["K"]};
      const auto off = [&](double put) { return std::abs(discount * put - set["put"]) / s; };
      narrow = std::max(narrow, off(cosine_puts(model, forward, years, strike, 10.0, 64)[0]));
      wide = std::max(wide, off(cosine_puts(model, forward, years, strike, 10.0, 256)[0]));
      ours = std::max(ours, off(prices(model, forward, years, strike, -1.0)[0]));
    }
    // Below 1e-11 the table's figures are roundings: its characteristic function lost digits at a xi of 1e-3.
    for (const auto& [mine, theirs] : {std::pair{narrow, row["L10_N64"]}, std::pair{wide, row["L10_N256"]}}) {
      CHECK(mine <= std::max(3.0 * theirs, 1e-12));
      if (theirs >= 1e-11) CHECK(mine >= theirs / 3.0);
    }
    CHECK(ours <= 2e-15);
  }
}

// Its jumps come back into phase every 2 pi / 0.56; in between the characteristic function is too small for a number,
// and an end found there gave prices that were off by 1e-7.
TEST_CASE("jumps of one size that come back into phase are refused, not priced") {
  const double strike[] = {99.0, 100.0, 101.0}, sign[] = {1.0, 1.0, 1.0};
  double price[3];
  const auto done = model::transform(model::Merton{1e-4, {500.0, -0.56, 3.4e-5}},
                                     {.forward = Price(100.0), .years = Years(0.5), .strike = strike, .sign = sign},
                                     {.price = price});
  REQUIRE_FALSE(bool(done));
  CHECK(done.error().fault == Fault::limit);
}
