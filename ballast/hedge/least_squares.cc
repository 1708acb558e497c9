#include "ballast/hedge/least_squares.h"

#include <cmath>

#include <fmt/format.h>
#include <Eigen/Dense>

namespace ballast::hedge {

Result<LeastSquares> least_squares(std::span<const double> exposure, std::span<const double> sensitivities,
                                   std::span<const double> weights, std::span<const double> ridge) {
  const std::size_t m = exposure.size(), n = m > 0 ? sensitivities.size() / m : 0;
  if (m == 0 || n == 0 || sensitivities.size() != m * n || weights.size() != m ||
      (!ridge.empty() && ridge.size() != n)) {
    return Error{Fault::bad_input, fmt::format("{} exposures, {} sensitivities, {} weights and {} ridges do not fit", m,
                                               sensitivities.size(), weights.size(), ridge.size())};
  }
  const auto rows = static_cast<Eigen::Index>(m), columns = static_cast<Eigen::Index>(n);
  Eigen::MatrixXd stacked = Eigen::MatrixXd::Zero(rows + columns, columns);
  Eigen::VectorXd wanted = Eigen::VectorXd::Zero(rows + columns);
  for (Eigen::Index i = 0; i < rows; ++i) {
    const auto at = static_cast<std::size_t>(i);
    if (!std::isfinite(exposure[at])) return Error{Fault::bad_input, fmt::format("exposure {}: {}", i, exposure[at])};
    if (!(weights[at] >= 0.0 && std::isfinite(weights[at])))
      return Error{Fault::bad_input, fmt::format("weight {}: {}", i, weights[at])};
    const double root = std::sqrt(weights[at]);
    wanted(i) = -root * exposure[at];
    for (Eigen::Index j = 0; j < columns; ++j) {
      const double g = sensitivities[static_cast<std::size_t>(j) * m + at];
      if (!std::isfinite(g))
        return Error{Fault::bad_input, fmt::format("instrument {}: sensitivity {} to factor {}", j, g, i)};
      stacked(i, j) = root * g;
    }
  }
  for (Eigen::Index j = 0; j < columns && !ridge.empty(); ++j) {
    const double r = ridge[static_cast<std::size_t>(j)];
    if (!(r >= 0.0 && std::isfinite(r))) return Error{Fault::bad_input, fmt::format("ridge {}: {}", j, r)};
    stacked(rows + j, j) = std::sqrt(r);
  }
  const Eigen::VectorXd length = stacked.colwise().norm();
  for (Eigen::Index j = 0; j < columns; ++j) {
    if (!(length(j) > 0.0)) return Error{Fault::bad_input, fmt::format("instrument {} moves no factor", j)};
  }
  const Eigen::MatrixXd scaled = stacked * length.cwiseInverse().asDiagonal();
  Eigen::CompleteOrthogonalDecomposition<Eigen::MatrixXd> decomposed;
  decomposed.setThreshold(1e-12);
  decomposed.compute(scaled);
  Eigen::VectorXd x = decomposed.solve(wanted);
  x += decomposed.solve(wanted - scaled * x);  // one refinement
  x = x.cwiseQuotient(length);
  LeastSquares found;
  found.sizes.assign(x.data(), x.data() + columns);
  found.rank = static_cast<std::size_t>(decomposed.rank());
  const Eigen::VectorXd values = Eigen::JacobiSVD<Eigen::MatrixXd>(scaled).singularValues();
  found.condition = values(0) / values(decomposed.rank() - 1);
  for (std::size_t i = 0; i < m; ++i) {
    double left = exposure[i];
    for (std::size_t j = 0; j < n; ++j) left += sensitivities[j * m + i] * found.sizes[j];
    found.residual.push_back(left);
  }
  return found;
}

}  // namespace ballast::hedge
