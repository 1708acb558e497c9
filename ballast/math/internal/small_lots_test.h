#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <random>
#include <vector>

#include "ballast/math/lot_program.h"

/// For tests only: small programs of every kind, and what they are worth by the definition, written down once more.
namespace ballast::test {

/// The integral of the slopes from 0 to x and the parabola, piece by piece.
inline double worth(const math::PiecewiseConvex& f, double x) {
  double sum = 0.5 * f.curvature * x * x;
  for (std::size_t i = 0; i < f.slopes.size(); ++i) {
    const double from = i > 0 ? f.kinks[i - 1] : -HUGE_VAL, to = i < f.kinks.size() ? f.kinks[i] : HUGE_VAL;
    const double a = std::clamp(0.0, from, to), b = std::clamp(x, from, to);
    sum += f.slopes[i] * (b - a);
  }
  return sum;
}

/// The objective at x with the price of its legs; infinite where a bound of a row or the limit on legs is not kept.
inline double worth(const math::LotProgram& p, const std::vector<double>& x) {
  const std::size_t n = p.program.n(), m = p.program.m();
  std::vector<double> y = p.program.offset, largest(m);
  std::vector<char> used(p.leg_cost.size(), 0);
  double sum = 0.0;
  for (std::size_t i = 0; i < m; ++i) largest[i] = std::abs(y[i]);
  for (std::size_t j = 0; j < n; ++j) {
    const math::PiecewiseConvex& f = p.program.columns[j];
    sum += worth(f, x[j]);
    if (x[j] != 0.0) used[static_cast<std::size_t>(p.leg[j])] = 1;
    for (std::size_t i = 0; i < m; ++i) {
      const double a = p.program.matrix[j * m + i];
      y[i] += a * x[j];
      largest[i] = std::max(largest[i], std::abs(a) * std::max(std::abs(f.lowest), std::abs(f.highest)));
    }
    for (std::size_t k = 0; k < n && !p.program.hessian.empty(); ++k)
      sum += 0.5 * x[j] * x[k] * p.program.hessian[j * n + k];
  }
  int legs = 0;
  for (std::size_t l = 0; l < used.size(); ++l) legs += used[l], sum += used[l] != 0 ? p.leg_cost[l] : 0.0;
  if (p.most_legs > 0 && legs > p.most_legs) return HUGE_VAL;
  for (std::size_t i = 0; i < m; ++i) {
    const math::PiecewiseConvex& f = p.program.rows[i];
    if (std::max(f.lowest - y[i], y[i] - f.highest) > 1e-9 * largest[i]) return HUGE_VAL;
    sum += worth(f, y[i]);
  }
  return sum;
}

/// The size of the terms that an objective is the sum of: what its rounding is relative to.
inline double scale(const math::LotProgram& p) {
  double sum = 0.0;
  const auto add = [&](const math::PiecewiseConvex& f, double reach) {
    for (const double s : f.slopes) sum += std::abs(s) * reach;
    sum += f.curvature * reach * reach;
  };
  for (const auto& f : p.program.columns) add(f, std::max(std::abs(f.lowest), std::abs(f.highest)));
  for (std::size_t i = 0; i < p.program.m(); ++i) add(p.program.rows[i], 1.0 + std::abs(p.program.offset[i]));
  for (const double h : p.program.hessian) sum += std::abs(h);
  return sum;
}

/// Every point of whole steps within the bounds; columns without steps stand at `rest`.
inline void for_each_point(const math::LotProgram& p, const std::vector<double>& rest,
                           const std::function<void(const std::vector<double>&)>& visit) {
  std::vector<double> x = rest;
  const auto from = [&](auto&& self, std::size_t j) -> void {
    if (j == x.size()) return visit(x);
    if (p.step[j] == 0.0) return self(self, j + 1);
    const math::PiecewiseConvex& f = p.program.columns[j];
    const double first = std::ceil(f.lowest / p.step[j] - 1e-9), last = std::floor(f.highest / p.step[j] + 1e-9);
    for (double k = first; k <= last; k += 1.0) {
      x[j] = k * p.step[j];
      self(self, j + 1);
    }
  };
  from(from, 0);
}

inline double best_by_search(const math::LotProgram& p) {
  double best = HUGE_VAL;
  for_each_point(p, std::vector<double>(p.program.n()),
                 [&](const std::vector<double>& x) { best = std::min(best, worth(p, x)); });
  return best;
}

struct SmallRules {
  double hard_rows = 0.3;  ///< how many rows have bounds
  double hessian = 0.3;    ///< how many programs have one
};

/// 2 to 4 columns of at most 9 places, 1 to 3 rows, legs of one or two columns, some with a price or a limit.
inline math::LotProgram small_program(std::mt19937_64& rng, const SmallRules& rules = {}) {
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  const auto chance = [&](double p) { return unit(rng) < p; };
  const auto upto = [&](int n) { return static_cast<std::size_t>(unit(rng) * n); };
  math::LotProgram p;
  const std::size_t n = 2 + upto(3), m = 1 + upto(3);
  const double money = std::exp2(20.0 * unit(rng) - 10.0);  // of the objective
  const auto shape = [&](math::PiecewiseConvex& f, double width) {
    const std::size_t kinks = upto(4);
    f.kinks.clear();
    for (std::size_t k = 0; k < kinks; ++k) f.kinks.push_back(width * (2.0 * unit(rng) - 1.0));
    if (kinks > 0 && chance(0.5)) f.kinks[0] = 0.0;
    std::sort(f.kinks.begin(), f.kinks.end());
    f.slopes = {money * (unit(rng) - 0.7) / width};
    for (std::size_t k = 0; k < kinks; ++k) f.slopes.push_back(f.slopes.back() + money * unit(rng) / width);
    if (chance(0.4)) f.curvature = money * unit(rng) / (width * width);
  };
  std::vector<double> half(n);
  for (std::size_t j = 0; j < n; ++j) {
    math::PiecewiseConvex f;
    p.step.push_back(chance(0.5) ? 0.1 : 0.05 + unit(rng));
    const double places = 1.0 + static_cast<double>(upto(4));
    half[j] = places * p.step[j];
    f.lowest = chance(0.2) ? -p.step[j] * static_cast<double>(upto(3)) : -half[j];
    f.highest = chance(0.2) ? 0.4 * p.step[j] : half[j] + 0.3 * p.step[j] * unit(rng);
    if (chance(0.1)) f.lowest = p.step[j] * 0.5;  // must be traded
    if (f.lowest > f.highest - p.step[j]) f.highest = f.lowest + p.step[j];
    shape(f, half[j]);
    p.program.columns.push_back(f);
    p.leg.push_back(j > 0 && chance(0.25) ? p.leg.back() : static_cast<int>(p.leg_cost.size()));
    if (static_cast<std::size_t>(p.leg.back()) == p.leg_cost.size())
      p.leg_cost.push_back(chance(0.5) ? money * 0.3 * unit(rng) : 0.0);
    for (std::size_t i = 0; i < m; ++i) {
      const double a = chance(0.15) ? 0.0 : chance(0.5) ? 2.0 * unit(rng) - 1.0 : static_cast<double>(upto(4)) - 1.0;
      p.program.matrix.push_back(a);
    }
  }
  for (std::size_t i = 0; i < m; ++i) {
    math::PiecewiseConvex f;
    p.program.offset.push_back(chance(0.2) ? 0.0 : 3.0 * (2.0 * unit(rng) - 1.0));
    shape(f, 2.0);
    f.lowest = -HUGE_VAL, f.highest = HUGE_VAL;
    if (chance(rules.hard_rows)) {
      const double wide = 0.02 + unit(rng), middle = unit(rng) - 0.5;
      if (chance(0.7)) f.lowest = middle - wide;
      if (chance(0.7)) f.highest = middle + wide;
    }
    p.program.rows.push_back(f);
  }
  if (chance(rules.hessian)) {  // of rank 1 or 2
    p.program.hessian.assign(n * n, 0.0);
    for (std::size_t r = 0; r < 1 + upto(2); ++r) {
      std::vector<double> v(n);
      for (double& w : v) w = (2.0 * unit(rng) - 1.0) * std::sqrt(money);
      for (std::size_t j = 0; j < n; ++j)
        for (std::size_t k = 0; k < n; ++k) p.program.hessian[j * n + k] += v[j] * v[k];
    }
  }
  if (chance(0.5)) p.most_legs = 1 + static_cast<int>(upto(static_cast<int>(p.leg_cost.size())));
  return p;
}

}  // namespace ballast::test
