#include "ballast/pricing/calibration.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <Eigen/Dense>

#include "ballast/math/elementary.h"
#include "ballast/math/normal.h"
#include "ballast/math/normalised_black.h"
#include "ballast/model/transform.h"
#include "ballast/pricing/implied_columns.h"
#include "ballast/pricing/internal/search_space.h"

namespace ballast::pricing {
namespace {

using model::ExpiryOptions, model::name, model::parameters, model::TransformColumns, model::transform, model::values;
using model::Heston, model::Bates, model::Svcj;

using internal::SearchSpace;
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
// Of a price over the forward: a hundredth of a basis point of vol for an option whose vega is a thousandth of the
// forward.
constexpr double transform_tolerance = 1e-9;
constexpr std::size_t most_followed = 6;  // starts, to their minimum on few quotes
constexpr double apart = 0.3;             // scales: nearer minima are one
// Minima of the few quotes that all quotes are asked about: of two in four chains they put another one first.
constexpr std::size_t finalists = 4;
constexpr double infinite = std::numeric_limits<double>::infinity();

/// One expiry as the search needs it: quotes out of the money, with what Black's formula says at the quoted vol.
struct Slice {
  ExpiryOptions options;
  std::vector<double> sign, price, per_vega, share;                             // share: of the whole weight
  std::vector<double> forward, years, model_price, model_vol, guess, gradient;  // scratch
  std::vector<ImpliedOutcome> outcome;
};

/// The mean squared error at a point with the curvature and slope of its parameters.
struct Fit {
  double error = infinite;  ///< weighted mean square, in vol²
  Eigen::MatrixXd curvature;
  Eigen::VectorXd slope;
};

/// What an error of vol is measured by: prices over the quoted vega, or the model's own implied vol.
enum class Measure { price_over_vega, implied };

class Chain {
 public:
  explicit Chain(std::span<const ExpiryVols> chain) : quotes_(chain) {
    double whole = 0.0;
    for (const ExpiryVols& expiry : chain)
      for (const double w : expiry.weight) whole += w;
    for (const ExpiryVols& expiry : chain) {
      Slice slice;
      const std::size_t n = expiry.strike.size();
      slice.options = {.forward = expiry.forward, .years = expiry.years, .strike = expiry.strike, .sign = {}};
      for (std::size_t i = 0; i < n; ++i) {
        const double f = expiry.forward.value, k = expiry.strike[i], root = std::sqrt(f * k);
        const double x = math::log_ratio(f, k), years = std::sqrt(expiry.years.value);
        const double stdev = expiry.vol[i] * years, d1 = x / stdev + 0.5 * stdev;
        slice.sign.push_back(k >= f ? 1.0 : -1.0);
        slice.price.push_back(root * math::normalised_black(x, stdev));
        // A vega that vanishes would make the quote count without measure where the model is far off.
        const double vega = f * years * math::norm_pdf(d1), least = 0.01 * f * years * math::norm_pdf(0.0);
        slice.per_vega.push_back(1.0 / std::max(vega, least));
        slice.share.push_back(expiry.weight[i] / whole);
      }
      slice.forward.assign(n, expiry.forward.value), slice.years.assign(n, expiry.years.value);
      slice.model_price.resize(n), slice.outcome.resize(n);
      slice.model_vol = slice.guess = expiry.vol;
      slices_.push_back(std::move(slice));
    }
    for (Slice& s : slices_) s.options.sign = s.sign;
  }

  /// Adds the errors of `model` to `fit`, per parameter of the model.
  bool evaluate(const TransformModel& model, Measure measure, bool curved, Fit& fit) {
    const std::size_t m = parameters(name(model)).size();
    fit.error = 0.0;
    if (curved) {
      fit.curvature = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(m), static_cast<Eigen::Index>(m));
      fit.slope = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(m));
    }
    Eigen::VectorXd row(static_cast<Eigen::Index>(m));
    for (Slice& s : slices_) {
      const std::size_t n = s.price.size();
      if (curved) s.gradient.resize(m * n);
      TransformColumns columns;
      columns.price = s.model_price;
      if (curved) columns.gradient = s.gradient;
      const auto report = transform(model, s.options, columns, transform_tolerance);
      if (!report || report.value().error > 1e-7) return false;
      if (measure == Measure::implied) imply(s);
      for (std::size_t i = 0; i < n; ++i) {
        if (s.share[i] == 0.0) continue;
        double error = (s.model_price[i] - s.price[i]) * s.per_vega[i], per_vega = s.per_vega[i];
        if (measure == Measure::implied) {
          error = s.model_vol[i] - quoted(s, i), per_vega = vol_slope(s, i);
        }
        fit.error += s.share[i] * error * error;
        if (!curved) continue;
        for (std::size_t p = 0; p < m; ++p) row[static_cast<Eigen::Index>(p)] = s.gradient[p * n + i] * per_vega;
        fit.curvature.selfadjointView<Eigen::Lower>().rankUpdate(row, s.share[i]);
        fit.slope += (s.share[i] * error) * row;
      }
    }
    if (curved) fit.curvature = fit.curvature.selfadjointView<Eigen::Lower>();
    return std::isfinite(fit.error);
  }

  /// The model's vols and its error of price, at the last evaluation.
  void report(Calibration& out) {
    double squares = 0.0, count = 0.0;
    for (Slice& s : slices_) {
      imply(s);
      std::vector<double>& vols = out.vol.emplace_back();
      for (std::size_t i = 0; i < s.price.size(); ++i) {
        const double error = (s.model_price[i] - s.price[i]) / s.options.forward.value;
        squares += error * error, count += 1.0;
        vols.push_back(s.model_vol[i] > 0.0 ? s.model_vol[i] : nan);
      }
    }
    out.rmse_price = std::sqrt(squares / count);
  }

 private:
  double quoted(const Slice& s, std::size_t i) const {
    return quotes_[static_cast<std::size_t>(&s - slices_.data())].vol[i];
  }
  /// The model's implied vols. A price that is no more than the transform's rounding says nothing of its vol: 0.
  static void imply(Slice& s) {
    std::swap(s.guess, s.model_vol);
    implied_vol(
        {.forward = s.forward, .strike = s.options.strike, .price = s.model_price, .years = s.years, .sign = s.sign},
        s.guess, s.model_vol, s.outcome);
    for (std::size_t i = 0; i < s.model_vol.size(); ++i)
      if (s.outcome[i] != ImpliedOutcome::ok || s.model_price[i] < transform_tolerance * s.forward[i])
        s.model_vol[i] = 0.0;
  }
  /// One over the vega at the model's vol.
  static double vol_slope(const Slice& s, std::size_t i) {
    if (s.model_vol[i] == 0.0) return 0.0;
    const double years = std::sqrt(s.years[i]), stdev = s.model_vol[i] * years;
    const double d1 = math::log_ratio(s.forward[i], s.options.strike[i]) / stdev + 0.5 * stdev;
    const double vega = s.forward[i] * years * math::norm_pdf(d1);
    return vega > 0.0 ? 1.0 / vega : 0.0;
  }

  std::span<const ExpiryVols> quotes_;
  std::vector<Slice> slices_;
};

/// The objective over the points of the search: errors of vol and the prior.
class Objective {
 public:
  Objective(Chain& chain, const SearchSpace& space, std::vector<double> prior, double prior_vol)
      : chain_(chain), space_(space), prior_(std::move(prior)), prior_square_(prior_vol * prior_vol) {}

  Fit at(const std::vector<double>& point, Measure measure, bool curved) {
    Fit fit;
    ++evaluations;
    const auto model = space_.model_at(point);
    if (!model || !chain_.evaluate(*model, measure, curved, fit)) {
      fit.error = infinite;
      return fit;
    }
    data_error = fit.error;
    const auto n = static_cast<Eigen::Index>(space_.size());
    if (curved) {
      const std::vector<double> slopes = space_.jacobian(point);
      const Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>> j(slopes.data(), n,
                                                                                                       n);
      fit.curvature = (j.transpose() * fit.curvature * j).eval();
      fit.slope = (j.transpose() * fit.slope).eval();
    }
    for (Eigen::Index i = 0; i < n; ++i) {
      const auto k = static_cast<std::size_t>(i);
      const double per = prior_square_ / (space_[k].scale * space_[k].scale), away = point[k] - prior_[k];
      fit.error += per * away * away;
      if (curved) fit.curvature(i, i) += per, fit.slope[i] += per * away;
    }
    return fit;
  }

  int evaluations = 0, steps = 0;
  double data_error = 0.0;  ///< of the last evaluation

  /// Levenberg-Marquardt from `point`, inside the space. True: converged.
  bool descend(std::vector<double>& point, Fit& fit, Measure measure, int most_steps, double tolerance,
               const std::function<bool()>& cancelled) {
    fit = at(point, measure, true);
    double damping = 1e-3;
    const auto n = static_cast<Eigen::Index>(space_.size());
    for (int step = 0; step < most_steps; ++step) {
      if (!std::isfinite(fit.error) || (cancelled && cancelled())) return false;
      ++steps;
      // What would leave the space stays where it is.
      std::vector<Eigen::Index> free;
      for (Eigen::Index i = 0; i < n; ++i) {
        const auto k = static_cast<std::size_t>(i);
        if ((point[k] <= space_.lowest(k) && fit.slope[i] > 0.0) ||
            (point[k] >= space_.highest(k) && fit.slope[i] < 0.0))
          continue;
        free.push_back(i);
      }
      if (free.empty()) return true;
      bool moved = false;
      for (int tries = 0; tries < 12 && !moved; ++tries) {
        Eigen::MatrixXd damped = fit.curvature(free, free);
        const Eigen::VectorXd gradient = fit.slope(free);
        damped.diagonal() *= 1.0 + damping;
        damped.diagonal().array() += 1e-30;
        const Eigen::VectorXd move = damped.ldlt().solve(-gradient);
        std::vector<double> next = point;
        double length = 0.0;
        for (std::size_t f = 0; f < free.size(); ++f) {
          const auto k = static_cast<std::size_t>(free[f]);
          // No step goes further than two scales: beyond, the quadratic model means nothing.
          const double most = 2.0 * space_[k].scale;
          const double by = std::min(std::max(move[static_cast<Eigen::Index>(f)], -most), most);
          next[k] = std::min(std::max(point[k] + by, space_.lowest(k)), space_.highest(k));
          length = std::max(length, std::abs(next[k] - point[k]) / space_[k].scale);
        }
        if (length <= tolerance) return true;
        Fit trial = at(next, measure, true);
        if (trial.error < fit.error) {
          const bool little = fit.error - trial.error <= tolerance * tolerance * fit.error;
          point = std::move(next), fit = std::move(trial);
          damping = std::max(0.2 * damping, 1e-12);
          if (little) return true;
          moved = true;
        } else {
          damping = std::max(damping, 1e-6) * 6.0;
        }
      }
      if (!moved) return true;  // no direction leads down by more than rounding
    }
    return false;
  }

 private:
  Chain& chain_;
  const SearchSpace& space_;
  std::vector<double> prior_;
  double prior_square_;
};

Error refused(const std::string& what) { return Error{Fault::bad_input, "calibrate: " + what}; }

std::optional<Error> fault_of(std::string_view model, std::span<const ExpiryVols> chain, const CalibrationRules& rules,
                              const TransformModel* warm, const TransformModel* start) {
  if (parameters(model).empty()) return refused("no model is called '" + std::string(model) + "'");
  if (!(rules.prior_vol >= 0.0 && rules.prior_vol <= 1.0))
    return refused("prior_vol is " + std::to_string(rules.prior_vol) + ", outside [0, 1]");
  if (rules.starts < 1 || rules.starts > 1000)
    return refused("starts is " + std::to_string(rules.starts) + ", outside [1, 1000]");
  if (rules.most_steps < 1) return refused("most_steps is " + std::to_string(rules.most_steps) + ", below 1");
  if (!(rules.tolerance > 0.0 && rules.tolerance < 1.0))
    return refused("tolerance is " + std::to_string(rules.tolerance) + ", outside (0, 1)");
  for (const TransformModel* given : {warm, start}) {
    if (given == nullptr) continue;
    if (name(*given) != model) return refused("the start is a " + std::string(name(*given)));
    if (auto wrong = fault(*given)) return wrong;
  }
  std::size_t quotes = 0;
  for (const ExpiryVols& expiry : chain) {
    const std::string at = " of the expiry in " + std::to_string(expiry.years.value) + " years";
    if (!(expiry.years.value > 0.0 && expiry.years.value <= 100.0))
      return refused("years is " + std::to_string(expiry.years.value) + ", outside (0, 100]");
    if (!(expiry.forward.value > 0.0 && std::isfinite(expiry.forward.value)))
      return refused("the forward is " + std::to_string(expiry.forward.value) + at);
    if (expiry.vol.size() != expiry.strike.size() || expiry.weight.size() != expiry.strike.size())
      return refused("columns of different lengths" + at);
    for (std::size_t i = 0; i < expiry.strike.size(); ++i) {
      if (!(expiry.strike[i] > 0.0 && std::isfinite(expiry.strike[i])))
        return refused("a strike is " + std::to_string(expiry.strike[i]) + at);
      if (!(expiry.vol[i] > 0.0 && expiry.vol[i] <= 20.0))
        return refused("the vol of strike " + std::to_string(expiry.strike[i]) + " is " +
                       std::to_string(expiry.vol[i]) + ", outside (0, 20]," + at);
      if (!(expiry.weight[i] >= 0.0 && std::isfinite(expiry.weight[i])))
        return refused("the weight of strike " + std::to_string(expiry.strike[i]) + " is " +
                       std::to_string(expiry.weight[i]) + at);
      quotes += expiry.weight[i] > 0.0 ? 1 : 0;
    }
  }
  if (quotes < parameters(model).size())
    return Error{Fault::missing_data, "calibrate: " + std::to_string(quotes) + " quotes for the " +
                                          std::to_string(parameters(model).size()) + " parameters of " +
                                          std::string(model)};
  return std::nullopt;
}

/// The variance nearest to the money of the first and of the last expiry.
internal::ChainLevel level_of(std::span<const ExpiryVols> chain) {
  const auto variance = [](const ExpiryVols& expiry) {
    std::size_t best = 0;
    for (std::size_t i = 0; i < expiry.strike.size(); ++i)
      if (std::abs(math::log_ratio(expiry.strike[i], expiry.forward.value)) <
          std::abs(math::log_ratio(expiry.strike[best], expiry.forward.value)))
        best = i;
    return expiry.vol[best] * expiry.vol[best];
  };
  const ExpiryVols *first = nullptr, *last = nullptr;
  for (const ExpiryVols& expiry : chain) {
    if (expiry.strike.empty()) continue;
    if (first == nullptr || expiry.years < first->years) first = &expiry;
    if (last == nullptr || expiry.years > last->years) last = &expiry;
  }
  return {variance(*first), variance(*last)};
}

/// Some six expiries of some eight quotes each, first and last among them: enough to tell a good start from a bad one.
std::vector<ExpiryVols> thinned(std::span<const ExpiryVols> chain) {
  const auto kept = [](std::size_t n, std::size_t most) {
    std::vector<std::size_t> at;
    for (std::size_t i = 0; i < std::min(n, most); ++i)
      at.push_back(n <= most ? i : (i * (n - 1) + (most - 1) / 2) / (most - 1));
    return at;
  };
  std::vector<ExpiryVols> few;
  for (const std::size_t e : kept(chain.size(), 6)) {
    ExpiryVols& thin = few.emplace_back(
        ExpiryVols{.forward = chain[e].forward, .years = chain[e].years, .strike = {}, .vol = {}, .weight = {}});
    for (const std::size_t i : kept(chain[e].strike.size(), 8)) {
      thin.strike.push_back(chain[e].strike[i]);
      thin.vol.push_back(chain[e].vol[i]);
      thin.weight.push_back(chain[e].weight[i]);
    }
  }
  return few;
}

/// A minimum that a search has come to.
struct Minimum {
  double error = infinite;
  std::vector<double> point;
};

struct Effort {
  int steps = 0, evaluations = 0;
};

/// Different minima of the model on few quotes, the lowest first: starts are judged by their error alone, the best of
/// them descend.
std::vector<Minimum> minima_of(std::span<const ExpiryVols> few, const SearchSpace& space,
                               const std::vector<double>& prior, const CalibrationRules& rules, Effort& effort) {
  std::vector<Minimum> tried;
  Chain quotes(few);
  Objective objective(quotes, space, prior, rules.prior_vol);
  for (int i = 0; i < rules.starts && !(rules.cancelled && rules.cancelled()); ++i) {
    std::vector<double> point = space.start(static_cast<std::size_t>(i));
    const double error = objective.at(point, Measure::price_over_vega, false).error;
    if (std::isfinite(error)) tried.push_back({error, std::move(point)});
  }
  const auto lower = [](const Minimum& a, const Minimum& b) { return a.error < b.error; };
  std::stable_sort(tried.begin(), tried.end(), lower);
  tried.resize(std::min(most_followed, tried.size()));
  Fit fit;
  for (Minimum& from : tried) {
    objective.descend(from.point, fit, Measure::price_over_vega, 12, 1e-3, rules.cancelled);
    objective.descend(from.point, fit, Measure::implied, 12, 1e-3, rules.cancelled);
    from.error = fit.error;
  }
  std::stable_sort(tried.begin(), tried.end(), lower);
  std::vector<Minimum> different;
  for (Minimum& m : tried) {
    const auto same = [&](const Minimum& other) {
      for (std::size_t i = 0; i < space.size(); ++i)
        if (std::abs(m.point[i] - other.point[i]) > apart * space[i].scale) return false;
      return true;
    };
    if (std::isfinite(m.error) && std::none_of(different.begin(), different.end(), same))
      different.push_back(std::move(m));
  }
  effort.steps += objective.steps, effort.evaluations += objective.evaluations;
  return different;
}

/// Errors, correlations and the weakest direction, from the curvature in scales.
void judge(const Fit& fit, const SearchSpace& space, std::span<const double> point, double data_error,
           std::size_t quotes, Calibration& out) {
  const auto n = static_cast<Eigen::Index>(space.size());
  Eigen::VectorXd scale(n);
  for (Eigen::Index i = 0; i < n; ++i) scale[i] = space[static_cast<std::size_t>(i)].scale;
  const Eigen::MatrixXd scaled = scale.asDiagonal() * fit.curvature * scale.asDiagonal();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(scaled);
  const double smallest = eigen.eigenvalues()[0];
  out.condition = smallest > 0.0 ? eigen.eigenvalues()[n - 1] / smallest : infinite;
  for (Eigen::Index i = 0; i < n; ++i) out.weakest.push_back(eigen.eigenvectors()(i, 0));
  const double spare = static_cast<double>(quotes) - static_cast<double>(n);
  // The mean square of the errors over the degrees of freedom; curvature is per unit of the whole weight.
  const double noise = data_error / std::max(spare, 1.0);
  // The inverse over the directions that have a curvature at all.
  const double floor = 1e-14 * std::max(eigen.eigenvalues()[n - 1], 0.0);
  const Eigen::VectorXd per = eigen.eigenvalues().unaryExpr([&](double v) { return v > floor ? 1.0 / v : 0.0; });
  const Eigen::MatrixXd inverse = scale.asDiagonal() * eigen.eigenvectors() * per.asDiagonal() *
                                  eigen.eigenvectors().transpose() * scale.asDiagonal();
  const std::vector<double> slopes = space.jacobian(point);
  const Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>> j(slopes.data(), n, n);
  const Eigen::MatrixXd covariance = noise * (j * inverse * j.transpose());
  for (Eigen::Index i = 0; i < n; ++i) {
    out.parameters[static_cast<std::size_t>(i)].standard_error = std::sqrt(std::max(covariance(i, i), 0.0));
    for (Eigen::Index k = 0; k < n; ++k) {
      const double size = std::sqrt(covariance(i, i) * covariance(k, k));
      out.correlation.push_back(size > 0.0 ? covariance(i, k) / size : (i == k ? 1.0 : 0.0));
    }
  }
}

double feller_of(const TransformModel& model) {
  const auto ratio = [](const Heston& h) { return 2.0 * h.kappa * h.theta / (h.xi * h.xi); };
  if (const auto* h = std::get_if<Heston>(&model)) return ratio(*h);
  if (const auto* b = std::get_if<Bates>(&model)) return ratio(b->heston);
  if (const auto* s = std::get_if<Svcj>(&model)) return ratio(s->heston);
  return nan;
}

}  // namespace

ExpiryVols expiry_vols(const vol::SliceQuotes& quotes) {
  ExpiryVols expiry{
      .forward = quotes.forward, .years = quotes.years, .strike = {}, .vol = quotes.vol, .weight = quotes.weight};
  for (const double k : quotes.log_moneyness) expiry.strike.push_back(quotes.forward.value * math::exp(k));
  return expiry;
}

Result<Calibration> calibrate(std::string_view model, std::span<const ExpiryVols> chain, const CalibrationRules& rules,
                              const TransformModel* warm, const TransformModel* start) {
  if (auto wrong = fault_of(model, chain, rules, warm, start)) return *wrong;
  const SearchSpace space(model, level_of(chain), rules.feller);
  Chain quotes(chain);
  const std::vector<double> prior = warm != nullptr ? space.point_of(values(*warm)) : space.usual();
  Objective objective(quotes, space, prior, rules.prior_vol);
  const auto cancelled = [&] { return rules.cancelled && rules.cancelled(); };

  std::vector<std::vector<double>> starts;
  Effort rough;
  if (start != nullptr || warm != nullptr) {
    starts.push_back(space.point_of(values(start != nullptr ? *start : *warm)));
  } else {
    for (const Minimum& m : minima_of(thinned(chain), space, prior, rules, rough)) {
      if (starts.size() == finalists) break;
      starts.push_back(m.point);
    }
  }
  if (cancelled()) return Error{Fault::limit, "calibrate: cancelled"};
  if (starts.empty()) return Error{Fault::no_solution, "calibrate: no start of " + std::string(model) + " has a price"};
  // Prices first: roughly, from anywhere. Then vols.
  std::vector<double> best;
  Fit fit;
  double least = infinite;
  for (std::vector<double>& point : starts) {
    objective.descend(point, fit, Measure::price_over_vega, rules.most_steps, 1e-3, rules.cancelled);
    if (starts.size() > 1) objective.descend(point, fit, Measure::implied, rules.most_steps, 1e-3, rules.cancelled);
    if (best.empty() || fit.error < least) least = fit.error, best = point;
  }
  const bool converged =
      objective.descend(best, fit, Measure::implied, rules.most_steps, rules.tolerance, rules.cancelled);
  if (cancelled()) return Error{Fault::limit, "calibrate: cancelled"};
  if (!std::isfinite(fit.error))
    return Error{Fault::no_solution, "calibrate: no price near the start of " + std::string(model)};
  fit = objective.at(best, Measure::implied, true);

  Calibration out{.model = *space.model_at(best)};
  quotes.report(out);
  const std::vector<double> found = values(out.model), before = space.values_of(prior);
  for (std::size_t i = 0; i < found.size(); ++i)
    out.parameters.push_back(
        {.value = found[i], .prior = before[i], .at_bound = best[i] <= space.lowest(i) || best[i] >= space.highest(i)});
  out.rmse_vol = std::sqrt(objective.data_error);
  out.objective = fit.error;
  out.feller = feller_of(out.model);
  std::size_t count = 0;
  for (const ExpiryVols& expiry : chain)
    for (const double w : expiry.weight) count += w > 0.0 ? 1 : 0;
  judge(fit, space, best, objective.data_error, count, out);
  out.steps = objective.steps + rough.steps, out.evaluations = objective.evaluations;
  out.rough_evaluations = rough.evaluations, out.converged = converged;
  return out;
}

}  // namespace ballast::pricing
