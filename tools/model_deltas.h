// The deltas of calibrated stochastic models for a recorded chain, for delta_study.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ballast/ballast.h"
#include "ballast/pricing/calibration.h"

namespace ballast::study {

/// dC/dF of an option as the model has it, the delta of least variance, and dvol/dlnF of its strike
/// (pricing::model_move): what carries the latter over to the quoted vol.
struct ModelDelta {
  double delta = 0.0, minimum_variance = 0.0, vol_move = 0.0;
};

/// One model, refitted to one coin's chain after the other: each fit starts at the last one and is drawn to it.
class ModelHedger {
 public:
  explicit ModelHedger(std::string model) : model_(std::move(model)) {}

  /// By instrument name, every option of the chain. Fitted to the marks of the options out of the money, all alike.
  /// Faults   those of pricing::calibrate, model::transform and pricing::model_move.
  Result<std::map<std::string, ModelDelta>> deltas(const desk::ObservedChain& chain);

  std::size_t fits() const { return fits_; }
  double mean_rmse_vol() const { return fits_ == 0 ? 0.0 : errors_ / static_cast<double>(fits_); }

 private:
  std::string model_;
  std::optional<model::TransformModel> last_;
  std::size_t fits_ = 0;
  double errors_ = 0.0;
};

}  // namespace ballast::study
