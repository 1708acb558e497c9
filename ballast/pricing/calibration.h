#pragma once
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/base/units.h"
#include "ballast/model/parameters.h"
#include "ballast/vol/smile_quotes.h"

/// A transform model fitted to the Black vols of a chain, all expiries at once.
namespace ballast::pricing {

using model::TransformModel;

/// What one expiry quotes, in columns of one length.
struct ExpiryVols {
  Price forward;
  Years years;
  std::vector<double> strike;  ///< USD, > 0
  std::vector<double> vol;     ///< Black's, > 0
  std::vector<double> weight;  ///< >= 0; of the squared error of vol
};

/// The quotes of a smile, as they are fitted.
ExpiryVols expiry_vols(const vol::SliceQuotes& quotes);

struct CalibrationRules {
  /// Every parameter is drawn to its prior (the fit before, else a usual value), each by its own scale: a parameter
  /// that lies one scale away costs as much as a mean error of vol of this size. It decides where quotes do not, and
  /// keeps consecutive fits from jumping. 0: none.
  double prior_vol = 0.0005;
  bool feller = false;              ///< force 2 kappa theta >= xi²; by default it is reported only
  int starts = 24;                  ///< [1, 1000] points tried cold, of which the best six are followed for some steps
  int most_steps = 200;             ///< of the last Levenberg-Marquardt run
  double tolerance = 1e-7;          ///< of the last step, in scales; and its square, relative, of the objective
  std::function<bool()> cancelled;  ///< asked before every step; empty: never
};

/// One parameter's answer.
struct CalibratedParameter {
  double value = 0.0;
  /// From the curvature at the minimum and the residuals' own size, prior included: independent errors assumed, which
  /// those of a smile are not, so a lower bound.
  double standard_error = 0.0;
  double prior = 0.0;
  bool at_bound = false;  ///< of the range that the fit searches, narrower than the model's domain
};

struct Calibration {
  TransformModel model;
  std::vector<CalibratedParameter> parameters;  ///< in the order of values()
  std::vector<std::vector<double>> vol;         ///< the model's, as the quotes lie; NaN where its price gives none
  double rmse_vol = 0.0;                        ///< root of the weighted mean squared error of vol
  double rmse_price = 0.0;          ///< root of the mean squared error of price over forward (coin), all quotes alike
  double objective = 0.0;           ///< what was minimised: rmse_vol² plus the prior's share
  double feller = 0.0;              ///< 2 kappa theta / xi², NaN where a model has none
  double condition = 0.0;           ///< of the curvature, parameters in their scales: largest over smallest eigenvalue
  std::vector<double> weakest;      ///< the direction that the quotes determine least: unit vector, in scales
  std::vector<double> correlation;  ///< of the parameters' errors: [row · parameters + column]
  int steps = 0;                    ///< Levenberg-Marquardt steps, all starts
  int evaluations = 0;              ///< of the whole chain's prices
  int rough_evaluations = 0;        ///< of some 48 quotes, to choose a start
  bool converged = false;           ///< false: most_steps was reached
};

/// Least squares of weight · (model vol - quoted vol)², by Levenberg-Marquardt with the transform's own gradients.
/// Domain   at least as many quotes as the model has parameters; all numbers finite, in range.
/// Minima  Bates and SVCJ have several. The best of the starts descend on some 48 quotes, up to four different minima
/// of
///          theirs on all; no search of this kind is sure of the lowest (docs/model-study.md: how often it was).
/// `warm`   a model of the same kind, as a rule the last fit: the start and the prior. Cold, the starts are a fixed
///          low-discrepancy set (J. H. Halton, Numer. Math. 2 (1960) 84-90) around what the chain's own vols say.
/// `start`  where to begin instead of the multi-start, the prior as it is.
/// Faults   bad_input: the first quote, rule or model name that is wrong; missing_data: too few quotes; no_solution: no
///          start has a finite error; limit: cancelled.
/// Source   K. Levenberg, Quarterly Appl. Math. 2 (1944); D. Marquardt, J. SIAM 11 (1963). First with prices over
///          quoted vega, which no start can throw off, then with the model's own implied vols.
/// Cost     an evaluation is one transform with gradients of every expiry; as a rule 30 to 60 of them, cold.
Result<Calibration> calibrate(std::string_view model, std::span<const ExpiryVols> chain, const CalibrationRules& rules,
                              const TransformModel* warm = nullptr, const TransformModel* start = nullptr);

}  // namespace ballast::pricing
