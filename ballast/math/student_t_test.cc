#include "ballast/math/student_t.h"

#include <cmath>
#include <numbers>

#include <doctest/doctest.h>

#include "tests/support.h"

using namespace ballast;

TEST_CASE("student: density, tail and quantile agree with the reference table") {
  for (const test::Row& row : test::read_csv("tests/data/student_t.csv")) {
    CAPTURE(row.line);
    const double nu = row["nu"], t = row["t"], density = row["density"], tail = row["tail"];
    const double loose = nu > 100.0 ? nu / 100.0 : 1.0;
    CHECK(std::abs(math::student_pdf(t, nu) / density - 1.0) <= 1e-14 * loose);
    CHECK(std::abs(math::student_tail(t, nu) / tail - 1.0) <= 1e-13 * loose);
    // The lower side: t = -quantile of the tail, whose own rounding is tail epsilon / density.
    const double back = -math::student_quantile(tail, nu);
    CHECK(std::abs(back - t) <= 1e-13 * loose * std::abs(t) + 2e-16 * tail / density);
  }
}

TEST_CASE("student: one degree is Cauchy's, out to the smallest chances") {
  for (const double p : {1e-100, 1e-12, 0.01, 0.3}) {
    const double wanted = -1.0 / std::tan(std::numbers::pi * p);
    CHECK(math::student_quantile(p, 1.0) == doctest::Approx(wanted).epsilon(1e-13));
  }
  CHECK(math::student_quantile(0.75, 1.0) == doctest::Approx(1.0).epsilon(1e-13));
  CHECK(math::student_quantile(0.5, 7.0) == 0.0);
  CHECK(std::isinf(math::student_quantile(1.0, 3.0)));
  CHECK(math::student_quantile(0.0, 3.0) == -math::student_quantile(1.0, 3.0));
  CHECK(math::student_tail(INFINITY, 3.0) == 0.0);
  CHECK(math::student_tail(-INFINITY, 3.0) == 1.0);
}

TEST_CASE("student: outside the domain NaN") {
  for (const double freedom : {0.9, -1.0, 2e6, double(NAN)}) {
    CHECK(std::isnan(math::student_pdf(1.0, freedom)));
    CHECK(std::isnan(math::student_tail(1.0, freedom)));
    CHECK(std::isnan(math::student_quantile(0.3, freedom)));
  }
  for (const double p : {-0.1, 1.1, double(NAN)}) CHECK(std::isnan(math::student_quantile(p, 3.0)));
  CHECK(std::isnan(math::student_tail(NAN, 3.0)));
}
