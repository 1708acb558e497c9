#include "ballast/hedge/minimum_variance.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <Eigen/Dense>

#include "ballast/math/elementary.h"
#include "ballast/math/normal.h"
#include "ballast/math/regression.h"
#include "ballast/math/stationary_bootstrap.h"

namespace ballast::hedge {
namespace {

using Columns = std::span<const std::vector<double>>;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr std::size_t least_observations = 10, most_hedges = 16;

struct Estimate {
  std::vector<double> ratio, error;       ///< for the interval after all observations
  std::vector<std::vector<double>> path;  ///< a row an observation; empty: none yet
  std::optional<double> drift_speed;
  std::vector<math::Garch> garch;
  std::optional<math::Dcc> dcc;
};

std::vector<std::vector<double>> firsts(Columns columns, std::size_t count) {
  std::vector<std::vector<double>> cut;
  for (const auto& c : columns) cut.emplace_back(c.begin(), c.begin() + static_cast<std::ptrdiff_t>(count));
  return cut;
}

Estimate constant(std::vector<double> ratio, std::vector<double> error, std::size_t observations) {
  Estimate e{.ratio = std::move(ratio), .error = std::move(error)};
  e.path.assign(observations, e.ratio);
  return e;
}

Result<Estimate> least_squares(std::span<const double> s, Columns f, std::size_t sample,
                               const MinimumVarianceRules& rules) {
  const auto fit = math::regress(s.first(sample), firsts(f, sample), {}, {.lag = rules.lag});
  if (!fit) return fit.error();
  const math::Regression& r = fit.value();
  if (rules.method == RatioMethod::ols) {
    return constant({r.coefficient.begin() + 1, r.coefficient.end()}, {r.hac_error.begin() + 1, r.hac_error.end()},
                    s.size());
  }
  // Normal prior N(m, T) and an estimate b with covariance V: the mean is b + V (V + T)^-1 (m - b).
  const auto k = static_cast<Index>(f.size());
  VectorXd b(k), m(k);
  MatrixXd v(k, k);
  for (Index i = 0; i < k; ++i) {
    b[i] = r.coefficient[static_cast<std::size_t>(i + 1)];
    m[i] = rules.expected.empty() ? 1.0 / static_cast<double>(k) : rules.expected[static_cast<std::size_t>(i)];
    for (Index j = 0; j < k; ++j) v(i, j) = r.hac_covariance[static_cast<std::size_t>((i + 1) * (k + 1) + j + 1)];
  }
  const MatrixXd sum = v + rules.expected_sd * rules.expected_sd * MatrixXd::Identity(k, k);
  const Eigen::LDLT<MatrixXd> root(sum);
  const VectorXd mean = b + v * root.solve(m - b);
  const MatrixXd left = v - v * root.solve(v);
  std::vector<double> ratio, error;
  for (Index i = 0; i < k; ++i) {
    ratio.push_back(mean[i]);
    error.push_back(std::sqrt(std::max(left(i, i), 0.0)));
  }
  return constant(std::move(ratio), std::move(error), s.size());
}

Result<Estimate> error_correction(std::span<const double> s, Columns f, std::size_t sample,
                                  const MinimumVarianceRules& rules) {
  if (f.size() != 1) return Error{Fault::bad_input, fmt::format("error correction takes one hedge, not {}", f.size())};
  // Levels are sums of changes. The first change sets how far they are apart, so the second is the first to be
  // explained.
  std::vector<std::vector<double>> regressors{{f[0].begin() + 1, f[0].begin() + static_cast<std::ptrdiff_t>(sample)},
                                              {}};
  double drift = 0.0;
  for (std::size_t i = 0; i + 1 < sample; ++i) regressors[1].push_back(drift += s[i] - f[0][i]);
  const auto fit = math::regress(s.subspan(1, sample - 1), regressors, {}, {.lag = rules.lag});
  if (!fit) return fit.error();
  Estimate e = constant({fit.value().coefficient[1]}, {fit.value().hac_error[1]}, s.size());
  e.drift_speed = fit.value().coefficient[2];
  return e;
}

/// Fading covariances with means of zero are a weighted regression through the origin; only the last one, and one step
/// after another it is kept as sums.
Result<Estimate> ewma(std::span<const double> s, Columns f, const MinimumVarianceRules& rules) {
  const std::size_t n = s.size();
  if (rules.warm_up >= n)
    return Error{Fault::bad_input, fmt::format("a warm-up of {} in {} observations", rules.warm_up, n)};
  const auto k = static_cast<Index>(f.size());
  MatrixXd ff = MatrixXd::Zero(k, k);
  VectorXd fs = VectorXd::Zero(k);
  Estimate e;
  const auto row = [&](std::size_t t) {
    VectorXd x(k);
    for (Index j = 0; j < k; ++j) x[j] = f[static_cast<std::size_t>(j)][t];
    return x;
  };
  const auto ratio_now = [&] {
    // In units of each hedge's own deviation, or hedges of different size would look dependent.
    const VectorXd scale = ff.diagonal().cwiseSqrt();
    if (!(scale.minCoeff() > 0.0)) return std::vector<double>();
    const MatrixXd correlation = scale.cwiseInverse().asDiagonal() * ff * scale.cwiseInverse().asDiagonal();
    const Eigen::LLT<MatrixXd> root(correlation);
    if (root.info() != Eigen::Success) return std::vector<double>();
    const VectorXd h = root.solve(fs.cwiseQuotient(scale)).cwiseQuotient(scale);
    return std::vector<double>(h.data(), h.data() + k);
  };
  std::vector<double> weight(n);
  double fading = 1.0;
  for (std::size_t back = 0; back < n; ++back) {
    const std::size_t t = n - 1 - back;
    if (t >= rules.warm_up) {
      weight[t] = (1.0 - rules.lambda) * fading;
      fading *= rules.lambda;
    } else {
      weight[t] = fading / static_cast<double>(rules.warm_up);
    }
  }
  for (std::size_t t = 0; t < n; ++t) {
    const VectorXd x = row(t);
    if (t < rules.warm_up) {
      ff += x * x.transpose() / static_cast<double>(rules.warm_up);
      fs += x * s[t] / static_cast<double>(rules.warm_up);
      e.path.emplace_back();
      continue;
    }
    e.path.push_back(ratio_now());
    ff = rules.lambda * ff + (1.0 - rules.lambda) * (x * x.transpose());
    fs = rules.lambda * fs + (1.0 - rules.lambda) * x * s[t];
  }
  const auto fit = math::regress(s, f, weight, {.intercept = false, .lag = rules.lag});
  if (!fit) return fit.error();
  e.ratio = fit.value().coefficient;
  e.error = fit.value().hac_error;
  return e;
}

/// Of a covariance of the position and the hedges, row by row.
std::vector<double> ratio_of(const std::vector<double>& covariance, std::size_t hedges) {
  const auto n = static_cast<Index>(hedges + 1);
  const Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>> c(covariance.data(), n,
                                                                                                   n);
  const VectorXd scale = c.diagonal().tail(n - 1).cwiseSqrt().cwiseInverse();
  const MatrixXd between = scale.asDiagonal() * c.bottomRightCorner(n - 1, n - 1) * scale.asDiagonal();
  const VectorXd h =
      scale.asDiagonal() * Eigen::LLT<MatrixXd>(between).solve(scale.asDiagonal() * c.col(0).tail(n - 1));
  return {h.data(), h.data() + h.size()};
}

Result<Estimate> conditional(std::span<const double> s, Columns f, std::size_t sample,
                             const MinimumVarianceRules& rules) {
  std::vector<std::vector<double>> series{{s.begin(), s.end()}};
  series.insert(series.end(), f.begin(), f.end());
  const auto found = math::conditional_covariance(
      series, {.dynamic = rules.method == RatioMethod::dcc, .garch = rules.garch, .dcc = rules.dcc, .sample = sample});
  if (!found) return found.error();
  Estimate e{.ratio = ratio_of(found.value().next, f.size()), .garch = found.value().garch};
  if (rules.method == RatioMethod::dcc) e.dcc = found.value().dcc;
  std::vector<std::vector<double>> hedged(1);
  for (std::size_t t = 0; t < s.size(); ++t) {
    e.path.push_back(ratio_of(found.value().covariance[t], f.size()));
    double gain = 0.0;
    for (std::size_t j = 0; j < f.size(); ++j) gain += e.path[t][j] * f[j][t];
    hedged[0].push_back(gain);
  }
  const auto multiplier = math::regress(s, hedged, {}, {.intercept = false, .lag = rules.lag});
  if (!multiplier) return multiplier.error();
  for (const double h : e.ratio) e.error.push_back(std::abs(h) * multiplier.value().hac_error[0]);
  return e;
}

/// Parameters from the first `sample` observations, ratios along all of them.
Result<Estimate> estimate(std::span<const double> s, Columns f, std::size_t sample, const MinimumVarianceRules& rules) {
  switch (rules.method) {
    case RatioMethod::ols:
    case RatioMethod::ridge: return least_squares(s, f, sample, rules);
    case RatioMethod::error_correction: return error_correction(s, f, sample, rules);
    case RatioMethod::ewma: return ewma(s, f, rules);
    case RatioMethod::ccc:
    case RatioMethod::dcc: return conditional(s, f, sample, rules);
  }
  return Error{Fault::bad_input, "no such method"};
}

double variance(std::span<const double> x) {
  double mean = 0.0, sum = 0.0;
  for (const double v : x) mean += v / static_cast<double>(x.size());
  for (const double v : x) sum += (v - mean) * (v - mean);
  return sum / static_cast<double>(x.size() - 1);
}

double losses(std::span<const double> x) {
  double sum = 0.0;
  for (const double v : x) sum += v < 0.0 ? v * v : 0.0;
  return sum;
}

struct Hedged {
  std::vector<double> position, left;
};

Result<Effectiveness> effectiveness(const Hedged& h, const MinimumVarianceRules& rules, Rng& rng) {
  const std::size_t n = h.position.size();
  const double whole = n < 2 ? 0.0 : variance(h.position);
  if (!(whole > 0.0))
    return Error{Fault::no_solution, fmt::format("the position does not change over the {} observations", n)};
  Effectiveness e{.value = 1.0 - variance(h.left) / whole,
                  .downside = 1.0 - losses(h.left) / losses(h.position),
                  .observations = n};
  if (rules.resamples == 0) return e;
  const double mean = rules.mean_block.value_or(math::mean_block(n));
  std::vector<std::size_t> rows(n);
  Hedged again{std::vector<double>(n), std::vector<double>(n)};
  std::vector<double> values;
  for (int r = 0; r < rules.resamples; ++r) {
    math::stationary_bootstrap(rng, mean, rows);
    for (std::size_t i = 0; i < n; ++i) again.position[i] = h.position[rows[i]], again.left[i] = h.left[rows[i]];
    const double resampled = variance(again.position);
    if (resampled > 0.0) values.push_back(1.0 - variance(again.left) / resampled);
  }
  std::sort(values.begin(), values.end());
  // The k-th of m values where k/(m + 1) is the probability: A. C. Davison and D. V. Hinkley, "Bootstrap Methods and
  // Their Application" (1997), 5.3.
  const auto quantile = [&](double p) {
    const double at =
        std::clamp(p * (static_cast<double>(values.size()) + 1.0) - 1.0, 0.0, static_cast<double>(values.size() - 1));
    const auto below = static_cast<std::size_t>(at);
    const std::size_t above = std::min(below + 1, values.size() - 1);
    return values[below] + (at - static_cast<double>(below)) * (values[above] - values[below]);
  };
  if (!values.empty()) {
    e.low = quantile(0.5 - 0.5 * rules.confidence);
    e.high = quantile(0.5 + 0.5 * rules.confidence);
  }
  return e;
}

Hedged hedged(std::span<const double> s, Columns f, const std::vector<std::vector<double>>& path, std::size_t from) {
  Hedged h;
  for (std::size_t t = from; t < s.size(); ++t) {
    if (path[t].empty()) continue;
    double left = s[t];
    for (std::size_t j = 0; j < f.size(); ++j) left -= path[t][j] * f[j][t];
    h.position.push_back(s[t]);
    h.left.push_back(left);
  }
  return h;
}

std::optional<Error> fault(std::span<const double> s, Columns f, const MinimumVarianceRules& rules) {
  const auto bad = [](std::string what) { return Error{Fault::bad_input, std::move(what)}; };
  if (f.empty() || f.size() > most_hedges) return bad(fmt::format("{} hedges: 1 to {} are due", f.size(), most_hedges));
  for (std::size_t j = 0; j < f.size(); ++j) {
    if (f[j].size() != s.size())
      return bad(fmt::format("hedge {} has {} changes, the position has {}", j, f[j].size(), s.size()));
    for (std::size_t t = 0; t < s.size(); ++t) {
      if (!std::isfinite(f[j][t])) return bad(fmt::format("hedge {}: change {} is {}", j, t, f[j][t]));
    }
  }
  for (std::size_t t = 0; t < s.size(); ++t) {
    if (!std::isfinite(s[t])) return bad(fmt::format("position: change {} is {}", t, s[t]));
  }
  if (rules.holdout >= s.size() || s.size() - rules.holdout < least_observations) {
    return bad(fmt::format("{} changes, {} of them held out: {} are needed before these", s.size(), rules.holdout,
                           least_observations));
  }
  if (rules.holdout == 1) return bad("a holdout of 1 has no variance");
  if (!(rules.confidence > 0.0 && rules.confidence < 1.0))
    return bad(fmt::format("confidence is {}, not between 0 and 1", rules.confidence));
  if (!(rules.lambda > 0.0 && rules.lambda < 1.0))
    return bad(fmt::format("lambda is {}, not between 0 and 1", rules.lambda));
  if (rules.warm_up == 0) return bad("a warm-up of 0 observations");
  if (!(rules.expected_sd > 0.0 && std::isfinite(rules.expected_sd)))
    return bad(fmt::format("expected_sd is {}, not over 0", rules.expected_sd));
  if (!rules.expected.empty() && rules.expected.size() != f.size())
    return bad(fmt::format("{} expected ratios for {} hedges", rules.expected.size(), f.size()));
  for (const double h : rules.expected) {
    if (!std::isfinite(h)) return bad(fmt::format("an expected ratio of {}", h));
  }
  if (rules.resamples < 0) return bad(fmt::format("{} resamples", rules.resamples));
  if (rules.mean_block && !(*rules.mean_block >= 1.0 && std::isfinite(*rules.mean_block)))
    return bad(fmt::format("a mean block of {} observations, below 1", *rules.mean_block));
  return std::nullopt;
}

}  // namespace

Result<MinimumVariance> minimum_variance(std::span<const double> position, std::span<const std::vector<double>> hedges,
                                         const MinimumVarianceRules& rules, Rng& rng) {
  if (auto error = fault(position, hedges, rules)) return *error;
  const std::size_t n = position.size();
  auto estimated = estimate(position, hedges, n, rules);
  if (!estimated) return estimated.error();
  const auto stability = math::slope_stability(position, hedges, rules.lag);
  if (!stability) return stability.error();
  Estimate e = std::move(estimated).value();
  MinimumVariance found{.stability = stability.value(), .observations = n};
  const double quantile = math::norm_quantile(0.5 + 0.5 * rules.confidence);
  for (std::size_t j = 0; j < hedges.size(); ++j) {
    const double half = quantile * e.error[j];
    found.ratios.push_back({e.ratio[j], e.error[j], e.ratio[j] - half, e.ratio[j] + half});
  }
  const Hedged all = hedged(position, hedges, e.path, 0);
  const auto in_sample = effectiveness(all, rules, rng);
  if (!in_sample) return in_sample.error();
  found.in_sample = in_sample.value();
  found.residual_sd = std::sqrt(variance(all.left));
  found.path = std::move(e.path);
  found.drift_speed = e.drift_speed;
  found.garch = std::move(e.garch);
  found.dcc = e.dcc;
  if (rules.holdout == 0) return found;

  const std::size_t sample = n - rules.holdout;
  const auto before = estimate(position, hedges, sample, rules);
  if (!before) return in("without the held-out observations", before.error());
  const Hedged out = hedged(position, hedges, before.value().path, sample);
  if (out.left.size() != rules.holdout)
    return Error{Fault::bad_input,
                 fmt::format("a warm-up of {} reaches into the {} held out", rules.warm_up, rules.holdout)};
  const auto judged = effectiveness(out, rules, rng);
  if (!judged) return in("the held-out observations", judged.error());
  OutOfSample& o = found.out_of_sample.emplace();
  o.effectiveness = judged.value();
  o.ratio = before.value().path[sample];
  if (hedges.size() != 1) return found;
  const std::vector<std::vector<double>> ones(n, std::vector<double>{1.0});
  const Hedged naive = hedged(position, hedges, ones, sample);
  const auto of_one = effectiveness(naive, rules, rng);
  if (!of_one) return of_one.error();
  o.of_one = of_one.value();
  std::vector<double> first, second;
  for (std::size_t i = 0; i < naive.left.size(); ++i) {
    first.push_back(naive.left[i] * naive.left[i]);
    second.push_back(out.left[i] * out.left[i]);
  }
  const auto lag = rules.lag ? std::optional<int>(std::min(*rules.lag, static_cast<int>(first.size()) - 1)) : rules.lag;
  const auto compared = math::compare_losses(first, second, {.lag = lag, .small_sample = true});
  if (!compared) return compared.error();
  o.against_one = compared.value();
  return found;
}

std::vector<double> changes_of(std::span<const double> prices, Changes changes) {
  std::vector<double> found;
  for (std::size_t i = 1; i < prices.size(); ++i) {
    found.push_back(changes == Changes::log ? math::log_ratio(prices[i], prices[i - 1]) : prices[i] - prices[i - 1]);
  }
  return found;
}

double contracts(double ratio, double position, double contract) {
  return contract > 0.0 ? ratio * position / contract : NAN;
}

}  // namespace ballast::hedge
