#include "ballast/math/internal/lot_model.h"

#include <doctest/doctest.h>

#include "ballast/math/internal/small_lots_test.h"

using namespace ballast;
using namespace ballast::math::internal;

TEST_CASE("a laid out function is its definition") {
  std::mt19937_64 rng(61);
  std::uniform_real_distribution<double> unit(-1.0, 1.0);
  for (int round = 0; round < 500; ++round) {
    CAPTURE(round);
    math::PiecewiseConvex f;
    const int kinks = round % 13;
    f.kinks.clear(), f.slopes = {3.0 * unit(rng)};
    for (int k = 0; k < kinks; ++k) f.kinks.push_back(k % 5 == 4 ? f.kinks.back() : 4.0 * unit(rng));
    std::sort(f.kinks.begin(), f.kinks.end());
    for (int k = 0; k < kinks; ++k) f.slopes.push_back(f.slopes.back() + std::abs(unit(rng)));
    if (round % 3 == 0) f.curvature = std::abs(unit(rng));
    const PieceCurve curve(f);
    CHECK(curve.value(0.0) == 0.0);
    for (int k = 0; k < 20; ++k) {
      const double x = 6.0 * unit(rng);
      CHECK(std::abs(curve.value(x) - test::worth(f, x)) <= 1e-13);
    }
    for (const double x : f.kinks) CHECK(std::abs(curve.value(x) - test::worth(f, x)) <= 1e-13);

    // The least with a tilt, and how far a level reaches, by a fine grid.
    const double tilt = 3.0 * unit(rng), low = -2.0 + unit(rng), high = 2.0 + unit(rng);
    const auto tilted = [&](double x) { return test::worth(f, x) + tilt * x; };
    const double at = curve.least(tilt, low, high), level = tilted(at) + std::abs(unit(rng));
    CHECK(at >= low);
    CHECK(at <= high);
    const auto [first, last] = curve.below(level, tilt, at, low, high);
    for (int k = 0; k <= 1000; ++k) {
      const double x = low + (high - low) * k / 1000.0;
      CHECK(tilted(x) >= tilted(at) - 1e-12);
      if (tilted(x) < level - 1e-12) CHECK((x >= first - 1e-12 && x <= last + 1e-12));
      if (tilted(x) > level + 1e-12) CHECK((x <= first + 1e-12 || x >= last - 1e-12));
    }
  }
}

TEST_CASE("a point that moves is worth what a point placed there is") {
  std::mt19937_64 rng(62);
  for (int round = 0; round < 500; ++round) {
    CAPTURE(round);
    math::LotProgram p = test::small_program(rng);
    p.most_legs = 0;
    const auto model = LotModel::make(p);
    if (!model) continue;
    const LotModel& m = model.value();
    LotPoint moved(m), placed(m);
    std::vector<double> lots(m.n), x(m.n);
    for (std::size_t j = 0; j < m.n; ++j) lots[j] = m.low[j];
    moved.place(lots);
    for (int step = 0; step < 12; ++step) {
      const std::size_t j = rng() % m.n;
      lots[j] = m.low[j] + static_cast<double>(rng() % static_cast<std::uint64_t>(m.high[j] - m.low[j] + 1.0));
      const LotPoint::Worth foretold = moved.after(j, lots[j]);
      moved.move(j, lots[j]);
      placed.place(lots);
      for (std::size_t l = 0; l < m.n; ++l) x[l] = lots[l] * p.step[l];
      double size = 0.0;
      for (const auto& f : p.program.columns) size = std::max({size, std::abs(f.slopes.back()), f.curvature});
      for (const auto& f : p.program.rows)
        size = std::max({size, std::abs(f.slopes.front()), std::abs(f.slopes.back()), f.curvature});
      for (const double h : p.program.hessian) size = std::max(size, std::abs(h));
      CHECK(moved.worth().objective == foretold.objective);
      // Two at once are the one and then the other.
      const std::size_t k = (j + 1) % m.n;
      const double to_j = m.low[j], to_k = m.high[k];
      LotPoint one = moved;
      one.move(j, to_j);
      const LotPoint::Worth both = moved.after(j, to_j, k, to_k), after = one.after(k, to_k);
      if (m.leg[j] != m.leg[k]) CHECK(std::abs(both.objective - after.objective) <= 1e-12 * test::scale(p));
      CHECK(std::abs(both.violation - after.violation) <= 1e-12);
      CHECK(std::abs(moved.worth().objective - placed.worth().objective) <= 1e-11 * size);
      CHECK(moved.feasible() == placed.feasible());
      CHECK(moved.feasible() == std::isfinite(test::worth(p, x)));
      if (placed.feasible()) CHECK(std::abs(placed.worth().objective - test::worth(p, x)) <= 1e-11 * size);
    }
  }
}
