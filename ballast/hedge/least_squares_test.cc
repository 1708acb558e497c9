#include "ballast/hedge/least_squares.h"

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "ballast/base/text.h"
#include "tests/support.h"

namespace ballast::hedge {
namespace {

std::vector<double> numbers(std::string_view text, char by = ' ') {
  std::vector<double> found;
  for (const std::string_view word : split(text, by)) found.push_back(parse_number(word).value());
  return found;
}

}  // namespace

TEST_CASE("least squares hedges agree with the reference table") {
  for (const test::Row& row : test::read_csv("tests/data/hedge_lsq.csv")) {
    CAPTURE(row.text("case"));
    const std::vector<double> exposure = numbers(row.text("exposure")), x = numbers(row.text("x")),
                              residual = numbers(row.text("residual"));
    std::vector<double> g(exposure.size() * x.size());
    const auto lines = split(row.text("G"), ';');
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const auto line = numbers(lines[i]);
      for (std::size_t j = 0; j < line.size(); ++j) g[j * exposure.size() + i] = line[j];
    }
    const auto found = least_squares(exposure, g, numbers(row.text("weights")), numbers(row.text("ridge")));
    REQUIRE(found);
    CHECK(found.value().rank == x.size());
    for (std::size_t j = 0; j < x.size(); ++j) CHECK(std::abs(found.value().sizes[j] - x[j]) <= 1e-9 * std::abs(x[j]));
    for (std::size_t i = 0; i < residual.size(); ++i) {
      CHECK(std::abs(found.value().residual[i] - residual[i]) <= 1e-9 * (1.0 + std::abs(exposure[i])));
    }
  }
}

TEST_CASE("as many independent instruments as Greeks leave nothing, dependent ones the least norm") {
  std::mt19937_64 rng(5);
  std::uniform_real_distribution<> any(-1.0, 1.0);
  for (int round = 0; round < 500; ++round) {
    const std::size_t n = 1 + rng() % 6;
    // Greeks of very different size: delta 1, gamma 1e-5, vega 100.
    std::vector<double> g, exposure, weights;
    std::vector<double> unit;
    for (std::size_t i = 0; i < n; ++i) unit.push_back(std::pow(10.0, 6.0 * any(rng)));
    for (std::size_t j = 0; j < n; ++j) {
      for (std::size_t i = 0; i < n; ++i) g.push_back((any(rng) + (i == j ? 2.0 : 0.0)) * unit[i]);
    }
    for (std::size_t i = 0; i < n; ++i)
      exposure.push_back(100.0 * any(rng) * unit[i]), weights.push_back(1.0 / (unit[i] * unit[i]));
    const auto exact = least_squares(exposure, g, weights);
    REQUIRE(exact);
    CHECK(exact.value().rank == n);
    for (std::size_t i = 0; i < n; ++i) CHECK(std::abs(exact.value().residual[i]) <= 1e-10 * 100.0 * unit[i]);

    // The first instrument a second time: one of many answers, the two share its size evenly.
    std::vector<double> twice = g;
    twice.insert(twice.end(), g.begin(), g.begin() + static_cast<std::ptrdiff_t>(n));
    const auto shared = least_squares(exposure, twice, weights);
    REQUIRE(shared);
    CHECK(shared.value().rank == n);
    CHECK(shared.value().sizes.size() == n + 1);
    const double half = 0.5 * exact.value().sizes[0], scale = std::abs(half) + 1.0;
    CHECK(std::abs(shared.value().sizes[0] - half) <= 1e-9 * scale);
    CHECK(std::abs(shared.value().sizes[n] - half) <= 1e-9 * scale);
  }
}

TEST_CASE("least squares names what does not fit") {
  const std::vector<double> one = {1.0}, two = {1.0, 2.0};
  CHECK(least_squares(one, two, two).error().fault == Fault::bad_input);
  CHECK(least_squares(one, std::vector<double>{NAN}, one).error().what.find("nan") != std::string::npos);
  CHECK(least_squares(one, std::vector<double>{0.0}, one).error().what.find("moves no factor") != std::string::npos);
  CHECK(least_squares(one, one, std::vector<double>{-1.0}).error().what.find("-1") != std::string::npos);
}

}  // namespace ballast::hedge
