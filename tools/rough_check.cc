// The path models without a transform, at many paths: rough Bergomi against the reference's Cholesky simulation, local
// vol against the surface it came from, lognormal SABR against Obloj's expansion, and every forward against 1.
//
//   rough_check [--paths N] [--only rough|local|sabr|forward]
//
// One line for each price: simulated and reference vol, the standard error and the difference in basis points of vol.
// Exit 1 where a difference is beyond its bound.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "ballast/base/text.h"
#include "ballast/math/normalised_black.h"
#include "ballast/model/conditional_price.h"
#include "ballast/model/paths.h"
#include "ballast/vol/sabr.h"
#include "ballast/vol/ssvi.h"
#include "tests/support.h"

namespace {

using namespace ballast;
using model::Estimate;

constexpr std::size_t chunk = 16'384;
bool failed = false;

double call_at(double k, double stdev) {
  return std::max(1.0 - std::exp(k), 0.0) + std::exp(0.5 * k) * math::normalised_black(k, stdev);
}
double vega_at(double k, double stdev, double years) {
  const double d1 = -k / stdev + 0.5 * stdev;
  return std::exp(-0.5 * d1 * d1) * 0.3989422804014327 * std::sqrt(years);
}

// `mine` and the price at `vol`, the difference in bp of vol beside its errors; `bound` in bp, besides three errors.
void line(const std::string& what, double years, double k, const Estimate& mine, double vol, double other_error,
          double bound) {
  const double stdev = vol * std::sqrt(years), per_vol = vega_at(k, stdev, years) * 1e-4;
  const double off = (mine.mean - call_at(k, stdev)) / per_vol;
  const double error = std::hypot(mine.error, other_error) / per_vol;
  const bool beyond = !(std::abs(off) <= bound + 3.0 * error);
  failed = failed || beyond;
  fmt::print("{:<22}{:>8.4f}{:>9.4f}{:>10.5f}{:>10.2f} +- {:<8.2f}{}\n", what, years, k, vol, off, error,
             beyond ? "BEYOND" : "");
}

std::vector<double> even(double last, int n) {
  std::vector<double> years;
  for (int i = 1; i <= n; ++i) years.push_back(last * i / n);
  return years;
}

void rough(std::size_t paths) {
  const auto rows = test::read_csv("tests/data/rough_bergomi_mc.csv");
  for (std::size_t begin = 0, end = 0; begin < rows.size(); begin = end) {
    const test::Row& row = rows[begin];
    std::vector<double> strikes;
    for (; end < rows.size() && rows[end]["T"] == row["T"] && rows[end].text("set") == row.text("set"); ++end)
      strikes.push_back(rows[end]["log_strike"]);
    const model::RoughBergomi rough{
        .variance = model::ForwardVariance::flat(row["xi"]), .eta = row["eta"], .rho = row["rho"], .hurst = row["H"]};
    const auto plan =
        model::RoughBergomiPaths::prepare(rough, even(row["T"], 400), {.seed = 7, .antithetic = true}).value();
    const auto calls = model::conditional_calls(
        [&](std::uint64_t first, std::span<double> x, std::span<double> v) { plan.condition(first, x, v); }, strikes,
        paths, true);
    for (std::size_t i = begin; i < end; ++i) {
      const test::Row& at = rows[i];
      line(row.text("set"), at["T"], at["log_strike"], calls[i - begin], at["implied_vol"], at["call_se"],
           1e4 * std::abs(at["implied_vol_n200"] - at["implied_vol"]));
    }
  }
}

// Black's paths on the same normals are the control: PathPlan's numbers are the same where the steps are.
void local(std::size_t paths) {
  const struct {
    const char* name;
    double s0;
    vol::PowerLawSsvi surface;
  } sets[] = {{"btc", 0.6, {.rho = -0.1, .eta = 0.9, .gamma = 0.45}},
              {"equity", 0.2, {.rho = -0.7, .eta = 1.0, .gamma = 0.5}}};
  for (const auto& set : sets)
    for (const double years : {0.02, 0.1, 0.5}) {
      const model::LocalVol local{.surface = [&](double t, double k) {
        const double theta = set.s0 * set.s0 * t;
        const auto p = vol::at(set.surface.slice(theta), k);
        return model::VariancePoint{p.total_variance, p.slope, p.curvature,
                                    set.surface.theta_slope(theta, k) * set.s0 * set.s0};
      }};
      const double date[] = {years};
      const model::Draws draws{.seed = 21, .antithetic = true};
      const auto plan = model::LocalVolPaths::prepare(local, date, draws).value();
      const auto grid = even(years, std::max(50, static_cast<int>(std::ceil(years * 365.0 * (1.0 - 1e-9)))));
      std::vector<double> x(chunk), black(chunk * grid.size()), pay(chunk), control(chunk);
      const double deviations[] = {-1.5, -0.75, 0.0, 0.75, 1.5};
      std::vector<model::SampleMoments> moments(std::size(deviations) + 1);
      const auto black_plan = model::PathPlan::prepare(model::BlackScholes{set.s0}, grid, draws).value();
      for (std::size_t first = 0; first < paths; first += chunk) {
        plan.fill(first, chunk, x, {});
        black_plan.fill(first, chunk, black, {});
        const double* last = black.data() + chunk * (grid.size() - 1);
        for (std::size_t i = 0; i < chunk; ++i) pay[i] = std::exp(x[i]);
        moments.back() = joined(moments.back(), model::sample_moments(pay, {}, true));
        for (std::size_t j = 0; j < std::size(deviations); ++j) {
          const double k = deviations[j] * set.s0 * std::sqrt(years), strike = std::exp(k);
          const double stdev = std::sqrt(local.surface(years, k).w), own = set.s0 * std::sqrt(years);
          for (std::size_t i = 0; i < chunk; ++i) {
            pay[i] = std::max(std::exp(x[i]) - strike, 0.0);
            // From the vol of the plan to that of the strike: the same Brownian motion.
            const double w = (last[i] + 0.5 * own * own) / own;
            control[i] = std::max(std::exp(stdev * w - 0.5 * stdev * stdev) - strike, 0.0);
          }
          moments[j] = joined(moments[j], model::sample_moments(pay, control, true));
        }
      }
      for (std::size_t j = 0; j < std::size(deviations); ++j) {
        const double k = deviations[j] * set.s0 * std::sqrt(years), stdev = std::sqrt(local.surface(years, k).w);
        line(std::string("local vol ") + set.name, years, k, controlled(moments[j], call_at(k, stdev)),
             stdev / std::sqrt(years), 0.0, 5.0);
      }
      const Estimate forward = estimate(moments.back());
      fmt::print("{:<22}{:>8.4f}  forward 1 {:+.2g}, {:.2f} errors; capped {:.4f}, floored {:.4f} of the nodes\n", "",
                 years, forward.mean - 1.0, (forward.mean - 1.0) / forward.error, plan.capped(), plan.floored());
      failed = failed || std::abs(forward.mean - 1.0) > 3.5 * forward.error;
    }
}

// The expansion's own error is of second order in nu² T: it is asked where that is small, and on 400 steps beside the
// model's own 50, so that what is left of a difference on both is the expansion's.
void sabr(std::size_t paths) {
  const struct {
    double nu, years;
  } sets[] = {{0.7, 7.0 / 365.0}, {1.0, 30.0 / 365.0}, {2.0, 7.0 / 365.0}};
  for (const auto& [nu, years] : sets)
    for (const int steps : {1, 400}) {
      const model::Sabr sabr{.alpha = 0.6, .beta = 1.0, .rho = -0.3, .nu = nu};
      std::vector<double> strikes;
      for (const double deviations : {-1.5, -0.6, 0.0, 0.6, 1.5})
        strikes.push_back(deviations * 0.6 * std::sqrt(years));
      const auto plan = model::SabrPaths::prepare(sabr, even(years, steps), {.seed = 12, .antithetic = true}).value();
      const auto calls = model::conditional_calls(
          [&](std::uint64_t first, std::span<double> x, std::span<double> v) { plan.condition(first, x, v); }, strikes,
          paths, true);
      for (std::size_t i = 0; i < strikes.size(); ++i) {
        const vol::Sabr slice{.alpha = sabr.alpha,
                              .beta = sabr.beta,
                              .rho = sabr.rho,
                              .nu = nu,
                              .forward = Price(1.0),
                              .years = Years(years)};
        const double vol = vol::obloj_vol(slice, Price(std::exp(strikes[i]))).value, size = nu * nu * years;
        line(fmt::format("sabr nu {} {} steps", nu, std::max(steps, 50)), years, strikes[i], calls[i], vol, 0.0,
             1e4 * vol * size * size / 4.0);
      }
    }
}

void forward(std::size_t paths) {
  const model::BergomiTwoFactor bergomi{.variance = model::ForwardVariance::flat(0.36),
                                        .nu = 2.1,
                                        .theta = 0.3,
                                        .k1 = 12.0,
                                        .k2 = 0.9,
                                        .rho12 = 0.2,
                                        .rho_s1 = -0.25,
                                        .rho_s2 = -0.1};
  model::ReturnBootstrap returns{.log_return = {}, .row_years = 1.0 / 365.0};
  for (int i = 0; i < 500; ++i) returns.log_return.push_back(0.04 * std::sin(1.7 * i) + 0.02 * std::cos(0.05 * i * i));
  const model::PathModel models[] = {
      model::RoughBergomi{.variance = model::ForwardVariance::flat(0.36), .eta = 1.6, .rho = -0.2, .hurst = 0.1},
      bergomi,
      model::Sabr{.alpha = 0.6, .beta = 1.0, .rho = -0.3, .nu = 2.0},
      model::Sabr{.alpha = 0.6, .beta = 0.6, .rho = -0.3, .nu = 1.0},
      model::RegimeSwitching{.vol = {0.4, 1.1}, .rate = {0.0, 4.0, 9.0, 0.0}},
      returns};
  for (const auto& one : models) {
    const std::vector<double> years = {30.0 / 365.0, 90.0 / 365.0};
    const auto plan = model::PathPlan::prepare(one, years, {.seed = 3, .antithetic = true}).value();
    std::vector<double> x(2 * chunk), price(chunk);
    std::vector<model::SampleMoments> moments(2);
    for (std::size_t first = 0; first < paths; first += chunk) {
      plan.fill(first, chunk, x, {});
      for (std::size_t t = 0; t < 2; ++t) {
        for (std::size_t i = 0; i < chunk; ++i) price[i] = std::exp(x[t * chunk + i]);
        moments[t] = joined(moments[t], model::sample_moments(price, {}, true));
      }
    }
    for (std::size_t t = 0; t < 2; ++t) {
      const Estimate mean = estimate(moments[t]);
      const double z = (mean.mean - 1.0) / mean.error;
      failed = failed || !(std::abs(z) <= 3.5);
      fmt::print("{:<22}{:>8.4f}  forward 1 {:+.2g}, {:.2f} errors\n", name(one), years[t], mean.mean - 1.0, z);
    }
  }
}

}  // namespace

int main(int count, char** words) {
  std::size_t paths = 1'000'000;
  std::string only;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string word = words[i];
    const auto number = parse_number(words[i + 1]);
    if (word == "--only") {
      only = words[i + 1];
    } else if (word == "--paths" && number && *number >= 1.0) {
      paths = static_cast<std::size_t>(*number);
    } else {
      fmt::print(stderr, "usage: rough_check [--paths N] [--only rough|local|sabr|forward]\n");
      return 2;
    }
  }
  paths = (paths + chunk - 1) / chunk * chunk;
  fmt::print("{:<22}{:>8}{:>9}{:>10}{:>10}\n", "", "years", "ln(K/F)", "vol", "off, bp");
  if (only.empty() || only == "rough") rough(paths);
  if (only.empty() || only == "local") local(paths);
  if (only.empty() || only == "sabr") sabr(paths);
  if (only.empty() || only == "forward") forward(paths);
  return failed ? 1 : 0;
}
