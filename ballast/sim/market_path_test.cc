#include "ballast/sim/market_path.h"

#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace ballast;

namespace {

struct Moments {
  double count = 0.0, sum = 0.0, squares = 0.0;
  void add(double x) {
    count += 1.0;
    sum += x;
    squares += x * x;
  }
  double mean() const { return sum / count; }
  double variance() const { return squares / count - mean() * mean(); }
  double error() const { return std::sqrt(variance() / count); }
};

constexpr double day = 86'400.0;
constexpr double four_sigma = 4.0;  // of the mean's own error: one seed in 16,000 fails by chance, and ours are fixed

sim::MarketModel rich() {
  sim::MarketModel m;
  m.vol = {.mean = 0.6, .half_life_days = 20.0, .vol_of_vol = 1.5, .correlation = -0.6};
  m.jumps_a_year = 40.0;
  m.jump_mean = -0.02;
  m.jump_deviation = 0.05;
  m.premium_mean = 0.0003;
  m.premium_deviation = 0.0005;
  return m;
}

}  // namespace

TEST_CASE("market path: without drift the index is a martingale, with vol of vol, correlation and jumps") {
  for (const double drift : {0.0, 0.8}) {
    sim::MarketModel m = rich();
    m.drift = drift;
    REQUIRE(!sim::fault(m));
    Moments end;
    for (std::uint64_t path = 0; path < 10'000; ++path) {
      sim::MarketState s = sim::begin(m, Time{0});
      for (int i = 0; i < 10; ++i) s = sim::next(m, 7, path, s, 3.0 * day);
      end.add(s.index / m.start);
    }
    CAPTURE(end.mean());
    CAPTURE(end.error());
    CHECK(end.error() < 0.003);
    CHECK(std::abs(end.mean() - std::exp(drift * 30.0 / 365.0)) <= four_sigma * end.error());
  }
}

TEST_CASE("market path: a step of the logarithm has Merton's mean and variance") {
  sim::MarketModel m = rich();
  m.drift = 0.3;
  Moments move;
  const double step = 2.0 * day, years = step / (365.0 * day);
  for (std::uint64_t path = 0; path < 100'000; ++path) {
    move.add(std::log(sim::next(m, 11, path, sim::begin(m, Time{0}), step).index / m.start));
  }
  // Of a compound Poisson sum with N(m, d²): mean λ m, variance λ (m² + d²); the compensator λ (e^{m + d²/2} - 1).
  const double grows = std::exp(-0.02 + 0.5 * 0.05 * 0.05) - 1.0;
  const double mean = (0.3 - 0.5 * 0.36 - 40.0 * grows + 40.0 * -0.02) * years;
  const double variance = (0.36 + 40.0 * (0.02 * 0.02 + 0.05 * 0.05)) * years;
  CHECK(std::abs(move.mean() - mean) <= four_sigma * move.error());
  CHECK(move.variance() == doctest::Approx(variance).epsilon(0.03));
  CHECK(sim::atm_vol(m, sim::begin(m, Time{0})) == doctest::Approx(std::sqrt(variance / years)).epsilon(1e-12));
}

TEST_CASE("market path: the vol has the long run's mean and deviation, from wherever it began") {
  sim::MarketModel m = rich();
  m.start_vol = 1.2;
  const double a = std::log(2.0) * 365.0 / 20.0, deviation = 1.5 / std::sqrt(2.0 * a);
  CHECK(sim::long_run_deviation(m.vol) == doctest::Approx(deviation).epsilon(1e-14));
  Moments vol, log_vol, half;
  for (std::uint64_t path = 0; path < 20'000; ++path) {
    sim::MarketState s = sim::next(m, 3, path, sim::begin(m, Time{0}), 20.0 * day);
    half.add(std::log(s.vol));
    for (int i = 0; i < 8; ++i) s = sim::next(m, 3, path, s, 30.0 * day);
    vol.add(s.vol);
    log_vol.add(std::log(s.vol));
  }
  const double level = std::log(0.6) - 0.5 * deviation * deviation;
  CHECK(std::abs(half.mean() - 0.5 * (level + std::log(1.2))) <= four_sigma * half.error());
  CHECK(half.variance() == doctest::Approx(deviation * deviation * 0.75).epsilon(0.04));
  CHECK(std::abs(vol.mean() - 0.6) <= four_sigma * vol.error());
  CHECK(log_vol.variance() == doctest::Approx(deviation * deviation).epsilon(0.04));
}

TEST_CASE("market path: price and vol move together as the correlation says, premium and price do not") {
  sim::MarketModel m = rich();
  m.jumps_a_year = 0.0;
  for (const double correlation : {-0.6, 0.0, 0.9}) {
    m.vol.correlation = correlation;
    Moments x, y, p, xy, xp;
    for (std::uint64_t path = 0; path < 40'000; ++path) {
      const sim::MarketState s = sim::next(m, 5, path, sim::begin(m, Time{0}), day);
      const double price = std::log(s.index / m.start), vol = std::log(s.vol / m.start_vol);
      x.add(price), y.add(vol), p.add(s.premium), xy.add(price * vol), xp.add(price * s.premium);
    }
    const double found = (xy.mean() - x.mean() * y.mean()) / std::sqrt(x.variance() * y.variance());
    const double premium = (xp.mean() - x.mean() * p.mean()) / std::sqrt(x.variance() * p.variance());
    CHECK(std::abs(found - correlation) <= four_sigma * (1.0 - correlation * correlation) / 200.0 + 1e-6);
    CHECK(std::abs(premium) <= four_sigma / 200.0);
    // After a day, three half lives, an eighth is forgotten: of the long run's variance 1 - 1/64 is there.
    CHECK(p.variance() == doctest::Approx(0.0005 * 0.0005 * (1.0 - 1.0 / 64.0)).epsilon(0.04));
    CHECK(std::abs(p.mean() - 0.0003) <= four_sigma * p.error());
  }
}

TEST_CASE("market path: a quoted term structure expects the variance that comes, to what the header says") {
  for (const double vol_of_vol : {0.3, 1.0}) {
    for (const double half_life : {20.0, 60.0}) {
      for (const double start : {0.4, 0.6, 0.9}) {
        CAPTURE(vol_of_vol);
        CAPTURE(half_life);
        CAPTURE(start);
        sim::MarketModel m;
        m.start_vol = start;
        m.vol = {.mean = 0.6, .half_life_days = half_life, .vol_of_vol = vol_of_vol, .correlation = 0.0};
        const sim::ChainShape shape = sim::quoted_by(m, {});
        // E[vol²] of the log-normal vol at t, by the mean and the variance of its logarithm; the mean over [0, T].
        const double a = std::log(2.0) * 365.0 / half_life, s2 = vol_of_vol * vol_of_vol / (2.0 * a);
        const double level = std::log(0.6) - 0.5 * s2;
        for (const double days : {1.0, 7.0, 30.0, 90.0, 365.0}) {
          const int steps = 2'000;
          double sum = 0.0;
          for (int i = 0; i < steps; ++i) {
            const double kept = std::exp(-a * (i + 0.5) / steps * days / 365.0);
            const double mean = level + (std::log(start) - level) * kept;
            sum += std::exp(2.0 * mean + 2.0 * s2 * (1.0 - kept * kept)) / steps;
          }
          const double quoted =
              sim::atm_vol_of(shape, 60'000.0, sim::atm_vol(m, sim::begin(m, Time{0})), Years(days / 365.0));
          CAPTURE(days);
          CHECK(quoted == doctest::Approx(std::sqrt(sum)).epsilon(0.04));
        }
      }
    }
  }
}

TEST_CASE("market path: a step's numbers depend on seed, path and step alone") {
  const sim::MarketModel m = rich();
  const auto walk = [&](std::uint64_t seed, std::uint64_t path, int steps) {
    sim::MarketState s = sim::begin(m, Time{0});
    for (int i = 0; i < steps; ++i) s = sim::next(m, seed, path, s, day / 24.0);
    return s;
  };
  const sim::MarketState at_5 = walk(1, 2, 5);
  (void)walk(1, 3, 9);
  CHECK(walk(1, 2, 5) == at_5);
  CHECK(sim::next(m, 1, 2, at_5, day / 24.0) == walk(1, 2, 6));
  CHECK(walk(2, 2, 5).index != at_5.index);
  CHECK(walk(1, 4, 5).index != at_5.index);
  CHECK(at_5.at == Time{5 * 3'600'000});
  CHECK(at_5.step == 5);
  // Neighbours in path, step and seed are not correlated.
  Moments product;
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    sim::MarketState s = sim::begin(m, Time{0});
    s.step = i;
    const double a = std::log(sim::next(m, 1, 0, s, day).index / m.start);
    s.step = i + 1;
    const double b = std::log(sim::next(m, 1, 0, s, day).index / m.start);
    s.step = i;
    const double c = std::log(sim::next(m, 1, 1, s, day).index / m.start);
    const double d = std::log(sim::next(m, 2, 0, s, day).index / m.start);
    product.add(a * (b + c + d));
  }
  CHECK(std::abs(product.mean()) <= four_sigma * product.error());
}

TEST_CASE("market path: what is out of its domain is named") {
  const auto says = [](const sim::MarketModel& m, const std::string& word) {
    const auto found = sim::fault(m);
    REQUIRE(found);
    CHECK(found->fault == Fault::bad_input);
    CAPTURE(found->what);
    CHECK(found->what.find(word) != std::string::npos);
  };
  sim::MarketModel m;
  CHECK(!sim::fault(m));
  m.start = NAN;
  says(m, "start is nan");
  m = {};
  m.vol.correlation = 1.5;
  says(m, "correlation is 1.5");
  m = {};
  m.vol.vol_of_vol = 100.0;
  says(m, "vol_of_vol/sqrt(2a)");
  m = {};
  m.jump_deviation = -0.1;
  says(m, "jump_deviation is -0.1");
}

namespace {

const model::Heston leaning = {.v0 = 0.25, .kappa = 3.0, .theta = 0.36, .xi = 1.2, .rho = -0.6};

sim::MarketModel with(const model::Svcj& dynamics) {
  sim::MarketModel m;
  m.dynamics = dynamics;
  return m;
}

// Heston, Bates and the double-jump model.
const model::Svcj each_dynamics[] = {{.heston = leaning, .jumps = {}},
                                     {.heston = leaning, .jumps = {.rate = 20.0, .mean = -0.03, .deviation = 0.04}},
                                     {.heston = leaning,
                                      .jumps = {.rate = 20.0, .mean = -0.03, .deviation = 0.04},
                                      .variance_jump = 0.05,
                                      .jump_slope = -0.4}};

}  // namespace

TEST_CASE("market path: with dynamics the index is a martingale, and the variance has its mean") {
  for (const model::Svcj& dynamics : each_dynamics) {
    for (const double drift : {0.0, 0.8}) {
      sim::MarketModel m = with(dynamics);
      m.drift = drift;
      REQUIRE(!sim::fault(m));
      Moments end, variance;
      for (std::uint64_t path = 0; path < 10'000; ++path) {
        sim::MarketState s = sim::begin(m, Time{0});
        for (int i = 0; i < 10; ++i) s = sim::next(m, 7, path, s, 3.0 * day);
        end.add(s.index / m.start), variance.add(s.vol * s.vol);
      }
      CAPTURE(end.mean());
      CAPTURE(end.error());
      CHECK(end.error() < 0.003);
      CHECK(std::abs(end.mean() - std::exp(drift * 30.0 / 365.0)) <= four_sigma * end.error());
      // dE[v] = kappa (theta - E[v]) dt, and after each step the mean of its jumps.
      const double kept = std::exp(-leaning.kappa * 3.0 / 365.0);
      double expected = leaning.v0;
      for (int i = 0; i < 10; ++i) {
        expected = leaning.theta + (expected - leaning.theta) * kept;
        expected += dynamics.jumps.rate * 3.0 / 365.0 * dynamics.variance_jump;
      }
      CAPTURE(variance.mean());
      CHECK(std::abs(variance.mean() - expected) <= four_sigma * variance.error());
    }
  }
}

TEST_CASE("market path: with dynamics price and variance move together as rho says") {
  const sim::MarketModel m = with(each_dynamics[0]);
  double xx = 0.0, vv = 0.0, xv = 0.0;
  const int count = 20'000;
  for (std::uint64_t path = 0; path < count; ++path) {
    const sim::MarketState s = sim::begin(m, Time{0}), t = sim::next(m, 3, path, s, 600.0);
    const double x = std::log(t.index / s.index), v = t.vol * t.vol - s.vol * s.vol;
    xx += x * x, vv += v * v, xv += x * v;
  }
  const double rho = leaning.rho;
  CHECK(std::abs(xv / std::sqrt(xx * vv) - rho) <= four_sigma * (1.0 - rho * rho) / std::sqrt(double{count}));
}

TEST_CASE("market path: with dynamics a path taken up from any of its states goes on bit for bit") {
  for (const model::Svcj& dynamics : each_dynamics) {
    const sim::MarketModel m = with(dynamics);
    std::vector<sim::MarketState> straight = {sim::begin(m, Time{0})};
    for (int i = 0; i < 40; ++i) straight.push_back(sim::next(m, 5, 1, straight.back(), day / 6.0));
    for (std::size_t cut = 0; cut < straight.size(); ++cut) {
      (void)sim::next(m, 5, 2, straight[cut], day);  // another path between
      sim::MarketState s = straight[cut];
      for (std::size_t i = cut + 1; i < straight.size(); ++i) s = sim::next(m, 5, 1, s, day / 6.0);
      CHECK(s == straight.back());
    }
    CHECK(sim::next(m, 5, 2, straight[3], day / 6.0).vol != straight[4].vol);
  }
}

TEST_CASE("market path: dynamics out of their domain are named") {
  const auto says = [](const model::Svcj& dynamics, const std::string& name, const std::string& value) {
    const auto found = sim::fault(with(dynamics));
    REQUIRE(found);
    CHECK(found->fault == Fault::bad_input);
    CAPTURE(found->what);
    CHECK(found->what.find(name) != std::string::npos);
    CHECK(found->what.find(value) != std::string::npos);
  };
  model::Svcj wrong = each_dynamics[2];
  wrong.heston.rho = -1.5;
  says(wrong, "rho", "-1.5");
  wrong = each_dynamics[2];
  wrong.heston.v0 = NAN;
  says(wrong, "v0", "nan");
  wrong = each_dynamics[2];
  wrong.jumps.rate = 501.0;
  says(wrong, "rate", "501");
}
