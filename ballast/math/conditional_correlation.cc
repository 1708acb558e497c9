#include "ballast/math/conditional_correlation.h"

#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <Eigen/Dense>

#include "ballast/math/elementary.h"
#include "ballast/math/internal/unit_interval.h"
#include "ballast/math/simplex_search.h"

namespace ballast::math {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr std::size_t most_series = 17;  // a position and what regress() takes

MatrixXd to_correlation(const MatrixXd& q) {
  const VectorXd scale = q.diagonal().cwiseSqrt().cwiseInverse();
  return scale.asDiagonal() * q * scale.asDiagonal();
}

/// Pearson's, means removed.
MatrixXd correlation(const MatrixXd& e) {
  const MatrixXd centred = e.rowwise() - e.colwise().mean();
  return to_correlation(centred.transpose() * centred);
}

/// Calls visit(t, Q_t) for every row and one more.
template <class Visit>
void walk(const MatrixXd& e, const MatrixXd& average, const Dcc& dcc, const Visit& visit) {
  MatrixXd q = average;
  for (Index t = 0; t <= e.rows(); ++t) {
    if (!visit(t, q)) return;
    if (t == e.rows()) return;
    q = (1.0 - dcc.a - dcc.b) * average + dcc.a * (e.row(t).transpose() * e.row(t)) + dcc.b * q;
  }
}

/// What the correlations add to the likelihood, negative: 1/2 sum (ln det R + e' R^-1 e - e'e).
double loss(const MatrixXd& e, const MatrixXd& average, const Dcc& dcc) {
  double sum = 0.0;
  walk(e, average, dcc, [&](Index t, const MatrixXd& q) {
    if (t == e.rows()) return true;
    const Eigen::LLT<MatrixXd> root(to_correlation(q));
    if (root.info() != Eigen::Success) {
      sum = NAN;
      return false;
    }
    const VectorXd row = e.row(t).transpose(), half = root.matrixL().solve(row);
    for (Index i = 0; i < e.cols(); ++i) sum += 2.0 * log(root.matrixLLT()(i, i));
    sum += half.squaredNorm() - row.squaredNorm();
    return true;
  });
  return 0.5 * sum;
}

Dcc dcc_at(std::span<const double> at) {
  const double persistence = unit_interval(at[0]), share = unit_interval(at[1]);
  return {.a = persistence * share, .b = persistence * (1.0 - share)};
}

Result<Dcc> fitted(const MatrixXd& e, const MatrixXd& average) {
  constexpr std::array<std::pair<double, double>, 3> starts{{{0.98, 0.03}, {0.9, 0.1}, {0.5, 0.2}}};
  std::optional<SimplexFound> best;
  for (const auto& [persistence, share] : starts) {
    SimplexFound found = simplex_search([&](std::span<const double> at) { return loss(e, average, dcc_at(at)); },
                                        {from_unit_interval(persistence), from_unit_interval(share)},
                                        {.tolerance = 1e-11, .size = 1e-6});
    if (std::isfinite(found.value) && (!best || found.value < best->value)) best = std::move(found);
  }
  if (!best) return Error{Fault::no_solution, "the series depend on one another: no dynamic correlation"};
  return dcc_at(best->at);
}

std::vector<double> flat(const MatrixXd& m) {
  std::vector<double> rows;
  for (Index i = 0; i < m.rows(); ++i) {
    for (Index j = 0; j < m.cols(); ++j) rows.push_back(m(i, j));
  }
  return rows;
}

}  // namespace

Result<CovariancePath> conditional_covariance(std::span<const std::vector<double>> series,
                                              const CorrelationRules& rules) {
  const std::size_t n = series.size();
  if (n < 2 || n > most_series)
    return Error{Fault::bad_input, fmt::format("correlations of {} series: 2 to {} are due", n, most_series)};
  const std::size_t length = series[0].size(), sample = rules.sample.value_or(length);
  if (sample == 0 || sample > length)
    return Error{Fault::bad_input, fmt::format("a sample of {} in {} observations", sample, length)};
  if (!rules.garch.empty() && rules.garch.size() != n)
    return Error{Fault::bad_input, fmt::format("{} GARCHs for {} series", rules.garch.size(), n)};
  if (rules.dcc && !(rules.dcc->a >= 0.0 && rules.dcc->b >= 0.0 && rules.dcc->a + rules.dcc->b < 1.0)) {
    return Error{Fault::bad_input,
                 fmt::format("DCC({}, {}): a and b >= 0 and their sum below 1 are due", rules.dcc->a, rules.dcc->b)};
  }
  CovariancePath path{.series = n};
  MatrixXd e(static_cast<Index>(length), static_cast<Index>(n)),
      deviation(static_cast<Index>(length + 1), static_cast<Index>(n));
  for (std::size_t j = 0; j < n; ++j) {
    const auto place = [&](Error error) { return in(fmt::format("series {}", j), std::move(error)); };
    if (series[j].size() != length) {
      return Error{Fault::bad_input,
                   fmt::format("series {} has {} observations, the first has {}", j, series[j].size(), length)};
    }
    if (rules.garch.empty()) {
      const auto fit = fit_garch(std::span(series[j]).first(sample));
      if (!fit) return place(fit.error());
      path.garch.push_back(fit.value().garch);
    } else {
      path.garch.push_back(rules.garch[j]);
    }
    const auto variance = garch_path(series[j], path.garch[j], sample);
    if (!variance) return place(variance.error());
    const auto column = static_cast<Index>(j);
    for (std::size_t t = 0; t < length; ++t) {
      const double sd = std::sqrt(variance.value().variance[t]);
      deviation(static_cast<Index>(t), column) = sd;
      e(static_cast<Index>(t), column) = series[j][t] / sd;
    }
    deviation(static_cast<Index>(length), column) = std::sqrt(variance.value().next);
  }
  const MatrixXd seen = e.topRows(static_cast<Index>(sample));
  const MatrixXd average =
      rules.dynamic ? MatrixXd(seen.transpose() * seen / static_cast<double>(sample)) : correlation(seen);
  if (!average.allFinite() || Eigen::LLT<MatrixXd>(average).info() != Eigen::Success)
    return Error{Fault::no_solution, fmt::format("the {} series depend on one another", n)};
  if (rules.dynamic) {
    if (rules.dcc) {
      path.dcc = *rules.dcc;
    } else {
      const auto fit = fitted(seen, average);
      if (!fit) return fit.error();
      path.dcc = fit.value();
    }
  }
  path.average = flat(average);
  walk(e, average, path.dcc, [&](Index t, const MatrixXd& q) {
    const VectorXd sd = deviation.row(t).transpose();
    std::vector<double> covariance = flat(sd.asDiagonal() * to_correlation(q) * sd.asDiagonal());
    if (t < e.rows()) {
      path.covariance.push_back(std::move(covariance));
    } else {
      path.next = std::move(covariance);
    }
    return true;
  });
  return path;
}

}  // namespace ballast::math
