#include "ballast/model/merton_series.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/model_tables.h"
#include "tests/support.h"
#include "tests/table_error.h"

using namespace ballast;

TEST_CASE("Merton's series agrees with the reference table to 1e-13") {
  test::TableError errors;
  for (const test::Row& row : test::read_csv("tests/data/merton_prices.csv")) {
    const auto model = std::get<model::Merton>(test::model_of("merton", row));
    const double carry = row["r"] - row["q"], years = row["T"], discount = std::exp(-row["r"] * years);
    const Price forward(row["S"] * std::exp(carry * years)), strike(row["K"]);
    const auto call = model::merton_series(model, forward, strike, Years(years), 1.0).value();
    const auto put = model::merton_series(model, forward, strike, Years(years), -1.0).value();
    const std::string at = "line " + std::to_string(row.line);
    errors.add("call", discount * call.value.value, row["call"], row["call"], at);
    errors.add("put", discount * put.value.value, row["put"], row["put"], at);
    errors.add("delta", std::exp(-row["q"] * years) * call.delta, row["call_delta"], row["call_delta"], at);
    errors.add("gamma", discount * std::exp(2.0 * carry * years) * call.gamma, row["gamma"], row["gamma"], at);
    CHECK(std::abs(call.delta - put.delta - 1.0) <= 4e-15);
    CHECK(std::abs(call.theta - put.theta) <= 1e-13 * forward.value);
    CHECK(std::abs(call.minimum_variance_delta - put.minimum_variance_delta - 1.0) <= 1e-13);
  }
  INFO(errors.text());
  CHECK(errors.worst() * 0x1p-52 <= 1e-13);
}

TEST_CASE("the hedge of least variance under jumps agrees with the reference table") {
  for (const test::Row& row : test::read_csv("tests/data/jump_minvar_delta.csv")) {
    CAPTURE(row.line);
    const model::Merton model{row["sigma"], {row["lambda"], row["muJ"], row["sigmaJ"]}};
    const auto call = model::merton_series(model, Price(row["S"]), Price(row["K"]), Years(row["T"]), 1.0).value();
    CHECK(std::abs(call.value.value / row["call"] - 1.0) <= 1e-12);
    CHECK(std::abs(call.delta / row["model_delta"] - 1.0) <= 1e-12);
    CHECK(std::abs(call.minimum_variance_delta / row["minvar_delta"] - 1.0) <= 1e-10);
    // Where the hedge's ratio is h, the rate of variance is V(h*) + (h - h*)² F² v: with two rows of it the third
    // follows.
    const double f = row["S"], mean = std::expm1(row["muJ"] + 0.5 * row["sigmaJ"] * row["sigmaJ"]);
    const double v = row["sigma"] * row["sigma"] +
                     row["lambda"] * (std::exp(2.0 * (row["muJ"] + row["sigmaJ"] * row["sigmaJ"])) - 2.0 * mean - 1.0);
    const double least = row["resid_minvar"] * row["resid_minvar"];
    const auto rate = [&](double h) {
      const double off = h - call.minimum_variance_delta;
      return std::sqrt(least + off * off * f * f * v);
    };
    CHECK(std::abs(rate(call.delta) / row["resid_model"] - 1.0) <= 1e-9);
    CHECK(std::abs(rate(0.0) / row["resid_unhedged"] - 1.0) <= 1e-9);
  }
}

TEST_CASE("Merton's theta and vega are the differences of his values") {
  const model::Merton model{0.45, {12.0, -0.02, 0.06}};
  for (const double strike : {60'000.0, 64'000.0, 75'000.0}) {
    CAPTURE(strike);
    const auto at = [&](double vol, double years) {
      return model::merton_series({vol, model.jumps}, Price(64'500.0), Price(strike), Years(years), 1.0)
          .value()
          .value.value;
    };
    // Central differences to fourth order: what they leave is below h⁴ of the fifth derivative.
    const auto slope = [](const auto& f, double x, double h) {
      return (8.0 * (f(x + h) - f(x - h)) - (f(x + 2.0 * h) - f(x - 2.0 * h))) / (12.0 * h);
    };
    const auto call = model::merton_series(model, Price(64'500.0), Price(strike), Years(0.1), 1.0).value();
    CHECK(std::abs(call.vega - slope([&](double x) { return at(x, 0.1); }, 0.45, 1e-3)) <= 1e-8 * call.vega);
    CHECK(std::abs(call.theta + slope([&](double x) { return at(0.45, x); }, 0.1, 2e-4)) <= 1e-8 * -call.theta);
  }
}

TEST_CASE("Merton's series refuses what it cannot sum, and names it") {
  const model::Merton model{0.5, {10.0, 0.0, 0.1}};
  const auto text = [&](const model::Merton& m, double f, double k, double years, double sign) {
    return model::merton_series(m, Price(f), Price(k), Years(years), sign).error().what;
  };
  CHECK(text(model, -1.0, 1.0, 1.0, 1.0).find("forward is -1") != std::string::npos);
  CHECK(text(model, 1.0, NAN, 1.0, 1.0).find("strike") != std::string::npos);
  CHECK(text(model, 1.0, 1.0, 0.0, 1.0).find("years") != std::string::npos);
  CHECK(text(model, 1.0, 1.0, 1.0, 0.5).find("sign") != std::string::npos);
  CHECK(text(model, 1.0, 1.0, 71.0, 1.0).find("rate times years") != std::string::npos);
  CHECK(text({0.5, {600.0, 0.0, 0.1}}, 1.0, 1.0, 1.0, 1.0).find("jump_rate is 600") != std::string::npos);
}
