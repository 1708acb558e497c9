#include "ballast/vol/internal/derivatives.h"

#include <cmath>

#include <Eigen/Dense>

#include "ballast/math/elementary.h"

namespace ballast::vol::internal {
namespace {

using Five = Eigen::Matrix<double, 5, 1>;
using FiveByFive = Eigen::Matrix<double, 5, 5>;

/// One quote's residual r = counts (w / (vol T) - vol) / 2 with its derivatives.
struct Row {
  double counts, vol, years, k;

  struct At {
    double w, residual;
    Five slope;       // dw / dparameter
    FiveByFive bend;  // d²w / dparameters
  };
  At at(const Five& p) const {
    const double sigma2 = math::exp(2.0 * p[4]), y = k - p[3], root = std::sqrt(y * y + sigma2),
                 cube = root * root * root;
    At a;
    a.w = p[0] + p[1] * k + p[2] * root;
    a.residual = 0.5 * counts * (a.w / (vol * years) - vol);
    a.slope << 1.0, k, root, -p[2] * y / root, p[2] * sigma2 / root;
    a.bend.setZero();
    a.bend(2, 3) = a.bend(3, 2) = -y / root;
    a.bend(2, 4) = a.bend(4, 2) = sigma2 / root;
    a.bend(3, 3) = p[2] * sigma2 / cube;
    a.bend(3, 4) = a.bend(4, 3) = p[2] * y * sigma2 / cube;
    a.bend(4, 4) = p[2] * sigma2 * (2.0 * root * root - sigma2) / cube;
    return a;
  }
  double scale() const { return 0.5 * counts / (vol * years); }  // dr/dw
};

Row row(const SliceBatch& batch, std::size_t lane, std::size_t i) {
  const std::size_t at = i * batch_lanes + lane;
  return {.counts = std::sqrt(batch.weight[at] * batch.trust[at]),
          .vol = batch.vol[at],
          .years = batch.years[lane],
          .k = batch.log_moneyness[at]};
}

Five backbone(const SliceBatch& batch, std::size_t lane) {
  Five p;
  for (std::size_t i = 0; i < 5; ++i) p[static_cast<Eigen::Index>(i)] = batch.shape[i * batch_lanes + lane];
  return p;
}

struct Equations {
  Five gradient = Five::Zero();
  FiveByFive hessian = FiveByFive::Zero();
};

Equations equations(const SliceBatch& batch, std::size_t lane, const Five& p) {
  Equations e;
  for (std::size_t i = 0; i < batch.rows; ++i) {
    const Row q = row(batch, lane, i);
    if (q.counts == 0.0) continue;
    const Row::At a = q.at(p);
    const double f = q.scale();
    e.gradient += f * a.residual * a.slope;
    e.hessian += f * f * a.slope * a.slope.transpose() + f * a.residual * a.bend;
  }
  return e;
}

/// The directions in which the bounds of fit_svi() let a slice move: columns.
Eigen::MatrixXd free_directions(const SliceBatch& batch, std::size_t lane, const Five& p) {
  const double stdev = batch.stdev[lane];
  const double half_range = std::max(0.5 * (batch.last[lane] - batch.first[lane]), stdev);
  const double high_s = math::log(half_range * batch.widest_sigma[lane]), low_s = math::log(narrowest_sigma * stdev);
  const double low_m = batch.furthest_centre[lane] * std::min(batch.first[lane], 0.0);
  const double high_m = batch.furthest_centre[lane] * std::max(batch.last[lane], 0.0);
  std::vector<Five> free = {Five::Unit(0)};
  if (std::abs(p[1]) < steepest_rho * p[2] * (1.0 - 1e-9)) {
    free.push_back(Five::Unit(1)), free.push_back(Five::Unit(2));
  } else {
    free.push_back(std::copysign(steepest_rho, p[1]) * Five::Unit(1) + Five::Unit(2));
  }
  if (p[3] > low_m + 1e-9 && p[3] < high_m - 1e-9) free.push_back(Five::Unit(3));
  if (p[4] > low_s + 1e-9 && p[4] < high_s - 1e-9) free.push_back(Five::Unit(4));
  Eigen::MatrixXd columns(5, static_cast<Eigen::Index>(free.size()));
  for (std::size_t i = 0; i < free.size(); ++i) columns.col(static_cast<Eigen::Index>(i)) = free[i];
  return columns;
}

/// The slice of `lane` in every lane of a batch of its own.
SliceBatch eight_of(const SliceBatch& batch, std::size_t lane) {
  SliceBatch copy = batch;
  const auto all = [&](double* column, const double* from, std::size_t rows) {
    for (std::size_t i = 0; i < rows; ++i)
      for (std::size_t l = 0; l < batch_lanes; ++l) column[i * batch_lanes + l] = from[i * batch_lanes + lane];
  };
  all(copy.log_moneyness.data(), batch.log_moneyness.data(), copy.rows),
      all(copy.vol.data(), batch.vol.data(), copy.rows);
  all(copy.weight.data(), batch.weight.data(), copy.rows), all(copy.trust.data(), batch.trust.data(), copy.rows);
  all(copy.years, batch.years, 1), all(copy.first, batch.first, 1), all(copy.last, batch.last, 1);
  all(copy.stdev, batch.stdev, 1), all(copy.shape, batch.shape, parameters), all(copy.grid, batch.grid, grid_points);
  all(copy.floor, batch.floor, grid_points), all(copy.ceiling, batch.ceiling, grid_points);
  all(copy.butterfly_weight, batch.butterfly_weight, 1), all(copy.calendar_weight, batch.calendar_weight, 1);
  return copy;
}

}  // namespace

void polish(SliceBatch& batch, std::size_t lane) {
  Five p = backbone(batch, lane);
  for (int i = 0; i < 6; ++i) {
    const Eigen::MatrixXd free = free_directions(batch, lane, p);
    const Equations e = equations(batch, lane, p);
    const Eigen::MatrixXd h = free.transpose() * e.hessian * free;
    const Eigen::LLT<Eigen::MatrixXd> solver(h);
    if (solver.info() != Eigen::Success) return;  // no minimum in sight: leave it where it is
    const Five step = free * solver.solve(-free.transpose() * e.gradient);
    const double size = step.cwiseAbs().maxCoeff();
    if (!(size < 0.5)) return;
    p += step;
    if (size < 1e-9) break;  // the next would be of the square of that
  }
  for (std::size_t i = 0; i < 5; ++i) batch.shape[i * batch_lanes + lane] = p[static_cast<Eigen::Index>(i)];
}

bool backbone_slopes(const SliceBatch& batch, std::size_t lane, std::size_t quotes, std::vector<double>& slopes) {
  const Five p = backbone(batch, lane);
  const Eigen::MatrixXd free = free_directions(batch, lane, p);
  const Equations e = equations(batch, lane, p);
  const Eigen::LLT<Eigen::MatrixXd> solver(free.transpose() * e.hessian * free);
  if (solver.info() != Eigen::Success) return false;
  // At a solution Newton has nothing left to do.
  const Five left = free * solver.solve(free.transpose() * e.gradient);
  if (!(left.cwiseAbs().maxCoeff() < 1e-7)) return false;
  slopes.assign(quotes * 5, 0.0);
  for (std::size_t i = 0; i < quotes; ++i) {
    const Row q = row(batch, lane, i);
    if (q.counts == 0.0) continue;
    const Row::At a = q.at(p);
    const double f = q.scale();
    // d(f r)/dvol: f falls like 1/vol, r like -counts (w / (vol² T) + 1) / 2
    const double change = -f / q.vol * a.residual - f * 0.5 * q.counts * (a.w / (q.vol * q.vol * q.years) + 1.0);
    const Five moved = free * solver.solve(-free.transpose() * (change * a.slope));
    for (std::size_t j = 0; j < 5; ++j) slopes[i * 5 + j] = moved[static_cast<Eigen::Index>(j)];
  }
  return true;
}

bool term_slopes(const SliceBatch& batch, std::size_t lane, std::size_t quotes,
                 const std::vector<double>& backbone_slope, std::vector<double>& slopes) {
  constexpr std::size_t n = spline_terms, all = parameters;
  using Terms = Eigen::Matrix<double, n, 1>;
  // The gradient of the correction's equations, eight perturbed copies of the slice at once.
  SliceBatch copies = eight_of(batch, lane);
  std::vector<double> gradient(n * batch_lanes);
  Eigen::MatrixXd jacobian(n, static_cast<Eigen::Index>(all));
  jacobian.setZero();
  std::vector<std::pair<std::size_t, double>> moves;  // (parameter, step)
  const auto flush = [&] {
    for (std::size_t row = 0; row < all; ++row)
      for (std::size_t l = 0; l < batch_lanes; ++l)
        copies.shape[row * batch_lanes + l] = batch.shape[row * batch_lanes + lane];
    for (std::size_t l = 0; l < moves.size(); ++l) copies.shape[moves[l].first * batch_lanes + l] += moves[l].second;
    spline_gradient(copies, gradient.data());
    for (std::size_t l = 0; l + 1 < moves.size(); l += 2) {
      const double width = moves[l].second - moves[l + 1].second;
      for (std::size_t i = 0; i < n; ++i) {
        jacobian(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(moves[l].first)) =
            (gradient[i * batch_lanes + l] - gradient[i * batch_lanes + l + 1]) / width;
      }
    }
    moves.clear();
  };
  const double variance = batch.stdev[lane] * batch.stdev[lane];
  for (std::size_t j = 0; j < all; ++j) {
    if (j >= 5 && j < 8) continue;  // the knots stay
    const double step = 1e-5 * (j == 3             ? batch.stdev[lane]
                                : j == 4           ? 1.0
                                : j == 1 || j == 2 ? batch.stdev[lane]
                                                   : variance);
    moves.emplace_back(j, step), moves.emplace_back(j, -step);
    if (moves.size() == batch_lanes) flush();
  }
  if (!moves.empty()) flush();

  const Eigen::Matrix<double, n, n> hessian = jacobian.rightCols(n);
  const Eigen::FullPivLU<Eigen::Matrix<double, n, n>> solver(hessian);
  if (!solver.isInvertible()) return false;
  slopes.assign(quotes * n, 0.0);
  const Five p = backbone(batch, lane);
  const double scale = batch.shape[5 * batch_lanes + lane], first = batch.shape[6 * batch_lanes + lane];
  const double step = batch.shape[7 * batch_lanes + lane];
  for (std::size_t i = 0; i < quotes; ++i) {
    const Row q = row(batch, lane, i);
    if (q.counts == 0.0) continue;
    // the quote's own row: f B (f w - t), w with the correction
    Terms bumps;
    const double z = q.k / scale,
                 u = (std::copysign(math::log1p(std::abs(z) + z * z / (1.0 + std::sqrt(1.0 + z * z))), z) - first) /
                     step;
    double w = q.at(p).w;
    for (std::size_t j = 0; j < n; ++j) {
      const double size = std::abs(u - static_cast<double>(j)), a = std::max(2.0 - size, 0.0),
                   b = std::max(1.0 - size, 0.0);
      bumps[static_cast<Eigen::Index>(j)] = (a * a * a - 4.0 * b * b * b) / 6.0;
      w += batch.shape[(8 + j) * batch_lanes + lane] * bumps[static_cast<Eigen::Index>(j)];
    }
    const double f = q.scale(), residual = 0.5 * q.counts * (w / (q.vol * q.years) - q.vol);
    const double change = -f / q.vol * residual - f * 0.5 * q.counts * (w / (q.vol * q.vol * q.years) + 1.0);
    Terms right = change * bumps;
    for (std::size_t j = 0; j < 5; ++j) right += jacobian.col(static_cast<Eigen::Index>(j)) * backbone_slope[i * 5 + j];
    const Terms moved = solver.solve(-right);
    for (std::size_t j = 0; j < n; ++j) slopes[i * n + j] = moved[static_cast<Eigen::Index>(j)];
  }
  return true;
}

}  // namespace ballast::vol::internal
