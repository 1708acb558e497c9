#pragma once
#include <cstddef>

#include "ballast/model/internal/exponent.h"

/// The sums over nodes of all strikes of an expiry.
namespace ballast::model::internal {

/// What a strike brings to the sums, in columns that are padded to a multiple of 16.
struct StrikeColumns {
  std::size_t count = 0;
  double* moneyness;                  ///< ln(forward/strike)
  double *angle, *turn_re, *turn_im;  ///< step · moneyness, and e^{i angle}
  /// Black's: value out of the money over the root of forward · strike, N(d1), N'(d1).
  double *value, *delta, *density;
};
using Coefficients = double[node_block][4][2];

/// The turn of one node, and Black's value and Greeks at a total variance.
void prepare(const StrikeColumns& strikes, double step, double variance);

/// The weights of evenly spaced nodes from their exponents.
void weigh(const NodeBlock& nodes, double step, std::size_t first, double variance, bool absolute, Amplitudes& out);

/// sums[g][i] += sum_j Re(coefficient[j][g] e^{i (first + j) angle_i}), for one to four sums.
void add_even(int groups, const Coefficients& coefficient, std::size_t first, const StrikeColumns& strikes,
              double* const* sums);

/// sums[g][i] += sum_j Re(coefficient[j][g] e^{exponent_j + (s_j - 1/2) moneyness_i}): nodes anywhere.
void add_free(int groups, const NodeBlock& nodes, const Coefficients& coefficient, const StrikeColumns& strikes,
              double* const* sums);

}  // namespace ballast::model::internal
