#pragma once
#include "ballast/base/result.h"
#include "ballast/vol/sabr.h"
#include "ballast/vol/smile_quotes.h"

namespace ballast::vol {

struct SabrFitRules {
  double beta = 1.0;  ///< [0, 1], fixed: quotes of one expiry hardly tell it from rho
  double robust =
      3.0;  ///< Tukey: errors over this many robust deviations count nothing, nearer ones less; 0 = all count
  int iterations = 40;  ///< bound on the steps of one descent, > 0
};

struct SabrFit {
  Sabr sabr;
  double rmse = 0.0;   ///< of vol, over all quotes, unweighted
  double worst = 0.0;  ///< largest |vol error|
  int iterations = 0;  ///< steps taken, over all starts and reweightings
};

/// Fits Obloj's vols to the quotes of one expiry in ln alpha, rho and nu.
/// The least sum of weight · (vol error)², found by a Levenberg-Marquardt method in the box |rho| <= 0.995,
/// 1e-3 <= nu sqrt(years) <= 4; from `warm` where there is one, else from level, skew and curvature of the quotes
/// and from a round smile, whichever leaves less. Then, if asked, up to four times with Tukey's weights.
/// Domain   at least 4 quotes; vols, weights and years > 0, |log-moneyness| <= 10.
/// Faults   bad_input names the value that is not so; no_solution when no start has a vol at all quotes.
/// Error    quotes that a Sabr made come back to 1e-9 of vol. The smile may still have butterfly arbitrage: look.
/// Cost     O(quotes) a step.
/// Source   K. Levenberg, Quarterly Appl. Math. 2 (1944); D. Marquardt, J. SIAM 11 (1963); A. Beaton and J. Tukey,
///          Technometrics 16 (1974) 147-185 for the weights.
Result<SabrFit> fit_sabr(const SliceQuotes& quotes, const SabrFitRules& rules, const Sabr* warm = nullptr);

}  // namespace ballast::vol
