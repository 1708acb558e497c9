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
  /// A quote that stands out of its neighbours' errors by more than half of this many robust deviations, and by 4 % of
  /// its vol, counts less; by all of it, and 8 %, not at all. 0: least squares.
  double robust = 6.0;
  bool exact = false;  ///< svi and spline only: iterate to the last digit, as a comparison of bumps needs
};

/// Fits the smiles of one index. essvi, svi and spline are free of butterfly and calendar arbitrage for |k| <= 1.5:
/// essvi by theorem, the others on a grid of some 230 points, with room for what lies between them. sabr is as its
/// formula gives it, and so is everything where `arbitrage_free` is false: see SliceHealth. Domain   slices by strictly
/// rising years, each with at least 5 quotes. Faults   bad_input names what is not so; missing_data without a slice;
/// no_solution rather than smiles with arbitrage
///          (no input is known that leads there).
/// `warm`   the last surface of the same index and model: its slices are the start values; expiries that it has not
///          start cold. The result differs from a cold one by what the tolerance leaves.
Result<Surface> fit(std::span<const SliceQuotes> quotes, const FitRules& rules, const Surface* warm = nullptr);

/// How the smile of one expiry answers to its quotes.
struct SliceSensitivity {
  Time expiry;
  Years years;
  VarianceSpline shape;  ///< the fit itself
  std::size_t quotes = 0;
  bool led = false;  ///< led past a neighbouring expiry by the calendar condition: how it is led is held here, a refit
                     ///< may move it
  std::vector<double> slopes;  ///< internal: d(parameter) / d(vol of quote), 13 a quote; empty when not known

  /// d vol(k) / d vol of each quote. Empty when not known: the slice was repaired.
  std::vector<double> at(double k) const;
};

/// The sensitivities of the svi and spline models' fit to its quotes, by the implicit function theorem: what a refit
/// after a small change of one quote would give, without refitting. Times an option's vega they are the change of its
/// value, times its vanna in the forward that of its hedge.
/// Held   the knots, the prior of the wings and the robust weights: they change in steps or not at all.
/// Error  against a refit <= 1e-5 of the largest sensitivity where the slice is not `led`, vol/fit_test.cc.
/// Cost   a fit to the last digit, and about as much again.
/// Faults as fit(); bad_input for the other models.
Result<std::vector<SliceSensitivity>> sensitivities(std::span<const SliceQuotes> quotes, const FitRules& rules);

}  // namespace ballast::vol
