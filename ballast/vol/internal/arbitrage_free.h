#pragma once
#include <span>
#include <vector>

#include "ballast/vol/smile_quotes.h"
#include "ballast/vol/spline.h"

namespace ballast::vol::internal {

struct SliceFit {
  VarianceSpline shape;       ///< terms are 0 where no correction was asked for
  std::vector<double> trust;  ///< of each quote, [0, 1]: 0 is an outlier
  double least_butterfly = 0.0;
  double calendar_margin = 0.0;  ///< against the slice before; the first against 0
  int iterations = 0;
  bool repaired = false;
  /// d(a, slope, c, m, ln sigma, terms) / d(vol of quote i), [i * 13 + parameter]: w = a' + slope k + c sqrt(...).
  /// Empty when not asked for or not known.
  std::vector<double> slopes;
  bool led = false;  ///< a wing or the correction is led past a neighbouring expiry's
};

struct SliceRules {
  bool correction = true;      ///< the spline on top of SVI
  bool arbitrage_free = true;  ///< false: least squares, whatever comes out
  double robust = 6.0;         ///< 0: plain least squares
  bool exact = false;          ///< to the last digit, and with `slopes`
};

/// On the grids that the fit looks at.
bool free_of_arbitrage(const std::vector<SliceFit>& fits);

/// The smiles of all expiries, by rising years. `warm`: a start for each, null where there is none.
std::vector<SliceFit> fit_slices(std::span<const SliceQuotes> quotes, const SliceRules& rules,
                                 std::span<const VarianceSpline* const> warm);

/// What the robust loss leaves of each quote's weight, by a fit of SVI with the correction and without conditions.
std::vector<std::vector<double>> trust_of(std::span<const SliceQuotes> quotes, double robust);

}  // namespace ballast::vol::internal
