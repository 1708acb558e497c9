#include "ballast/math/brownian_bridge.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "tests/support.h"

namespace ballast::math {

TEST_CASE("the bridge agrees with the reference table") {
  std::vector<double> years, normals, expected;
  for (const test::Row& row : test::read_csv("tests/data/brownian_bridge.csv")) {
    years.push_back(row["t"]);
    normals.push_back(row["z_in_order"]);
    expected.push_back(row["W_t"]);
  }
  std::vector<double> w(years.size());
  BrownianBridge(years).path(normals, w);
  for (std::size_t i = 0; i < w.size(); ++i) CHECK(std::abs(w[i] - expected[i]) <= 1e-14);
}

TEST_CASE("on any rising grid the path has the covariance of a Brownian motion, min(s, t)") {
  for (const std::size_t n : {1u, 2u, 3u, 7u, 8u, 21u}) {
    std::vector<double> years(n);
    for (std::size_t i = 0; i < n; ++i)
      years[i] = 0.01 * static_cast<double>((i + 1) * (i + 3)) + (i % 3 == 0 ? 0.004 : 0);
    const BrownianBridge bridge(years);
    REQUIRE(bridge.pieces().size() == n);
    // A linear map of normals: one column for each, and the covariance is the sum of their products.
    std::vector<std::vector<double>> column(n, std::vector<double>(n));
    for (std::size_t k = 0; k < n; ++k) {
      std::vector<double> z(n, 0.0);
      z[k] = 1.0;
      bridge.path(z, column[k]);
    }
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) {
        double covariance = 0.0;
        for (std::size_t k = 0; k < n; ++k) covariance += column[k][i] * column[k][j];
        CHECK(std::abs(covariance - std::min(years[i], years[j])) <= 1e-14 * years.back());
      }
  }
}

TEST_CASE("the first normal carries the end, and every point is placed once, after its neighbours") {
  const std::vector<double> years = {0.1, 0.5, 0.6, 2.0, 2.1};
  const BrownianBridge bridge(years);
  CHECK(bridge.pieces()[0].at == 5);
  CHECK(bridge.pieces()[0].deviation == std::sqrt(2.1));
  std::vector<bool> placed(6, false);
  placed[0] = true;
  for (const auto& piece : bridge.pieces()) {
    CHECK_FALSE(placed[piece.at]);
    CHECK(placed[piece.left]);
    CHECK(placed[piece.right]);
    placed[piece.at] = true;
  }
}

}  // namespace ballast::math
