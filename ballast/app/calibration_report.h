#pragma once
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "ballast/app/output.h"
#include "ballast/app/smile_source.h"
#include "ballast/pricing/calibration.h"

namespace ballast::app {

/// How a model fits the quotes of one expiry. Unweighted; quotes that the model gives no vol are left out of all
/// figures but `without_vol`.
struct ExpiryFit {
  double atm_vol = 0.0;       ///< the model's, at the forward
  double rmse_points = 0.0;   ///< vol points
  double worst_points = 0.0;  ///< largest error without its sign
  std::string worst;          ///< the instrument that has it
  double within_spread =
      0.0;  ///< share of the two-sided quotes whose bid-ask holds the model; NaN where there are none
  std::size_t two_sided = 0, without_vol = 0;
};

struct ModelFit {
  pricing::Calibration found;
  ExpiryFit whole;                  ///< over all quotes
  std::vector<ExpiryFit> expiries;  ///< as the report's slices lie
};

/// A chain and the models fitted to it.
struct CalibrationReport {
  std::string index, underlying;
  double index_price = 0.0;  ///< USD per coin, NaN when the data have none
  Time as_of;
  vol::QuoteRules quote_rules;
  pricing::CalibrationRules fit_rules;
  std::optional<std::string> warm;  ///< the file that the fits began with
  std::vector<vol::SliceQuotes> slices;
  std::vector<ModelFit> models;
  std::vector<market::Dropped> dropped;
};

/// The quotes of the slices as calibrate() takes them.
std::vector<pricing::ExpiryVols> expiry_vols(const std::vector<vol::SliceQuotes>& slices);

/// Domain   `found` are calibrations of expiry_vols(source.quotes.slices).
CalibrationReport calibration_report(const SmileSource& source, std::vector<pricing::Calibration> found,
                                     const vol::QuoteRules& quote_rules, const pricing::CalibrationRules& fit_rules);

/// "kappa 0.93, xi -0.31": the direction that the quotes determine least, by what moves most along it.
std::string weakest_direction(const pricing::Calibration& found);

// One row for each parameter of each model, model and expiry, quote, or quote set aside.
Table parameters_table(const CalibrationReport& report);
Table expiry_fits_table(const CalibrationReport& report);
Table fitted_quotes_table(const CalibrationReport& report);
Table set_aside_table(const CalibrationReport& report);

/// The report for people: parameters, models side by side, expiries.
std::string calibration_text(const CalibrationReport& report);

/// The stable form of docs/models.md. `grid` adds the models between the quotes: what the page draws.
nlohmann::ordered_json calibration_json(const CalibrationReport& report, bool grid);

}  // namespace ballast::app
