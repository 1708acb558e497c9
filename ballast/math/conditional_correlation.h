#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/math/garch.h"

/// Covariances that move: a GARCH(1,1) for each series, and correlations that are constant or follow
///
///   Q_t = (1 - a - b) Qbar + a e_(t-1) e_(t-1)' + b Q_(t-1),  R_t = Q_t scaled to 1 on its diagonal,
///
/// e = x / sqrt(h), Qbar = Q_1 = the mean of e e'.
/// Source   T. Bollerslev, Review of Economics and Statistics 72 (1990) 498-505 (constant); R. F. Engle, J. Business &
///          Economic Statistics 20 (2002) 339-350 (dynamic).
namespace ballast::math {

struct Dcc {
  double a = 0.0, b = 0.0;  ///< >= 0, a + b < 1
};

struct CorrelationRules {
  bool dynamic = false;
  std::vector<Garch> garch;           ///< one a series; empty: fitted
  std::optional<Dcc> dcc;             ///< absent: fitted
  std::optional<std::size_t> sample;  ///< all that is estimated comes from so many first observations; absent: all
};

struct CovariancePath {
  std::size_t series = 0;
  /// Of observation t given those before it: series × series, row by row, in the product of the units.
  std::vector<std::vector<double>> covariance;
  std::vector<double> next;  ///< of the observation after the last
  std::vector<Garch> garch;
  Dcc dcc;                      ///< 0, 0 where the correlation is constant
  std::vector<double> average;  ///< the constant correlation, or Qbar
};

/// `series`  2 to 17 of one length, in the order of time, means of zero taken for granted.
/// Error    1e-10, tests/data/hedge_timeseries_results.csv.
/// Faults   those of garch_path and fit_garch, with the series in front; bad_input: one series or over 17, lengths that
///          differ, a wrong number of GARCHs, a and b outside their range; no_solution: series that depend on one
///          another.
/// Cost     O(n s³) a pass; a fit of a and b is some 500 passes.
Result<CovariancePath> conditional_covariance(std::span<const std::vector<double>> series,
                                              const CorrelationRules& rules = {});

}  // namespace ballast::math
