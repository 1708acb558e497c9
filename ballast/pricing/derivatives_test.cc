// Every column of pricing/columns.h against the jet of tests/jet.h, which differentiates the option's value itself.
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "ballast/pricing/columns.h"
#include "tests/jet.h"
#include "tests/table_error.h"

using namespace ballast;
using test::Model;

namespace {

using Real = long double;
constexpr std::size_t rows = 2000;

// Rates and yields of -10 % to 20 %, three standard deviations to both sides.
test::Option<double> random_option(Model model, std::mt19937_64& rng) {
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  test::Option<double> o{};
  o.price = std::exp(12.0 * unit(rng) - 1.0);
  o.vol = 0.1 + 1.4 * unit(rng);
  o.years = 0.01 + 1.99 * unit(rng);
  const bool rated = model == Model::black_scholes || model == Model::bachelier;
  o.rate = rated ? 0.3 * unit(rng) - 0.1 : 0.0;
  o.yield = model == Model::black_scholes ? 0.3 * unit(rng) - 0.1 : 0.0;
  o.sign = unit(rng) < 0.5 ? 1.0 : -1.0;
  const double d = 6.0 * unit(rng) - 3.0, stdev = o.vol * std::sqrt(o.years);
  if (model == Model::bachelier) {
    o.vol *= o.price;
    o.strike = o.price * (1.0 - d * stdev);
    if (unit(rng) < 0.5) o.price = -o.price, o.strike = -o.strike;
  } else {
    o.strike = o.price * std::exp((o.rate - o.yield) * o.years - d * stdev);
  }
  return o;
}

using Column = std::vector<double>;
std::vector<Column> computed(Model model, const std::vector<test::Option<double>>& options) {
  const auto column = [&](double test::Option<double>::* field) {
    Column c;
    for (const auto& o : options) c.push_back(o.*field);
    return c;
  };
  using O = test::Option<double>;
  const Column price = column(&O::price), strike = column(&O::strike), rate = column(&O::rate),
               yield = column(&O::yield), vol = column(&O::vol), years = column(&O::years), sign = column(&O::sign);
  std::vector<Column> out(test::greeks, Column(options.size()));
  const pricing::GreekColumns second = {out[0], out[1], out[2], out[3], out[4], out[5], out[6], out[7], out[8]};
  const pricing::ThirdOrderColumns third = {out[9], out[10], out[11], out[12], out[13]};
  const pricing::ForwardColumns forward = {price, strike, vol, years, sign};
  if (model == Model::black) pricing::black(forward, second, third);
  if (model == Model::inverse) pricing::inverse(forward, second, third);
  if (model == Model::black_scholes)
    pricing::black_scholes({price, strike, vol, years, rate, yield, sign}, second, third);
  if (model == Model::bachelier) pricing::bachelier({price, strike, vol, years, rate, sign}, second, third);
  return out;
}

}  // namespace

TEST_CASE("a jet differentiates") {
  using J = test::Jet<Real>;
  const J x = J::variable(0.7L, 0), y = J::variable(1.3L, 1), z = J::variable(0.4L, 2);
  // x^2 y + z/y
  const J f = x * x * y + z / y;
  CHECK(f.partial(0, 0, 0) == doctest::Approx(0.49 * 1.3 + 0.4 / 1.3).epsilon(1e-15));
  CHECK(f.partial(2, 1, 0) == doctest::Approx(2.0).epsilon(1e-15));
  CHECK(f.partial(0, 2, 1) == doctest::Approx(2.0 / std::pow(1.3, 3)).epsilon(1e-15));
  CHECK(f.partial(0, 3, 0) == doctest::Approx(-6.0 * 0.4 / std::pow(1.3, 4)).epsilon(1e-15));
  CHECK(f.partial(1, 1, 1) == 0.0L);
  // Functions and their inverses: every derivative of the difference is 0.
  const J product = x * y * z;
  for (const J& nought : {exp(log(product)) - product, sqrt(product) * sqrt(product) - product,
                          log(exp(product)) - product, product / y - x * z})
    for (std::size_t i = 0; i < test::jet::terms; ++i) {
      const auto& p = test::jet::powers[i];
      CHECK(std::abs(nought.partial(p.x, p.y, p.z)) <= 1e-17L);
    }
  // erfc along one axis: derivatives -2/sqrt(pi) e^(-x^2) (1, -2x, 4x^2 - 2).
  const Real slope = -2.0L / std::sqrt(std::acos(-1.0L)) * std::exp(-0.49L);
  CHECK(static_cast<double>(erfc(x).partial(1, 0, 0) / slope) == doctest::Approx(1.0).epsilon(1e-15));
  CHECK(static_cast<double>(erfc(x).partial(2, 0, 0) / slope) == doctest::Approx(-1.4).epsilon(1e-15));
  CHECK(static_cast<double>(erfc(x).partial(3, 0, 0) / slope) == doctest::Approx(-0.04).epsilon(1e-14));
}

TEST_CASE("every column is the derivative that its name says") {
  for (const Model model : {Model::black, Model::inverse, Model::black_scholes, Model::bachelier}) {
    const std::string name =
        std::array{"black", "inverse", "black_scholes", "bachelier"}[static_cast<std::size_t>(model)];
    CAPTURE(name);
    std::mt19937_64 rng(20260501);
    std::vector<test::Option<double>> options;
    for (std::size_t i = 0; i < rows; ++i) options.push_back(random_option(model, rng));
    const auto got = computed(model, options);
    test::TableError error;
    for (std::size_t i = 0; i < rows; ++i) {
      const auto& o = options[i];
      const test::Option<Real> exact = {o.price, o.strike, o.rate, o.yield, o.vol, o.years, o.sign};
      const auto truth = test::derivatives<Real>(model, exact);
      const auto scale = test::scales<Real>(model, exact, truth);
      const double d1 = static_cast<double>(test::d1<Real>(model, exact));
      for (std::size_t g = 0; g < test::greeks; ++g)
        error.add(test::greek_names[g], got[g][i], static_cast<double>(truth[g]),
                  (1.0 + d1 * d1) * static_cast<double>(scale[g]), fmt::format("row {}", i));
    }
    MESSAGE(name, " against the jet, of (1 + d1^2) and the scale", error.text());
    // A formula is right or wrong here; tools/kernel_accuracy measures how close, on more rows and in 113 bits.
    CHECK(error.worst() <= 8.0);
  }
}
