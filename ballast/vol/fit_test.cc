#include "ballast/vol/fit.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <random>
#include <string>

#include <doctest/doctest.h>
#include <hwy/targets.h>

#include "ballast/math/arithmetic.h"
#include "tests/support.h"

using namespace ballast;
using namespace ballast::vol;

namespace {

constexpr Time today{1'790'000'000'000};

SliceQuotes quotes_of(const std::function<SmilePoint(double)>& smile, double years, double low, double high,
                      std::size_t n) {
  SliceQuotes q{.index = "btc_usd", .years = Years(years), .forward = Price(1e5)};
  q.expiry = Time{today.ms + std::llround(years * 31'536'000'000.0)};
  for (std::size_t i = 0; i < n; ++i) {
    const double k = low + (high - low) * static_cast<double>(i) / static_cast<double>(n - 1);
    q.instrument.push_back("option-" + std::to_string(i));
    q.log_moneyness.push_back(k);
    q.vol.push_back(vol_of(smile(k), q.years).value);
    q.weight.push_back(1.0);
    q.bid_vol.push_back(q.vol.back() - 0.01), q.ask_vol.push_back(q.vol.back() + 0.01);
  }
  return q;
}

struct Seen {
  double least_g = 1e300, least_rise = 1e300;
};

/// Arbitrage looked for on a grid that is not the fit's.
Seen look(const Surface& surface) {
  Seen seen;
  for (std::size_t i = 0; i < surface.slices.size(); ++i) {
    for (int j = -1000; j <= 1000; ++j) {
      const double k = 1.5 * std::sinh(5.0 * j / 1000.0) / std::sinh(5.0);
      const SmilePoint p = at(surface.slices[i].shape, k);
      seen.least_g = std::min(seen.least_g, p.total_variance > 0.0 ? butterfly(k, p) : -1.0);
      const double before = i == 0 ? 0.0 : at(surface.slices[i - 1].shape, k).total_variance;
      seen.least_rise = std::min(seen.least_rise, p.total_variance - before);
    }
  }
  return seen;
}

/// Eight expiries on slices that are free of arbitrage, with noise of so many vol points.
std::vector<SliceQuotes> random_chain(std::mt19937_64& random, double noise) {
  const auto uniform = [&](double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
  };
  std::normal_distribution<double> normal;
  const double vol = uniform(0.3, 1.0), rho = uniform(-0.5, 0.3), steep = uniform(0.3, 1.2);
  std::vector<SliceQuotes> chain;
  for (const double days : {2.0, 7.0, 14.0, 30.0, 60.0, 120.0, 210.0, 350.0}) {
    const double years = days / 365.0, theta = vol * vol * years, reach = 2.5 * std::sqrt(theta);
    const Essvi slice{.theta = theta, .rho = rho, .psi = steep * std::sqrt(theta)};
    chain.push_back(quotes_of([&](double k) { return at(slice, k); }, years, -reach, 0.9 * reach, 25));
    for (double& v : chain.back().vol) v += 0.01 * noise * normal(random);
  }
  return chain;
}

/// The largest difference of vol between two surfaces, from the first quote to the last of each expiry.
double apart(const Surface& a, const Surface& b, const std::vector<SliceQuotes>& chain) {
  double largest = 0.0;
  for (std::size_t i = 0; i < chain.size(); ++i) {
    const double low = chain[i].log_moneyness.front(), high = chain[i].log_moneyness.back();
    for (int j = 0; j <= 100; ++j) {
      const double k = low + (high - low) * j / 100.0;
      largest = std::max(largest, std::abs(vol_of(at(a.slices[i].shape, k), chain[i].years).value -
                                           vol_of(at(b.slices[i].shape, k), chain[i].years).value));
    }
  }
  return largest;
}

/// The kernels without a fused multiply-add, for as long as it lives.
struct WithoutFused {
  bool chosen = math::use_instruction_set("SSE4");  // false where this build or processor has none
  WithoutFused() = default;
  WithoutFused(const WithoutFused&) = delete;
  WithoutFused& operator=(const WithoutFused&) = delete;
  ~WithoutFused() { hwy::SetSupportedTargetsForTest(0); }  // all that there are
};

double at_money(const Surface& surface, std::size_t i) {
  return vol_of(at(surface.slices[i].shape, 0.0), surface.slices[i].years).value;
}

}  // namespace

TEST_CASE("exact SVI quotes come back") {
  double worst = 0.0, worst_held = 0.0;
  for (const test::Row& row : test::read_csv("tests/data/svi_slices.csv")) {
    if (row["g_min"] < 0.0) continue;
    CAPTURE(row.text("set"));
    const Svi svi{row["a"], row["b"], row["rho"], row["m"], row["sigma"]};
    const double reach = 3.0 * std::sqrt(at(svi, 0.0).total_variance);
    const std::vector<SliceQuotes> q{quotes_of([&](double k) { return at(svi, k); }, row["t"], -reach, reach, 31)};
    const auto error = [&](const FitRules& rules) {
      const Surface surface = fit(q, rules).value();
      double largest = 0.0;
      for (const double k : q[0].log_moneyness)
        largest = std::max(largest,
                           std::abs(at(surface.slices[0].shape, k).total_variance / at(svi, k).total_variance - 1.0));
      return largest;
    };
    const double plain = error({.model = Model::svi, .arbitrage_free = false, .robust = 0.0, .exact = true});
    // The prior of the wings costs a little.
    const double held = error({.model = Model::svi, .robust = 0.0, .exact = true});
    CHECK(plain <= 1e-6);
    CHECK(held <= 5e-5);
    worst = std::max(worst, plain), worst_held = std::max(worst_held, held);
  }
  MESSAGE("worst relative error of w: " << worst << ", with the conditions " << worst_held);
}

TEST_CASE("exact quotes come back where the first steps overshoot") {
  for (const double years : {0.0833, 0.19, 0.345}) {
    CAPTURE(years);
    const double theta = 0.2 * years;
    const Essvi slice{.theta = theta, .rho = -0.3, .psi = 0.6 * std::sqrt(theta)};
    const std::vector<SliceQuotes> q{quotes_of([&](double k) { return at(slice, k); }, years, -0.45, 0.54, 23)};
    const Surface plain = fit(q, {.model = Model::svi, .arbitrage_free = false, .robust = 0.0}).value();
    const Surface held = fit(q, {.model = Model::svi}).value();
    CHECK(plain.slices[0].health.rmse <= 1e-6);
    CHECK(held.slices[0].health.rmse <= 1e-5);
  }
}

TEST_CASE("Vogt's arbitrage is repaired") {
  const Svi vogt{-0.0410, 0.1331, 0.3060, 0.3586, 0.4153};
  const std::vector<SliceQuotes> q{quotes_of([&](double k) { return at(vogt, k); }, 1.0, -1.4, 1.4, 31)};
  REQUIRE(look(fit(q, {.model = Model::svi, .arbitrage_free = false, .robust = 0.0}).value()).least_g < -0.03);
  for (const Model model : {Model::svi, Model::spline, Model::essvi}) {
    const Surface surface = fit(q, {.model = model, .robust = 0.0}).value();
    CHECK(look(surface).least_g >= 0.0);
    CHECK(surface.slices[0].health.least_butterfly >= 0.0);
    MESSAGE(std::string(name(model)) << ": rmse " << surface.slices[0].health.rmse << ", least g "
                                     << look(surface).least_g);
    CHECK(surface.slices[0].health.rmse <= (model == Model::spline ? 0.006 : model == Model::svi ? 0.02 : 0.04));
  }
}

TEST_CASE("where few strikes are quoted the wings are those of the prior, where many are the quotes'") {
  const auto flat = [](double) { return SmilePoint{.total_variance = 0.02}; };
  const double stdev = std::sqrt(0.02);
  const auto wing = [&](double reach) {  // w four stdevs out over w at the money
    const std::vector<SliceQuotes> q{quotes_of(flat, 0.1, -reach * stdev, reach * stdev, 9)};
    const Surface surface = fit(q, {.model = Model::svi, .robust = 0.0}).value();
    CHECK(surface.slices[0].health.rmse <= 2e-3);  // of few quotes the prior takes 0.11 vol points
    return at(surface.slices[0].shape, 4.0 * stdev).total_variance / 0.02;
  };
  const double few = wing(0.25), many = wing(5.0);
  MESSAGE("total variance four stdevs out: " << few << " times that at the money, with quotes there " << many);
  CHECK(few >= 1.5);  // the prior has 2.56
  CHECK(many == doctest::Approx(1.0).epsilon(0.01));
}

TEST_CASE("random chains come out free of arbitrage and near their noise") {
  std::mt19937_64 random(20261125);
  std::map<Model, double> worst;
  for (int i = 0; i < 30; ++i) {
    CAPTURE(i);
    const auto chain = random_chain(random, 0.2);
    for (const Model model : {Model::spline, Model::svi, Model::essvi}) {
      CAPTURE(std::string(name(model)));
      const Surface surface = fit(chain, {.model = model}).value();
      const Seen seen = look(surface);
      CHECK(seen.least_g >= 0.0);
      CHECK(seen.least_rise >= 0.0);
      CHECK(surface.as_of == today);
      for (const Slice& slice : surface.slices) {
        CHECK(slice.health.least_butterfly >= 0.0);
        CHECK(slice.health.calendar_margin >= 0.0);
        worst[model] = std::max(worst[model], slice.health.rmse);
      }
    }
  }
  for (const auto& [model, rmse] : worst) {
    MESSAGE(std::string(name(model)) << ": worst rmse of a slice, noise 0.002: " << rmse);
    CHECK(rmse <= 0.004);
  }
}

TEST_CASE("a bad quote is named and moves little") {
  std::mt19937_64 random(7);
  auto chain = random_chain(random, 0.1);
  const Surface clean = fit(chain, {}).value();
  for (const std::size_t at : {std::size_t{3}, std::size_t{12}, std::size_t{20}}) {
    auto bad = chain;
    bad[4].vol[at] *= 1.4;
    const Surface fitted = fit(bad, {}).value();
    CHECK(std::any_of(fitted.dropped.begin(), fitted.dropped.end(), [&](const market::Dropped& d) {
      return d.instrument == "option-" + std::to_string(at) && d.reason == "outlier";
    }));
    CHECK(std::abs(at_money(fitted, 4) - at_money(clean, 4)) <= 0.003);
    // Least squares believes it.
    const Surface believed = fit(bad, {.robust = 0.0}).value();
    CHECK(believed.dropped.empty());
    CHECK(believed.slices[4].health.worst > 0.05);
  }
}

TEST_CASE("a quote that is a fifth off is named and moves little") {
  std::mt19937_64 random(8);
  double worst = 0.0;
  for (int i = 0; i < 5; ++i) {
    CAPTURE(i);
    const auto chain = random_chain(random, 0.1);
    const Surface clean = fit(chain, {}).value();
    for (const double factor : {0.8, 1.2}) {
      for (const std::size_t at : {std::size_t{4}, std::size_t{12}, std::size_t{19}}) {
        CAPTURE(factor);
        CAPTURE(at);
        auto bad = chain;
        bad[4].vol[at] *= factor;
        const Surface fitted = fit(bad, {}).value();
        REQUIRE(fitted.dropped.size() == 1);
        CHECK(fitted.dropped[0].instrument == "option-" + std::to_string(at));
        CHECK(fitted.dropped[0].reason == "outlier");
        CHECK(fitted.slices[4].health.dropped == 1);
        worst = std::max(worst, apart(fitted, clean, chain));
      }
    }
  }
  MESSAGE("a bad quote moves the vols by up to " << worst);
  CHECK(worst <= 0.003);
}

TEST_CASE("a warm start ends where a cold one does, sooner") {
  std::mt19937_64 random(11);
  int cold_steps = 0, warm_steps = 0;
  double off = 0.0;
  for (int i = 0; i < 10; ++i) {
    auto chain = random_chain(random, 0.2);
    const Surface before = fit(chain, {}).value();
    for (SliceQuotes& q : chain)
      for (double& v : q.vol) v += 0.001;
    const Surface cold = fit(chain, {}).value(), warm = fit(chain, {}, &before).value();
    for (std::size_t s = 0; s < cold.slices.size(); ++s)
      cold_steps += cold.slices[s].health.iterations, warm_steps += warm.slices[s].health.iterations;
    off = std::max(off, apart(cold, warm, chain));
  }
  MESSAGE("steps cold " << cold_steps << " warm " << warm_steps << ", vols apart by " << off);
  CHECK(warm_steps < cold_steps);
  CHECK(off <= 5e-4);
}

TEST_CASE("sensitivities are those of bump and refit") {
  std::mt19937_64 random(3);
  double worst = 0.0;
  int known = 0;
  const FitRules rules{.robust = 0.0, .exact = true};
  for (int c = 0; c < 4; ++c) {
    const auto chain = random_chain(random, 0.2);
    const auto all = sensitivities(chain, rules).value();
    for (std::size_t i = 0; i < chain.size(); ++i) {
      if (all[i].led || all[i].slopes.empty()) continue;
      ++known;
      const std::vector<double> money = all[i].at(0.0);
      double sum = 0.0, largest = 0.0;
      for (const double s : money) sum += s, largest = std::max(largest, std::abs(s));
      CHECK(std::abs(sum - 1.0) <= 0.05);  // all vols a point up, the vol at the money about a point up
      for (const std::size_t q : {std::size_t{2}, std::size_t{11}, std::size_t{17}}) {
        constexpr double bump = 1e-5;
        auto up = chain, down = chain;
        up[i].vol[q] += bump, down[i].vol[q] -= bump;
        const double refit =
            (at_money(fit(up, rules).value(), i) - at_money(fit(down, rules).value(), i)) / (2.0 * bump);
        worst = std::max(worst, std::abs(refit - money[q]) / largest);
      }
    }
  }
  MESSAGE(known << " slices, worst relative error " << worst);
  CHECK(known >= 8);
  CHECK(worst <= 1e-5);
}

TEST_CASE("sensitivities hold in the wings, and for SVI alone") {
  std::mt19937_64 random(4);
  for (const Model model : {Model::svi, Model::spline}) {
    CAPTURE(std::string(name(model)));
    const FitRules rules{.model = model, .robust = 0.0, .exact = true};
    double worst = 0.0;
    int known = 0;
    for (int c = 0; c < 2; ++c) {
      const auto chain = random_chain(random, 0.2);
      const auto all = sensitivities(chain, rules).value();
      for (std::size_t i = 0; i < chain.size(); i += 2) {
        if (all[i].led || all[i].slopes.empty()) continue;
        ++known;
        const std::vector<double>& k = chain[i].log_moneyness;
        const std::vector<double> places = {k.front(), k[8], 0.5 * (k[15] + k[16]), k.back()};
        double largest = 0.0, off = 0.0;
        for (const std::size_t q : {std::size_t{0}, std::size_t{9}, std::size_t{24}}) {
          constexpr double bump = 1e-5;
          auto up = chain, down = chain;
          up[i].vol[q] += bump, down[i].vol[q] -= bump;
          const Surface high = fit(up, rules).value(), low = fit(down, rules).value();
          for (const double place : places) {
            const double refit = (vol_of(at(high.slices[i].shape, place), chain[i].years).value -
                                  vol_of(at(low.slices[i].shape, place), chain[i].years).value) /
                                 (2.0 * bump);
            const std::vector<double> told = all[i].at(place);
            for (const double s : told) largest = std::max(largest, std::abs(s));
            off = std::max(off, std::abs(refit - told[q]));
          }
        }
        worst = std::max(worst, off / largest);
      }
    }
    MESSAGE(std::string(name(model)) << ": " << known << " slices, worst relative error " << worst);
    CHECK(known >= 4);
    CHECK(worst <= 1e-5);
  }
  CHECK_FALSE(sensitivities(random_chain(random, 0.2), {.model = Model::essvi}));
}

TEST_CASE("a slice's plain fit does not depend on its neighbours") {
  std::mt19937_64 random(5);
  auto chain = random_chain(random, 0.2);
  // Two more than eight, of other sizes: the second batch is part empty, the first part padding.
  for (const double years : {1.3, 2.0}) {
    const Essvi slice{.theta = 0.4 * years, .rho = -0.2, .psi = 0.5 * std::sqrt(0.4 * years)};
    chain.push_back(quotes_of([&](double k) { return at(slice, k); }, years, -1.0, 1.2, years > 1.5 ? 9 : 40));
  }
  const FitRules rules{.model = Model::svi, .arbitrage_free = false, .robust = 0.0};
  const Surface together = fit(chain, rules).value();
  for (std::size_t i = 0; i < chain.size(); ++i) {
    const Surface alone = fit(std::vector<SliceQuotes>{chain[i]}, rules).value();
    const Svi &a = std::get<Svi>(alone.slices[0].shape), &b = std::get<Svi>(together.slices[i].shape);
    CHECK(a.a == b.a);
    CHECK(a.b == b.b);
    CHECK(a.rho == b.rho);
    CHECK(a.m == b.m);
    CHECK(a.sigma == b.sigma);
  }
}

TEST_CASE("bad quotes are refused by their value") {
  std::mt19937_64 random(1);
  const auto good = random_chain(random, 0.1);
  const auto refused = [&](const char* what, const std::function<void(std::vector<SliceQuotes>&)>& spoil) {
    auto chain = good;
    spoil(chain);
    const auto answer = fit(chain, {});
    REQUIRE_FALSE(answer);
    CHECK_MESSAGE(answer.error().what.find(what) != std::string::npos, answer.error().what);
  };
  CHECK(fit(std::vector<SliceQuotes>{}, {}).error().fault == Fault::missing_data);
  refused("weight -1 of quote 3", [](auto& c) { c[1].weight[3] = -1.0; });
  refused("weight nan", [](auto& c) { c[1].weight[3] = std::numeric_limits<double>::quiet_NaN(); });
  refused("vol inf", [](auto& c) { c[1].vol[3] = std::numeric_limits<double>::infinity(); });
  refused("log-moneyness nan of quote 0",
          [](auto& c) { c[1].log_moneyness[0] = std::numeric_limits<double>::quiet_NaN(); });
  refused("log-moneyness 0.25 of quote 4", [](auto& c) { c[7].log_moneyness[3] = c[7].log_moneyness[4] = 0.25; });
  refused("24 log-moneynesses, 25 vols", [](auto& c) { c[1].log_moneyness.pop_back(); });
  refused("nan years", [](auto& c) { c[0].years = Years(std::nan("")); });
  refused("0 years", [](auto& c) { c[0].years = Years(0.0); });
  refused("0.25 years to expiry, after 0.25", [](auto& c) { c[3].years = c[4].years = Years(0.25); });
  refused("vol nan", [](auto& c) { c[1].vol[3] = std::numeric_limits<double>::quiet_NaN(); });
  refused("vol -0.5", [](auto& c) { c[1].vol[3] = -0.5; });
  refused("weight 0", [](auto& c) { c[1].weight[3] = 0.0; });
  refused("log-moneyness -9", [](auto& c) { c[1].log_moneyness[3] = -9.0; });
  refused("needs 5", [](auto& c) { c[1].vol.resize(4), c[1].log_moneyness.resize(4), c[1].weight.resize(4); });
  refused("years", [](auto& c) { std::swap(c[1].years, c[2].years); });
}

TEST_CASE("the same quotes give the same bits, and nearly so in both arithmetics") {
  std::mt19937_64 random(9);
  const std::vector<std::vector<SliceQuotes>> chains = {random_chain(random, 0.2), random_chain(random, 0.2),
                                                        random_chain(random, 0.2)};
  // To the last digit the arithmetics agree; else they may stop a step apart, where the tolerance lets them.
  const std::pair<FitRules, double> all[] = {{{.model = Model::spline, .exact = true}, 1e-9},
                                             {{.model = Model::svi, .exact = true}, 1e-9},
                                             {{.model = Model::essvi}, 1e-9},
                                             {{.model = Model::spline}, 1e-7},
                                             {{.model = Model::svi}, 1e-7}};
  for (const auto& [rules, bound] : all) {
    CAPTURE(std::string(name(rules.model)));
    double off = 0.0;
    for (const auto& chain : chains) {
      const Surface first = fit(chain, rules).value(), second = fit(chain, rules).value();
      CHECK(apart(first, second, chain) == 0.0);
      const WithoutFused guard;
      if (!guard.chosen) continue;
      CHECK(math::arithmetic() == math::Arithmetic::separate);
      off = std::max(off, apart(first, fit(chain, rules).value(), chain));
    }
    MESSAGE(std::string(name(rules.model)) << std::string(rules.exact ? ", exact" : "") << ": apart by " << off);
    CHECK(off <= bound);
  }
}
