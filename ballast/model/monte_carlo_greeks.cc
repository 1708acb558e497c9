#include "ballast/model/monte_carlo_greeks.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "ballast/math/columns.h"
#include "ballast/math/normal.h"
#include "ballast/model/qe_step.h"

namespace ballast::model {
namespace {

using Values = std::array<double, estimators>;
constexpr double none = std::numeric_limits<double>::quiet_NaN();

constexpr std::size_t at(Estimator estimator) { return static_cast<std::size_t>(estimator); }

Heston* variance_model(PathModel& model) {
  if (auto* m = std::get_if<Heston>(&model)) return m;
  if (auto* m = std::get_if<Bates>(&model)) return &m->heston;
  if (auto* m = std::get_if<Svcj>(&model)) return &m->heston;
  return nullptr;
}

std::optional<Error> fault(const SimulatedOption& option) {
  const auto wrong = [](const char* what, double value) {
    return Error{Fault::bad_input, std::string("monte carlo greeks: ") + what + " " + std::to_string(value)};
  };
  const double f = option.forward.value, k = option.strike.value;
  if (!(f > 0.0 && std::isfinite(f))) return wrong("forward", f);
  if (!(k > 0.0 && std::isfinite(k))) return wrong("strike", k);
  if (option.sign != 1.0 && option.sign != -1.0) return wrong("sign", option.sign);
  return std::nullopt;
}

// ln(S/F) at the expiry of each path.
std::vector<double> ends(const PathPlan& plan, std::uint64_t first, std::size_t paths) {
  std::vector<double> rows(plan.steps() * paths);
  plan.fill(first, paths, rows, {});
  return {rows.end() - static_cast<std::ptrdiff_t>(paths), rows.end()};
}

// The normal Z that X holds and its standard deviation s, of each path; empty where they are not known.
struct Scores {
  std::vector<double> normal, stdev;
};

// What the variance's path leaves of ln S: QE's step is K0* + K1 v + K2 v' + sqrt(K3 (v + v')) Z, and the steps'
// normals are independent of the variance, so their sum is one normal.
class GivenVariance {
 public:
  GivenVariance(const Heston& model, std::span<const double> years) : v0_(model.v0) {
    for (double before = 0.0; const double time : years)
      steps_.push_back(qe_step(model, time - std::exchange(before, time)));
  }

  Scores scores(const PathPlan& paths_of_heston, std::uint64_t first, std::size_t paths) const {
    std::vector<double> x(steps_.size() * paths), v(steps_.size() * paths), before(paths, v0_);
    paths_of_heston.fill(first, paths, x, v);
    std::vector<double> mean(paths), variance(paths);
    for (std::size_t t = 0; t < steps_.size(); ++t)
      for (std::size_t i = 0; i < paths; ++i) {
        const double next = v[t * paths + i];
        mean[i] += drift(steps_[t], before[i], next);
        variance[i] += steps_[t].k3 * (before[i] + next);
        before[i] = next;
      }
    Scores scores{std::move(mean), std::move(variance)};
    const double* end = x.data() + (steps_.size() - 1) * paths;
    for (std::size_t i = 0; i < paths; ++i) {
      scores.stdev[i] = std::sqrt(scores.stdev[i]);
      scores.normal[i] = (end[i] - scores.normal[i]) / scores.stdev[i];
    }
    return scores;
  }

 private:
  static double drift(const QeStep& step, double v, double next) {
    if (!(step.pull + step.decay * v > 0.0)) return 0.0;  // a variance that is 0 and stays there
    const double corrected = qe_move(step, v, 0.5).corrected;
    return (std::isnan(corrected) ? step.k0 : corrected) + step.k1 * v + step.k2 * next;
  }

  std::vector<QeStep> steps_;
  double v0_;
};

double payoff(const SimulatedOption& option, double ratio) {
  return std::max(option.sign * (option.forward.value * ratio - option.strike.value), 0.0);
}

// The Greeks of C/F from those of C, path by path. The deltas are changed last: the gammas need C's.
void settle_in_coin(double f, Values& y) {
  double &price = y[at(Estimator::price)], &pathwise = y[at(Estimator::delta_pathwise)];
  double& score = y[at(Estimator::delta_likelihood_ratio)];
  const auto gamma_of = [f](double& g, double delta, double c) { g = (g - 2.0 * (delta - c / f) / f) / f; };
  gamma_of(y[at(Estimator::gamma_likelihood_ratio)], score, price);
  gamma_of(y[at(Estimator::gamma_mixed)], pathwise, price);
  for (double* delta : {&pathwise, &score}) *delta = (*delta - price / f) / f;
  double &conditional = y[at(Estimator::price_conditional)], &delta = y[at(Estimator::delta_conditional)];
  gamma_of(y[at(Estimator::gamma_conditional)], delta, conditional);
  delta = (delta - conditional / f) / f;
  conditional /= f;
  for (const auto e :
       {Estimator::price, Estimator::vega_pathwise, Estimator::vega_likelihood_ratio, Estimator::v0_slope})
    y[at(e)] /= f;
}

}  // namespace

struct GreekPlan::Parts {
  std::vector<SimulatedOption> options;
  bool antithetic;
  double years;
  PathPlan paths;
  double vol = none;                      // of black
  std::optional<PathPlan> up, down;       // v0 moved
  double v0_change = none;                // from down to up
  std::optional<PathPlan> without_jumps;  // heston of the same numbers, for the scores
  std::optional<GivenVariance> given;

  Scores scores(std::uint64_t first, std::span<const double> x) const {
    if (given) return given->scores(*without_jumps, first, x.size());
    if (std::isnan(vol)) return {};
    const double s = vol * std::sqrt(years);
    Scores scores{std::vector<double>(x.begin(), x.end()), std::vector<double>(x.size(), s)};
    for (double& z : scores.normal) z = z / s + 0.5 * s;
    return scores;
  }

  bool has(Estimator e) const {
    switch (e) {
      case Estimator::price:
      case Estimator::delta_pathwise: return true;
      case Estimator::vega_pathwise:
      case Estimator::vega_likelihood_ratio: return !std::isnan(vol);
      case Estimator::v0_slope: return up.has_value();
      case Estimator::price_conditional:
      case Estimator::delta_conditional:
      case Estimator::gamma_conditional: return given.has_value();
      default: return given.has_value() || !std::isnan(vol);
    }
  }
};

std::string_view name(Estimator estimator) {
  constexpr std::array<std::string_view, estimators> names = {"price",
                                                              "delta_pathwise",
                                                              "delta_likelihood_ratio",
                                                              "gamma_likelihood_ratio",
                                                              "gamma_mixed",
                                                              "vega_pathwise",
                                                              "vega_likelihood_ratio",
                                                              "v0_slope",
                                                              "price_conditional",
                                                              "delta_conditional",
                                                              "gamma_conditional"};
  return names[at(estimator)];
}

std::array<double, estimators> path_values(const SimulatedOption& o, const PathEnd& path) {
  const double f = o.forward.value, k = o.strike.value, z = path.normal, s = path.stdev, vol = path.vol;
  const double pay = payoff(o, path.ratio), root = std::sqrt(path.years);
  const double inside = pay > 0.0 ? o.sign : 0.0, score = z / (f * s);
  Values y{};
  y[at(Estimator::price)] = pay;
  y[at(Estimator::delta_pathwise)] = inside * path.ratio;
  y[at(Estimator::delta_likelihood_ratio)] = pay * score;
  y[at(Estimator::gamma_likelihood_ratio)] = pay * (z * z - 1.0 - z * s) / (f * s) / (f * s);
  y[at(Estimator::gamma_mixed)] = inside * k / f * score;
  y[at(Estimator::vega_pathwise)] = inside * f * path.ratio * (z * root - vol * path.years);
  y[at(Estimator::vega_likelihood_ratio)] = pay * ((z * z - 1.0) / vol - z * root);
  y[at(Estimator::v0_slope)] = (payoff(o, path.ratio_up) - payoff(o, path.ratio_down)) / path.v0_change;
  const double r = path.mean_ratio, d1 = std::log(f * r / k) / s + 0.5 * s;
  const double delta = o.sign * r * math::norm_cdf(o.sign * d1);
  y[at(Estimator::price_conditional)] = f * delta - o.sign * k * math::norm_cdf(o.sign * (d1 - s));
  y[at(Estimator::delta_conditional)] = delta;
  y[at(Estimator::gamma_conditional)] = r * math::norm_pdf(d1) / (f * s);
  if (o.coin_settled) settle_in_coin(f, y);
  return y;
}

Estimate GreekMoments::plain(std::size_t option, Estimator e) const {
  const SampleMoments& m = moments[option * estimators + at(e)];
  return m.samples == 0 ? Estimate{none, none, 0} : estimate(m);
}

Estimate GreekMoments::controlled(std::size_t option, Estimator e) const {
  const SampleMoments& m = moments[option * estimators + at(e)];
  return m.samples == 0 ? Estimate{none, none, 0} : model::controlled(m, 1.0);
}

GreekMoments joined(const GreekMoments& a, const GreekMoments& b) {
  if (a.moments.empty()) return b;
  if (b.moments.empty()) return a;
  if (a.moments.size() != b.moments.size())
    abort_with({Fault::bad_input, "joined: moments of " + std::to_string(a.moments.size() / estimators) + " and of " +
                                      std::to_string(b.moments.size() / estimators) + " options"});
  GreekMoments both = a;
  for (std::size_t i = 0; i < both.moments.size(); ++i) both.moments[i] = joined(a.moments[i], b.moments[i]);
  return both;
}

Result<GreekPlan> GreekPlan::prepare(const PathModel& model, std::span<const double> years,
                                     std::span<const SimulatedOption> options, const Draws& draws) {
  if (options.empty()) return Error{Fault::bad_input, "monte carlo greeks: no option"};
  for (const SimulatedOption& option : options)
    if (auto wrong = fault(option)) return *wrong;
  PathModel moved = model;
  Heston* heston = variance_model(moved);
  const auto* black = std::get_if<BlackScholes>(&model);
  if (heston == nullptr && black == nullptr)
    return Error{Fault::bad_input, "monte carlo greeks: " + std::string(name(model)) +
                                       " paths, not those of black, heston, bates or svcj"};
  auto paths = PathPlan::prepare(model, years, draws);
  if (!paths) return paths.error();
  Parts parts{.options = {options.begin(), options.end()},
              .antithetic = draws.antithetic,
              .years = years.back(),
              .paths = std::move(paths.value()),
              .up = {},
              .down = {},
              .without_jumps = {},
              .given = {}};
  if (black != nullptr) {
    parts.vol = black->vol;
    return GreekPlan(std::make_shared<const Parts>(std::move(parts)));
  }
  const Heston own = *heston;
  if (!(own.v0 > 0.0)) return Error{Fault::bad_input, "monte carlo greeks: v0 " + std::to_string(own.v0)};
  // Bates draws as Heston does, and the jumps from numbers of their own. Where rho is 1 or -1 no normal is left.
  if (!std::holds_alternative<Svcj>(model) && std::abs(own.rho) < 1.0) {
    parts.without_jumps = PathPlan::prepare(own, years, draws).value();
    parts.given.emplace(own, years);
  }
  heston->v0 = own.v0 * (1.0 + v0_bump);
  auto up = PathPlan::prepare(moved, years, draws);
  if (!up) return in("monte carlo greeks: v0 moved up", up.error());
  parts.v0_change = heston->v0;
  heston->v0 = own.v0 * (1.0 - v0_bump);
  parts.v0_change -= heston->v0;
  parts.up = std::move(up.value());
  parts.down = PathPlan::prepare(moved, years, draws).value();
  return GreekPlan(std::make_shared<const Parts>(std::move(parts)));
}

GreekPlan::GreekPlan(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}

GreekMoments GreekPlan::block(std::uint64_t index, std::size_t paths) const {
  const Parts& p = *parts_;
  if (paths > block_paths || (p.antithetic && paths % 2 != 0))
    abort_with({Fault::bad_input, "GreekPlan::block: " + std::to_string(paths) + " paths"});
  const std::uint64_t first = index * block_paths;
  std::vector<double> ratio = ends(p.paths, first, paths), up, down;
  Scores scores = p.scores(first, ratio);
  std::vector<double> mean_ratio;
  if (p.given) {
    mean_ratio = ratio;
    for (std::size_t i = 0; i < paths; ++i)
      mean_ratio[i] += scores.stdev[i] * (0.5 * scores.stdev[i] - scores.normal[i]);
    math::exp(mean_ratio, mean_ratio);
  }
  math::exp(ratio, ratio);
  if (p.up) {
    up = ends(*p.up, first, paths);
    down = ends(*p.down, first, paths);
    math::exp(up, up);
    math::exp(down, down);
  }
  for (auto* column : {&scores.normal, &scores.stdev, &mean_ratio, &up, &down}) column->resize(paths, none);
  GreekMoments all;
  std::array<std::vector<double>, estimators> columns;
  columns.fill(std::vector<double>(paths));
  for (const SimulatedOption& option : p.options) {
    for (std::size_t i = 0; i < paths; ++i) {
      const Values y = path_values(option, {.ratio = ratio[i],
                                            .normal = scores.normal[i],
                                            .stdev = scores.stdev[i],
                                            .mean_ratio = mean_ratio[i],
                                            .ratio_up = up[i],
                                            .ratio_down = down[i],
                                            .vol = p.vol,
                                            .years = p.years,
                                            .v0_change = p.v0_change});
      for (std::size_t e = 0; e < estimators; ++e) columns[e][i] = y[e];
    }
    for (std::size_t e = 0; e < estimators; ++e) {
      const auto& control = e >= at(Estimator::price_conditional) ? mean_ratio : ratio;
      all.moments.push_back(p.has(static_cast<Estimator>(e)) ? sample_moments(columns[e], control, p.antithetic)
                                                             : SampleMoments{});
    }
  }
  return all;
}

GreekMoments GreekPlan::run(std::size_t paths) const {
  GreekMoments all;
  for (std::size_t done = 0; done < paths; done += block_paths)
    all = joined(all, block(done / block_paths, std::min(block_paths, paths - done)));
  return all;
}

}  // namespace ballast::model
