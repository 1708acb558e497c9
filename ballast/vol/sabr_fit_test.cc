#include "ballast/vol/sabr_fit.h"

#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>

#include "ballast/vol/fit.h"

using namespace ballast;
using vol::Sabr;
using vol::SabrFit;
using vol::SliceQuotes;

namespace {

SliceQuotes quotes_of(const Sabr& s, double reach) {
  SliceQuotes q{.index = "btc_usd", .expiry = Time{1'800'000'000'000}, .years = s.years, .forward = s.forward};
  for (int i = -10; i <= 10; ++i) {
    const double k = reach * i / 10.0;
    q.instrument.push_back(std::to_string(i));
    q.log_moneyness.push_back(k);
    q.vol.push_back(vol::gradient(s, k).vol);
    q.weight.push_back(1.0);
    q.bid_vol.push_back(NAN);
    q.ask_vol.push_back(NAN);
  }
  return q;
}

}  // namespace

TEST_CASE("SABR fit: what a model made comes back") {
  int most = 0, warmest = 0;
  double worst = 0.0;
  for (const double beta : {0.0, 0.5, 1.0}) {
    for (const double days : {1.0, 7.0, 30.0, 180.0, 365.0}) {
      for (const double rho : {-0.7, -0.1, 0.3, 0.8}) {
        for (const double nu_root : {0.1, 0.4, 0.9}) {
          CAPTURE(beta);
          CAPTURE(days);
          CAPTURE(rho);
          CAPTURE(nu_root);
          const double years = days / 365.0, root = std::sqrt(years);
          const Sabr truth{.alpha = 0.55 * std::pow(65000.0, 1.0 - beta),
                           .beta = beta,
                           .rho = rho,
                           .nu = nu_root / root,
                           .forward = Price(65000.0),
                           .years = Years(years)};
          const SliceQuotes q = quotes_of(truth, 2.0 * 0.55 * root);
          const auto fit = vol::fit_sabr(q, {.beta = beta});
          REQUIRE(fit);
          CHECK(fit.value().worst <= 1e-9);
          CHECK(std::abs(fit.value().sabr.nu / truth.nu - 1.0) <= 1e-5);
          CHECK(std::abs(fit.value().sabr.rho - rho) <= 1e-5);
          most = std::max(most, fit.value().iterations);
          worst = std::max(worst, fit.value().worst);
          // A little later, a little elsewhere: warm is quicker and finds the same.
          Sabr before = truth;
          before.alpha *= 1.01;
          before.rho += 0.02;
          before.nu *= 0.98;
          const auto warm = vol::fit_sabr(q, {.beta = beta}, &before);
          REQUIRE(warm);
          CHECK(warm.value().worst <= 1e-9);
          warmest = std::max(warmest, warm.value().iterations);
          // The same smile on a forward that has moved is no search at all.
          Sabr elsewhere = truth;
          elsewhere.forward = Price(80000.0);
          elsewhere.alpha *= std::pow(80000.0 / 65000.0, 1.0 - beta);
          CHECK(vol::fit_sabr(q, {.beta = beta}, &elsewhere).value().iterations <= 1);
        }
      }
    }
  }
  CHECK(most <= 25);
  CHECK(warmest <= 6);
  MESSAGE("iterations cold " << most << ", warm " << warmest << "; worst vol error " << worst);
}

TEST_CASE("SABR fit: three wild quotes of twenty-one do not pull it") {
  const Sabr truth{.alpha = 0.6, .rho = -0.2, .nu = 1.6, .forward = Price(65000.0), .years = Years(30.0 / 365.0)};
  SliceQuotes q = quotes_of(truth, 0.4);
  for (std::size_t i = 0; i < q.vol.size(); ++i) q.vol[i] += (i % 2 == 0 ? 1.0 : -1.0) * 1e-4;
  q.vol[2] += 0.20;
  q.vol[15] -= 0.10;
  q.vol[20] += 0.15;
  const auto loose = vol::fit_sabr(q, {.robust = 0.0}), robust = vol::fit_sabr(q, {.robust = 3.0});
  REQUIRE(loose);
  REQUIRE(robust);
  const auto off = [&](const SabrFit& fit) {
    double most = 0.0;
    for (double k = -0.4; k <= 0.4; k += 0.05)
      most = std::max(most, std::abs(vol::gradient(fit.sabr, k).vol - vol::gradient(truth, k).vol));
    return most;
  };
  CHECK(off(loose.value()) >= 0.02);
  CHECK(off(robust.value()) <= 4e-4);
  CHECK(robust.value().worst >= 0.19);  // the errors reported are of all quotes
  // A weight does what leaving out does.
  SliceQuotes light = q;
  for (const std::size_t i : {2u, 15u, 20u}) light.weight[i] = 1e-9;
  CHECK(off(vol::fit_sabr(light, {.robust = 0.0}).value()) <= 4e-4);
}

TEST_CASE("SABR fit: a flat smile, a frown and a bound") {
  SliceQuotes q = quotes_of({.alpha = 0.6, .nu = 0.0, .forward = Price(65000.0), .years = Years(0.1)}, 0.4);
  const auto flat = vol::fit_sabr(q, {});
  REQUIRE(flat);
  CHECK(flat.value().worst <= 1e-4);
  for (std::size_t i = 0; i < q.vol.size(); ++i) q.vol[i] -= 0.5 * q.log_moneyness[i] * q.log_moneyness[i];
  const auto frown = vol::fit_sabr(q, {});  // no SABR smile frowns: the flattest is nearest
  REQUIRE(frown);
  CHECK(frown.value().iterations <= 400);
  CHECK(std::isfinite(frown.value().rmse));
}

TEST_CASE("SABR fit: bad input is named") {
  const SliceQuotes good =
      quotes_of({.alpha = 0.6, .rho = -0.2, .nu = 1.6, .forward = Price(65000.0), .years = Years(0.1)}, 0.4);
  const auto refused = [](const SliceQuotes& q, const vol::SabrFitRules& rules, const char* word) {
    const auto fit = vol::fit_sabr(q, rules);
    REQUIRE_FALSE(fit);
    CHECK(fit.error().fault == Fault::bad_input);
    CAPTURE(fit.error().what);
    CHECK(fit.error().what.find(word) != std::string::npos);
  };
  refused(good, {.beta = 1.2}, "beta 1.2");
  refused(good, {.robust = -1.0}, "robust -1");
  refused(good, {.iterations = 0}, "0 iterations");
  SliceQuotes q = good;
  q.vol[3] = -0.2;
  refused(q, {}, "vol -0.2");
  q = good;
  q.weight[3] = NAN;
  refused(q, {}, "weight nan");
  q = good;
  q.years = Years(0.0);
  refused(q, {}, "years 0");
  q = good;
  for (auto* column : {&q.vol, &q.weight, &q.log_moneyness}) column->resize(3);
  refused(q, {}, "3 vols");
}

TEST_CASE("SABR fit: a surface of slices, cold and warm") {
  std::vector<SliceQuotes> quotes;
  std::vector<Sabr> truth;
  for (const double days : {7.0, 30.0, 90.0}) {
    truth.push_back({.alpha = 0.6,
                     .rho = -0.2,
                     .nu = 0.5 / std::sqrt(days / 365.0),
                     .forward = Price(65000.0),
                     .years = Years(days / 365.0)});
    quotes.push_back(quotes_of(truth.back(), 1.2 * std::sqrt(days / 365.0)));
    quotes.back().expiry = Time{1'800'000'000'000 + static_cast<std::int64_t>(days) * 86'400'000};
  }
  const auto surface = vol::fit(quotes, {.model = vol::Model::sabr});
  REQUIRE(surface);
  REQUIRE(surface.value().slices.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    const vol::Slice& slice = surface.value().slices[i];
    CHECK(std::abs(vol::at(slice.shape, 0.1).slope / vol::at(truth[i], 0.1).slope - 1.0) <= 1e-7);
    CHECK(slice.health.rmse <= 1e-9);
    CHECK(slice.health.quotes == 21);
    CHECK(slice.health.calendar_margin > 0.0);
    CHECK(std::isfinite(slice.health.least_butterfly));
  }
  const auto warm = vol::fit(quotes, {.model = vol::Model::sabr}, &surface.value());
  REQUIRE(warm);
  for (const vol::Slice& slice : warm.value().slices) CHECK(slice.health.iterations <= 1);
  // Near vols tripled and middle ones doubled turn the calendar upside down, and it is seen.
  for (std::size_t i = 0; i < 3; ++i)
    for (double& vol : quotes[i].vol) vol *= 3.0 - static_cast<double>(i);
  CHECK(vol::fit(quotes, {.model = vol::Model::sabr}).value().slices[1].health.calendar_margin < 0.0);
}
