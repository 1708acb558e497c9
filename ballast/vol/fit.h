#pragma once
#include <span>

#include "ballast/base/result.h"
#include "ballast/vol/smile_quotes.h"
#include "ballast/vol/surface.h"

namespace ballast::vol {

enum class Model {
  essvi,  ///< three numbers a slice; no arbitrage by theorem and box
  svi,    ///< five numbers a slice, the no-arbitrage conditions inside the fit
  sabr,   ///< Hagan with Obloj's correction, beta = 1: three numbers, and whatever arbitrage they have stays
  spline  ///< cubic in total variance, the no-arbitrage conditions inside the fit: for chains that the others miss
};
const char* name(Model model);

struct FitRules {
  Model model = Model::spline;
  bool arbitrage_free = true;  ///< svi and spline only; false: least squares, whatever comes out
  double robust = 6.0;         ///< errors above half of this many robust deviations (and above 0.75 vol points) count
                               ///< less, above all of it (and 1.5 points) not at all; 0 = least squares
};

/// Fits the smiles of one index, free of butterfly and calendar arbitrage for |k| <= 1.5.
/// Domain   slices by strictly rising years, each with at least 5 quotes.
/// Faults   bad_input names what is not so; missing_data without a slice.
/// `warm`   the last surface of the same index and model: its slices are the start values; expiries that it has not
///          start cold. The result differs from a cold one by what the tolerance leaves.
Result<Surface> fit(std::span<const SliceQuotes> quotes, const FitRules& rules, const Surface* warm = nullptr);

}  // namespace ballast::vol
