#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "ballast/math/lot_books_bench.h"

/// Seeded hedges of a size one has on a desk, as piecewise programs, and how their exposures move between two solves.
namespace ballast::bench {

/// `instruments` with a bid and an ask, the P&L of delta, gamma, vega and theta priced by its absolute value: as plain
/// linear columns 2 for each instrument and 2 for each of the four residuals (textbook_form).
inline math::PiecewiseProgram greek_program(std::size_t instruments, std::uint64_t seed) {
  const BookRules rules{.absolute = true, .risk_price = 10.0};
  return made_book(made_chain(instruments, seed), made_chain(60, seed + 500), seed + 1000, rules).program;
}

/// A greek_program as textbooks write it: what is bought and what is sold of each instrument are columns, and what is
/// left of each exposure above and below 0, under equations.
inline math::PiecewiseProgram textbook_form(const math::PiecewiseProgram& program) {
  const std::size_t m = program.m();
  math::PiecewiseProgram p;
  double widest = 0.0;
  for (std::size_t j = 0; j < program.n(); ++j) {
    const auto& f = program.columns[j];
    p.columns.push_back({.lowest = 0.0, .highest = f.highest, .slopes = {f.slopes[1]}});
    p.columns.push_back({.lowest = 0.0, .highest = -f.lowest, .slopes = {-f.slopes[0]}});
    for (const double sign : {1.0, -1.0}) {
      for (std::size_t i = 0; i < m; ++i) p.matrix.push_back(sign * program.matrix[j * m + i]);
    }
    for (std::size_t i = 0; i < m; ++i) widest += std::abs(program.matrix[j * m + i]) * std::max(f.highest, -f.lowest);
  }
  for (std::size_t i = 0; i < m; ++i) {
    for (const double sign : {1.0, -1.0}) {
      const double slope = sign > 0.0 ? program.rows[i].slopes[1] : -program.rows[i].slopes[0];
      p.columns.push_back({.lowest = 0.0, .highest = widest + 10.0 * std::abs(program.offset[i]), .slopes = {slope}});
      for (std::size_t k = 0; k < m; ++k) p.matrix.push_back(k == i ? -sign : 0.0);
    }
    p.rows.push_back({.lowest = 0.0, .highest = 0.0});
  }
  p.offset = program.offset;
  return p;
}

/// A greek_program with an order book of `levels` on each side. A level holds a tenth of what the best price of
/// made_chain does: the book is eaten into.
inline math::PiecewiseProgram ladder_program(std::size_t instruments, int levels, std::uint64_t seed) {
  auto chain = made_chain(instruments, seed);
  for (auto& h : chain) h.depth *= 0.1;
  const BookRules rules{.absolute = true, .risk_price = 30.0, .levels = levels};
  return made_book(chain, made_chain(60, seed + 500), seed + 1000, rules).program;
}

/// Variance of n instruments with three common factors, a cost of impact, a bound on each and bands for four Greeks.
inline math::PiecewiseProgram variance_program(std::size_t n, std::uint64_t seed) {
  constexpr std::size_t factors = 3, greeks = 4;
  std::mt19937_64 rng(seed);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  math::PiecewiseProgram p;
  std::vector<double> loading(n * factors), own(n);
  for (double& f : loading) f = normal(rng);
  for (double& o : own) o = 0.05 + 0.2 * unit(rng);
  for (std::size_t j = 0; j < n; ++j) {
    p.columns.push_back({.lowest = -0.5 - unit(rng), .highest = 0.5 + unit(rng), .slopes = {0.3 * normal(rng)}});
    for (std::size_t i = 0; i < greeks; ++i) p.matrix.push_back(normal(rng));
    for (std::size_t k = 0; k < n; ++k) {
      double h = j == k ? own[j] : 0.0;
      for (std::size_t f = 0; f < factors; ++f) h += loading[j * factors + f] * loading[k * factors + f];
      p.hessian.push_back(h);
    }
  }
  for (std::size_t i = 0; i < greeks; ++i) {
    p.rows.push_back({.lowest = -0.3, .highest = 0.3});
    p.offset.push_back(normal(rng) * 0.3);
  }
  return p;
}

/// What a book's exposures are from one solve to the next: `move` of their own size to and fro.
struct Moves {
  std::vector<std::vector<double>> offset;  ///< by step
  std::vector<std::vector<double>> tilt;    ///< by step; empty without a Hessian

  static constexpr std::size_t steps = 64;

  Moves(const math::PiecewiseProgram& p, double move, std::uint64_t seed) {
    std::mt19937_64 rng(seed);
    std::normal_distribution<double> normal;
    for (std::size_t s = 0; s < steps; ++s) {
      offset.push_back(p.offset);
      for (double& e : offset.back()) e += move * std::abs(e) * normal(rng);
      if (p.hessian.empty()) continue;
      tilt.emplace_back(p.n());
      for (double& t : tilt.back()) t = move * 0.3 * normal(rng);
    }
  }
};

}  // namespace ballast::bench
