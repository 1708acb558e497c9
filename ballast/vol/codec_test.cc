#include "ballast/vol/codec.h"

#include <doctest/doctest.h>

#include "tests/codec_laws.h"

using namespace ballast;

namespace {

const auto written = [](const auto& x) { return encoded(x); };
template <class T>
Result<T> read_back(std::string_view bytes) {
  return decoded<T>(bytes);
}

}  // namespace

TEST_CASE("surfaces and what was learned come back bit for bit") {
  test::check_round_trip<vol::Surface>(31, 1000, written, read_back<vol::Surface>);
  test::check_round_trip<vol::Learned>(32, 500, written, read_back<vol::Learned>);
}

TEST_CASE("no bytes of surfaces and of what was learned are misread") {
  test::check_hostile<vol::Surface>(41, 60, written, read_back<vol::Surface>);
  test::check_hostile<vol::Learned>(42, 10, written, read_back<vol::Learned>);
}

TEST_CASE("a surface that was read is the same smile") {
  const vol::Surface surface{
      .index = "btc_usd",
      .as_of = Time{1'700'000'000'000},
      .slices = {{.expiry = Time{1'701'000'000'000},
                  .years = Years(0.03),
                  .forward = Price(60'000.0),
                  .shape = vol::VarianceSpline{.backbone = {.a = 0.01, .b = 0.05, .rho = -0.3, .m = 0.01, .sigma = 0.1},
                                               .scale = 0.05,
                                               .first = -2.0,
                                               .step = 0.5,
                                               .terms = {1e-4, -2e-4, 3e-4}}},
                 {.expiry = Time{1'710'000'000'000},
                  .years = Years(0.31),
                  .forward = Price(61'000.0),
                  .shape = vol::Sabr{
                      .alpha = 0.6, .rho = -0.2, .nu = 1.1, .forward = Price(61'000.0), .years = Years(0.31)}}}};
  const vol::Surface back = decoded<vol::Surface>(encoded(surface)).value();
  for (const double k : {-0.4, -0.1, 0.0, 0.07, 0.5})
    for (const double years : {0.02, 0.03, 0.1, 0.31, 0.5}) {
      const vol::SmilePoint a = vol::at(surface, k, Years(years)), b = vol::at(back, k, Years(years));
      CAPTURE(k);
      CAPTURE(years);
      CHECK(a.total_variance > 0.0);
      CHECK(a.total_variance == b.total_variance);
    }
}
