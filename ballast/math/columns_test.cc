#include "ballast/math/columns.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "ballast/math/elementary.h"
#include "ballast/math/normal.h"

using namespace ballast;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

using Column = std::function<void(std::span<const double>, std::span<double>)>;
using Scalar = double (*)(double);
using Truth = std::function<long double(long double)>;

long double normal(long double x) { return 0.5L * std::erfc(-x / std::sqrt(2.0L)); }
long double density(long double x) { return std::exp(-0.5L * x * x) / std::sqrt(2.0L * std::acos(-1.0L)); }

struct Kernel {
  std::string name;
  Column column;
  Scalar scalar;
  Truth truth;
  double ulp;        // documented
  double low, high;  // where the 64-bit mantissa of the truth is enough for it
};

// The sweeps of tools/kernel_accuracy are wider; these run with every test.
const std::vector<Kernel>& kernels() {
  static const std::vector<Kernel> all = {
      {"exp", [](auto x, auto y) { math::exp(x, y); }, math::exp, [](long double x) { return std::exp(x); }, 1.0, -700,
       700},
      {"expm1", [](auto x, auto y) { math::expm1(x, y); }, math::expm1, [](long double x) { return std::expm1(x); },
       2.0, -40, 40},
      {"log", [](auto x, auto y) { math::log(x, y); }, math::log, [](long double x) { return std::log(x); }, 1.0,
       1e-300, 4},
      {"log1p", [](auto x, auto y) { math::log1p(x, y); }, math::log1p, [](long double x) { return std::log1p(x); },
       2.0, -0.999, 3},
      {"erfc", [](auto x, auto y) { math::erfc(x, y); }, math::erfc, [](long double x) { return std::erfc(x); }, 2.0,
       -6, 26},
      {"norm_pdf", [](auto x, auto y) { math::norm_pdf(x, y); }, math::norm_pdf, density, 2.0, -37, 37},
      {"norm_cdf", [](auto x, auto y) { math::norm_cdf(x, y); }, math::norm_cdf, normal, 2.0, -15, 8},
      {"mills", [](auto x, auto y) { math::mills(x, y); }, math::mills,
       [](long double x) { return normal(-x) / density(x); }, 3.0, -10, 12},
      {"norm_quantile", [](auto x, auto y) { math::norm_quantile(x, y); }, math::norm_quantile, nullptr, 0.0, 0, 1}};
  return all;
}

double ulp_of(double x) { return std::nextafter(std::abs(x), infinity) - std::abs(x); }
std::uint64_t bits(double x) { return std::isnan(x) ? 0 : std::bit_cast<std::uint64_t>(x); }

}  // namespace

TEST_CASE("the elementary columns keep their bounds against 64-bit mantissas") {
  std::mt19937_64 rng(20261125);
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  for (const Kernel& kernel : kernels()) {
    if (!kernel.truth) continue;
    std::vector<double> x, y;
    for (int i = 0; i < 20'000; ++i) {
      const double u = unit(rng);
      x.push_back(i % 3 == 0 ? std::clamp(2.0 * u - 1.0, kernel.low, kernel.high)
                             : kernel.low + (kernel.high - kernel.low) * u);
    }
    y.resize(x.size());
    kernel.column(x, y);
    double worst = 0.0, at = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const long double exact = kernel.truth(x[i]);
      const double error = static_cast<double>(std::abs(y[i] - exact)) / ulp_of(static_cast<double>(exact));
      if (!(error <= worst)) worst = error, at = x[i];
    }
    CAPTURE(kernel.name);
    CAPTURE(at);
    CHECK(worst <= kernel.ulp);
  }
}

TEST_CASE("the quantile column inverts the distribution") {
  std::vector<double> p, x;
  for (int i = 1; i < 2000; ++i) p.push_back(i / 2000.0), p.push_back(std::exp(-0.37 * i));
  x.resize(p.size());
  math::norm_quantile(p, x);
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (p[i] < 1e-300) continue;
    CAPTURE(p[i]);
    // Half an ulp of p and 2 epsilon of x, both seen through the density.
    const double allowed = 0.5 * ulp_of(p[i]) + 4.5e-16 * std::abs(x[i]) * math::norm_pdf(x[i]);
    CHECK(std::abs(math::norm_cdf(x[i]) - p[i]) <= allowed + 2.0 * ulp_of(p[i]));
  }
}

TEST_CASE("an element's bits depend on nothing but itself, and the scalar function has the same") {
  std::mt19937_64 rng(3);
  std::vector<double> x = {0.0,  -0.0,    1.0,   -1.0, infinity, -infinity, not_a_number, 5e-324, -5e-324, 1e-310,
                           1e10, 1.7e308, -1e10, 0.5,  -0.5,     709.9,     -746.0,       -38.6,  38.6,    1e-17};
  for (int i = 0; i < 200; ++i) x.push_back(std::bit_cast<double>(rng()));
  for (int i = 0; i < 60; ++i) x.push_back(static_cast<double>(rng() % 1000) / 100.0 - 5.0);
  for (const Kernel& kernel : kernels()) {
    CAPTURE(kernel.name);
    std::vector<double> whole(x.size());
    kernel.column(x, whole);
    for (std::size_t i = 0; i < x.size(); ++i) {
      CAPTURE(x[i]);
      CHECK(bits(kernel.scalar(x[i])) == bits(whole[i]));
    }
    for (const std::size_t from : {0u, 1u, 5u, 13u})
      for (const std::size_t n : {0u, 1u, 3u, 7u, 8u, 17u, 100u}) {
        std::vector<double> part(x.begin() + static_cast<std::ptrdiff_t>(from),
                                 x.begin() + static_cast<std::ptrdiff_t>(from + n));
        kernel.column(part, part);  // in place
        for (std::size_t i = 0; i < n; ++i) CHECK(bits(part[i]) == bits(whole[from + i]));
      }
  }
}

TEST_CASE("the ends of the elementary functions") {
  for (const Kernel& kernel : kernels()) CHECK(std::isnan(kernel.scalar(not_a_number)));
  CHECK(math::exp(0.0) == 1.0);
  CHECK(math::exp(-infinity) == 0.0);
  CHECK(math::exp(infinity) == infinity);
  CHECK(math::exp(710.0) == infinity);
  CHECK(math::exp(709.7) > 1e308);
  CHECK(math::exp(-745.0) == 5e-324);
  CHECK(math::exp(-746.0) == 0.0);
  CHECK(math::expm1(-infinity) == -1.0);
  CHECK(math::expm1(infinity) == infinity);
  CHECK(math::expm1(1e-300) == 1e-300);
  CHECK(std::signbit(math::expm1(-0.0)));
  CHECK(math::log(1.0) == 0.0);
  CHECK(math::log(0.0) == -infinity);
  CHECK(math::log(infinity) == infinity);
  CHECK(std::isnan(math::log(-1.0)));
  CHECK(math::log(5e-324) == doctest::Approx(-744.4400719213812).epsilon(1e-15));
  CHECK(math::log1p(-1.0) == -infinity);
  CHECK(std::isnan(math::log1p(-1.5)));
  CHECK(math::log1p(1e-300) == 1e-300);
  CHECK(math::erfc(0.0) == 1.0);
  CHECK(math::erfc(infinity) == 0.0);
  CHECK(math::erfc(-infinity) == 2.0);
  CHECK(math::norm_cdf(0.0) == 0.5);
  CHECK(math::norm_cdf(infinity) == 1.0);
  CHECK(math::norm_cdf(-infinity) == 0.0);
  CHECK(math::norm_pdf(infinity) == 0.0);
  CHECK(math::mills(infinity) == 0.0);
  CHECK(math::mills(1e200) == 1e-200);
  CHECK(math::mills(-infinity) == infinity);
  CHECK(math::norm_quantile(0.5) == 0.0);
  CHECK(math::norm_quantile(0.0) == -infinity);
  CHECK(math::norm_quantile(1.0) == infinity);
  CHECK(std::isnan(math::norm_quantile(-0.1)));
  CHECK(std::isnan(math::norm_quantile(1.1)));
  CHECK(math::log_ratio(3.0, 3.0) == 0.0);
  CHECK(std::isnan(math::log_ratio(0.0, 1.0)));
  CHECK(std::isnan(math::log_ratio(1.0, infinity)));
  CHECK(math::log_ratio(1e308, 1e-308) == doctest::Approx(1418.3924172843322).epsilon(1e-15));
  CHECK(math::log_ratio(5e-324, 1.0) == math::log(5e-324));
}
