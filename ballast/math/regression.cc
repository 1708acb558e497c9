#include "ballast/math/regression.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <Eigen/Dense>

namespace ballast::math {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr std::size_t most_regressors = 16;
constexpr double dependent = 1e-12;

std::optional<Error> fault(std::span<const double> y, std::span<const std::vector<double>> regressors,
                           std::span<const double> weight, const RegressionRules& rules) {
  const std::size_t coefficients = regressors.size() + (rules.intercept ? 1 : 0);
  if (coefficients == 0 || regressors.size() > most_regressors) {
    return Error{Fault::bad_input, fmt::format("a regression needs 1 to {} regressors (or the intercept alone), not {}",
                                               most_regressors, regressors.size())};
  }
  if (!weight.empty() && weight.size() != y.size())
    return Error{Fault::bad_input, fmt::format("{} weights for {} observations", weight.size(), y.size())};
  for (std::size_t j = 0; j < regressors.size(); ++j) {
    if (regressors[j].size() != y.size()) {
      return Error{Fault::bad_input,
                   fmt::format("regressor {} has {} rows, y has {}", j, regressors[j].size(), y.size())};
    }
  }
  std::size_t counted = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (!std::isfinite(y[i])) return Error{Fault::bad_input, fmt::format("row {}: y is {}", i, y[i])};
    for (std::size_t j = 0; j < regressors.size(); ++j) {
      if (!std::isfinite(regressors[j][i]))
        return Error{Fault::bad_input, fmt::format("row {}: regressor {} is {}", i, j, regressors[j][i])};
    }
    if (!weight.empty() && !(weight[i] >= 0.0 && std::isfinite(weight[i])))
      return Error{Fault::bad_input, fmt::format("row {}: weight is {}", i, weight[i])};
    counted += weight.empty() || weight[i] > 0.0 ? 1 : 0;
  }
  if (counted <= coefficients) {
    return Error{Fault::bad_input,
                 fmt::format("{} observations of weight > 0 for {} coefficients", counted, coefficients)};
  }
  if (rules.lag && !(*rules.lag >= 0 && static_cast<std::size_t>(*rules.lag) < y.size()))
    return Error{Fault::bad_input, fmt::format("lag {} for {} observations", *rules.lag, y.size())};
  return std::nullopt;
}

}  // namespace

int newey_west_lag(std::size_t observations) {
  // The largest L with (L / 0.75)³ <= n, in whole numbers: 64 L³ <= 27 n.
  std::size_t lag = 0;
  while (64 * (lag + 1) * (lag + 1) * (lag + 1) <= 27 * observations) ++lag;
  return static_cast<int>(lag);
}

Result<Regression> regress(std::span<const double> y, std::span<const std::vector<double>> regressors,
                           std::span<const double> weight, const RegressionRules& rules) {
  if (auto error = fault(y, regressors, weight, rules)) return *error;
  const std::size_t rows = y.size(), first = rules.intercept ? 1 : 0, columns = regressors.size() + first;
  MatrixXd x(static_cast<Index>(rows), static_cast<Index>(columns));
  VectorXd target(static_cast<Index>(rows)), root(static_cast<Index>(rows));
  for (std::size_t i = 0; i < rows; ++i) {
    const auto r = static_cast<Index>(i);
    root[r] = weight.empty() ? 1.0 : std::sqrt(weight[i]);
    target[r] = root[r] * y[i];
    if (rules.intercept) x(r, 0) = root[r];
    for (std::size_t j = 0; j < regressors.size(); ++j)
      x(r, static_cast<Index>(j + first)) = root[r] * regressors[j][i];
  }
  // Columns of length 1: their units do not enter the rank.
  const VectorXd length = x.colwise().norm().transpose();
  for (Index j = 0; j < x.cols(); ++j) {
    if (!(length[j] > 0.0)) return Error{Fault::no_solution, fmt::format("column {} of the regression is zero", j)};
    x.col(j) /= length[j];
  }
  Eigen::ColPivHouseholderQR<MatrixXd> qr(x);
  qr.setThreshold(dependent);
  if (qr.rank() < x.cols()) {
    return Error{Fault::no_solution, fmt::format("the {} columns of the regression have rank {}", x.cols(), qr.rank())};
  }
  const VectorXd scaled = qr.solve(target);
  const VectorXd residual = target - x * scaled;

  // (X'WX)^-1 = P R^-1 R^-T P'.
  const MatrixXd r_inverse = qr.matrixR()
                                 .topLeftCorner(x.cols(), x.cols())
                                 .triangularView<Eigen::Upper>()
                                 .solve(MatrixXd::Identity(x.cols(), x.cols()));
  const MatrixXd half = qr.colsPermutation() * r_inverse;
  const MatrixXd inverse = half * half.transpose();

  Regression found;
  found.observations = rows;
  found.lag = rules.lag.value_or(newey_west_lag(rows));
  found.sum_of_squares = residual.squaredNorm();
  std::size_t counted = rows;
  if (!weight.empty()) {
    counted = 0;
    for (const double w : weight) counted += w > 0.0 ? 1 : 0;
  }
  const double variance = found.sum_of_squares / static_cast<double>(counted - columns);

  const MatrixXd score = x.array().colwise() * residual.array();  // w x e of a row: one root is in x, one in e
  MatrixXd spread = score.transpose() * score;
  for (int l = 1; l <= found.lag && l < score.rows(); ++l) {
    const Index n = score.rows() - l;
    const MatrixXd cross = score.bottomRows(n).transpose() * score.topRows(n);
    spread += (1.0 - static_cast<double>(l) / (found.lag + 1.0)) * (cross + cross.transpose());
  }
  const MatrixXd hac = inverse * spread * inverse;

  for (Index j = 0; j < x.cols(); ++j) {
    const double coefficient = scaled[j] / length[j];
    const double error = std::sqrt(variance * inverse(j, j)) / length[j];
    const double hac_error = std::sqrt(std::max(hac(j, j), 0.0)) / length[j];
    found.coefficient.push_back(coefficient);
    found.error.push_back(error);
    found.hac_error.push_back(hac_error);
    for (Index i = 0; i < x.cols(); ++i) found.hac_covariance.push_back(hac(j, i) / (length[j] * length[i]));
    found.t.push_back(error > 0.0 ? coefficient / error : NAN);
    found.hac_t.push_back(hac_error > 0.0 ? coefficient / hac_error : NAN);
  }
  return found;
}

}  // namespace ballast::math
