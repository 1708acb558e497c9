#pragma once
#include <span>

#include "ballast/base/result.h"
#include "ballast/base/units.h"
#include "ballast/math/regression.h"

namespace ballast::vol {

/// One option over one interval, prices as multiples of the underlying at its start (for an inverse option: coin).
struct HullWhiteRow {
  Years years;          ///< to expiry at the start, > 0
  double delta = 0.0;   ///< Black delta at the start, coin per coin
  double vega = 0.0;    ///< dV/dvol at the start over the underlying's price, per 1.00 of vol
  double move = 0.0;    ///< dF/F of the interval
  double change = 0.0;  ///< dV over the underlying's price at the start
};

/// E[dvol] = (dF/F) (a + b delta + c delta²) / sqrt(years).
struct HullWhiteCurve {
  double a = 0.0, b = 0.0, c = 0.0;
};

struct HullWhiteFit {
  HullWhiteCurve curve;
  math::Regression regression;  ///< errors and t statistics of a, b, c, in the order of the rows
  double gain = 0.0;            ///< in sample, hull_white_gain()
};

/// The regression of Hull and White: change - delta move on vega move / sqrt(years) · {1, delta, delta²}, without
/// intercept. Give calls and puts apart. a, b and c are weakly identified one by one: judge the curve.
/// Error    <= 1e-9 relative, tests/data/hull_white_results.csv.
/// Faults   bad_input names a row whose years are not positive, and as math::regress(): too few rows, a number that is
///          not finite; no_solution when deltas, vegas or moves do not tell the three apart.
/// Source   J. Hull and A. White, "Optimal delta hedging for options", J. Banking & Finance 82 (2017) 180-190.
Result<HullWhiteFit> fit_hull_white(std::span<const HullWhiteRow> rows);

/// 1 - SSE(minimum-variance delta) / SSE(Black delta) over the rows: out of sample where they were not fitted to.
/// NaN where the Black delta makes no error at all, and without rows.
double hull_white_gain(const HullWhiteCurve& curve, std::span<const HullWhiteRow> rows);

/// delta + vega / sqrt(years) · (a + b delta + c delta²), vega over the underlying's price. Domain  years > 0, else
/// NaN.
double hull_white_delta(const HullWhiteCurve& curve, Years years, double delta, double vega);

}  // namespace ballast::vol
