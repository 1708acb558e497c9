#pragma once
#include <span>

#include "ballast/pricing/columns.h"

namespace ballast::pricing {

/// One cell of a scenario grid or a bump ladder: forwards times `price_factor`, vols times `vol_factor` plus
/// `vol_shift` (not below 0).
struct Scenario {
  double price_factor = 1.0;  ///< [0.01, 100]
  double vol_factor = 1.0;    ///< >= 0
  double vol_shift = 0.0;     ///< per square root of a year, 0.05 is five vol points
};

/// value[j] = sum over options of weight[i] V_i in scenario j, V the undiscounted Black value: the worth of a book in
/// every cell, in one call. For coin-settled books the same with weights over the forward, and the result over the
/// price factor: V/F summed in coin.
/// Shapes   options and weight of one length, scenarios and value of another; value overlaps nothing.
/// Domain   options as in ForwardColumns; a row outside, a weight beyond 1e200, or a scenario outside makes its
///          sums NaN: there is no book with a hole in it.
/// Error    prices as `black`, with 2 epsilon of the log-moneyness more; their sum as math::dot.
/// Bits     as math/columns.h, for one order of the rows.
/// Cost     per option one logarithm and one root for all cells; per cell one exponential and one pair of Mills ratios.
///          No allocation; 35 cells and 1,000 options are one call of about 0.2 ms.
void black_grid(const ForwardColumns& options, Column weight, std::span<const Scenario> scenarios, Output value);

}  // namespace ballast::pricing
