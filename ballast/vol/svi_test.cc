#include "ballast/vol/svi.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include <doctest/doctest.h>

#include "tests/support.h"

using namespace ballast;
using namespace ballast::vol;

namespace {

Svi svi_of(const test::Row& row) { return {row["a"], row["b"], row["rho"], row["m"], row["sigma"]}; }

std::map<std::string, std::pair<Svi, double>> slices() {
  std::map<std::string, std::pair<Svi, double>> found;
  for (const test::Row& row : test::read_csv("tests/data/svi_slices.csv"))
    found[row.text("set")] = {svi_of(row), row["t"]};
  return found;
}

}  // namespace

TEST_CASE("SVI slices agree with the table in all three forms") {
  double worst = 0.0;
  const auto near = [&](double value, double expected, double scale) {
    const double error = std::abs(value - expected) / std::max(std::abs(expected), scale);
    worst = std::max(worst, error);
    CHECK(error <= 1e-11);
  };
  for (const test::Row& row : test::read_csv("tests/data/svi_slices.csv")) {
    CAPTURE(row.text("set"));
    const Svi svi = svi_of(row);
    const NaturalSvi n = natural(svi);
    near(n.delta, row["nat_Delta"], n.omega), near(n.mu, row["nat_mu"], 1.0 / n.zeta),
        near(n.rho, row["nat_rho"], 1e-3);
    near(n.omega, row["nat_omega"], 0.0), near(n.zeta, row["nat_zeta"], 0.0);
    const JumpWings j = jump_wings(svi, Years(row["t"]));
    near(j.v, row["jw_v"], 0.0), near(j.psi, row["jw_psi"], 1e-2), near(j.p, row["jw_p"], 1e-2);
    near(j.c, row["jw_c"], 1e-2), near(j.v_min, row["jw_vtilde"], 1e-3 * j.v);
    const double w0 = at(svi, 0.0).total_variance;
    const auto came_back = [&](const Svi& back, double lost) {
      near(back.a, svi.a, w0 * lost), near(back.b, svi.b, 0.0), near(back.rho, svi.rho, 1e-2);
      near(back.m, svi.m, svi.sigma * lost), near(back.sigma, svi.sigma, svi.sigma * lost);
    };
    came_back(raw(n), 1.0);
    // m and sigma hang on v - v_min, which keeps that share of v's digits.
    came_back(raw(j).value(), std::max(1.0, 1e-4 * j.v / (j.v - j.v_min)));
    near(minimum(svi).k, row["k_wmin"], svi.sigma),
        near(minimum(svi).total_variance, row["w_min"], 1e-3 * at(svi, 0.0).total_variance);
    near(steepest_wing(svi), row["wing"], 0.0);
    const SmilePoint money = at(svi, 0.0);
    near(vol_of(money, Years(row["t"])).value, row["atm_vol"], 0.0);
    near(vol_slope(money, Years(row["t"])), row["atm_skew"], 1e-2);
    near(vol_curvature(money, Years(row["t"])), row["atm_curv"], 1e-1);
    CHECK(std::abs(butterfly(row["k_gmin"], at(svi, row["k_gmin"])) - row["g_min"]) <= 1e-8);
  }
  MESSAGE("worst error of a field: " << worst);
}

TEST_CASE("SVI on a grid agrees with the table") {
  const auto known = slices();
  double worst = 0.0;
  for (const test::Row& row : test::read_csv("tests/data/svi_grid.csv")) {
    CAPTURE(row.line);
    const auto& [svi, t] = known.at(row.text("set"));
    const double k = row["k"];
    const SmilePoint p = at(svi, k);
    // Slopes and g cross zero: they are judged against their largest part.
    const double parts = svi.b, g_scale = 1.0 + p.slope * p.slope / p.total_variance;
    const auto near = [&](double value, const char* column, double scale) {
      const double error = std::abs(value - row[column]) / std::max(std::abs(row[column]), scale);
      worst = std::max(worst, error);
      CHECK_MESSAGE(error <= 1e-12, std::string(column));
    };
    near(p.total_variance, "w", 0.0), near(p.slope, "dw_dk", parts), near(p.curvature, "d2w_dk2", 0.0);
    near(vol_of(p, Years(t)).value, "implied_vol", 0.0), near(butterfly(k, p), "g", g_scale);
    // The density's exponent is d2²/2: what is left of a relative error is that times the exponent.
    const double s = std::sqrt(p.total_variance), d2 = -k / s - 0.5 * s;
    near(density(k, p), "density", std::abs(row["density"]) * (1.0 + d2 * d2) * g_scale / std::abs(row["g"]));
  }
  MESSAGE("worst error: " << worst);
}

TEST_CASE("Vogt's slice has butterfly arbitrage where the paper says") {
  const Svi svi = slices().at("vogt").first;
  for (int i = -3000; i <= 3000; ++i) {
    const double k = i / 1000.0;
    CHECK((butterfly(k, at(svi, k)) < 0.0) == (k > 0.642408 && k < 1.256913));
  }
}

TEST_CASE("jump wings without an SVI are refused by their value") {
  const JumpWings good{.v = 0.04, .psi = -0.1, .p = 0.5, .c = 0.3, .v_min = 0.03, .years = 1.0};
  CHECK(raw(good));
  JumpWings bad = good;
  bad.psi = -0.4;  // steeper at the money than the put wing
  REQUIRE_FALSE(raw(bad));
  CHECK(raw(bad).error().what.find("-0.4") != std::string::npos);
  bad = good, bad.v_min = 0.05;
  REQUIRE_FALSE(raw(bad));
  CHECK(raw(bad).error().what.find("0.05") != std::string::npos);
  const auto refused = [&](double JumpWings::* field, double value, const char* said) {
    bad = good, bad.*field = value;
    REQUIRE_FALSE(raw(bad));
    CHECK(raw(bad).error().fault == Fault::bad_input);
    CHECK_MESSAGE(raw(bad).error().what.find(said) != std::string::npos, raw(bad).error().what);
  };
  refused(&JumpWings::v, -0.04, "v -0.04"), refused(&JumpWings::v, 0.0, "v 0 ");
  refused(&JumpWings::p, -0.5, "p -0.5"), refused(&JumpWings::p, 0.0, "p 0 ");
  refused(&JumpWings::c, -0.3, "c -0.3"), refused(&JumpWings::c, 0.0, "c 0 ");
  refused(&JumpWings::years, -1.0, "years -1"), refused(&JumpWings::years, std::nan(""), "years nan");
  refused(&JumpWings::v_min, -0.01, "v_min -0.01"), refused(&JumpWings::v_min, std::nan(""), "v_min nan");
  refused(&JumpWings::v_min, 0.04, "v_min 0.04");
  refused(&JumpWings::psi, 0.2, "0.2"), refused(&JumpWings::psi, std::nan(""), "nan");
  refused(&JumpWings::p, 11.0, "a wing of 2.2");  // times sqrt(0.04)
  CHECK(std::isnan(jump_wings({.a = 0.04, .b = 0.0}, Years(1.0)).v));
}
