#include "ballast/math/stability.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <Eigen/Dense>

#include "ballast/math/elementary.h"
#include "ballast/math/regression.h"

namespace ballast::math {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr std::size_t least_observations = 10;
constexpr double rounding = 1e-12;  // of a perfect fit: residuals that are nothing else
constexpr double pi = 3.14159265358979323846;

}  // namespace

double brownian_bridge_tail(double x) {
  if (std::isnan(x)) return x;
  if (!(x > 0.0)) return 1.0;
  double sum = 0.0;
  if (x < 1.0) {  // the distribution itself: sqrt(2 pi)/x sum of exp(-(2k - 1)² pi² / (8 x²))
    for (int k = 1; k <= 8; ++k) {
      const double odd = 2.0 * k - 1.0;
      sum += exp(-odd * odd * pi * pi / (8.0 * x * x));
    }
    return 1.0 - std::sqrt(2.0 * pi) / x * sum;
  }
  for (int k = 1; k <= 8; ++k) sum += (k % 2 == 1 ? 2.0 : -2.0) * exp(-2.0 * k * k * x * x);
  return sum;
}

Result<Stability> slope_stability(std::span<const double> y, std::span<const std::vector<double>> regressors,
                                  std::optional<int> lag) {
  if (y.size() < least_observations) {
    return Error{Fault::bad_input,
                 fmt::format("{} observations for a test of stability, {} are needed", y.size(), least_observations)};
  }
  if (regressors.empty()) return Error{Fault::bad_input, "a test of stability of 0 slopes"};
  const auto fit = regress(y, regressors, {}, {.lag = lag});
  if (!fit) return fit.error();
  const auto n = static_cast<Index>(y.size()), k = static_cast<Index>(regressors.size());
  MatrixXd score(n, k);
  for (Index j = 0; j < k; ++j) score.col(j) = VectorXd::Map(regressors[static_cast<std::size_t>(j)].data(), n);
  score.rowwise() -= score.colwise().mean().eval();
  for (Index i = 0; i < n; ++i) {
    double residual = y[static_cast<std::size_t>(i)] - fit.value().coefficient[0];
    for (Index j = 0; j < k; ++j) {
      residual -= fit.value().coefficient[static_cast<std::size_t>(j + 1)] *
                  regressors[static_cast<std::size_t>(j)][static_cast<std::size_t>(i)];
    }
    score.row(i) *= residual;
  }
  Stability found{.statistic = NAN, .p = NAN, .lag = fit.value().lag};
  const VectorXd target = VectorXd::Map(y.data(), n);
  if (std::sqrt(fit.value().sum_of_squares) <= rounding * (target.array() - target.mean()).matrix().norm())
    return found;
  found.statistic = 0.0;
  // Scores of length 1: neither the units nor the sizes of the regressors matter.
  for (Index j = 0; j < k; ++j) score.col(j) /= score.col(j).norm();
  MatrixXd spread = score.transpose() * score;
  for (int l = 1; l <= found.lag; ++l) {
    const MatrixXd cross = score.bottomRows(n - l).transpose() * score.topRows(n - l);
    spread += (1.0 - l / (found.lag + 1.0)) * (cross + cross.transpose());
  }
  const Eigen::SelfAdjointEigenSolver<MatrixXd> eigen(spread);
  if (!(eigen.eigenvalues()[0] > 1e-12 * eigen.eigenvalues()[k - 1]))
    return Error{Fault::no_solution, fmt::format("the scores of the {} slopes depend on one another", k)};
  const MatrixXd whitened = score * eigen.operatorInverseSqrt();
  for (Index j = 0; j < k; ++j) {
    double sum = 0.0;
    for (Index i = 0; i < n; ++i) {
      sum += whitened(i, j);
      if (std::abs(sum) > found.statistic) {
        found.statistic = std::abs(sum);
        found.regressor = static_cast<std::size_t>(j);
        found.at = static_cast<std::size_t>(i + 1);
      }
    }
  }
  // 1 - (1 - tail)^k without cancelling.
  found.p = -expm1(static_cast<double>(k) * log1p(-brownian_bridge_tail(found.statistic)));
  return found;
}

}  // namespace ballast::math
