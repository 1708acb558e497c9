#pragma once
#include <optional>

#include "ballast/base/result.h"
#include "ballast/base/units.h"

namespace ballast::sim {

/// A vol that moves beside its price: ln(vol) is an Ornstein-Uhlenbeck process,
/// d ln(vol) = a (θ - ln vol) dt + vol_of_vol dW, a = ln 2/half_life, θ such that the long run's mean of vol is `mean`.
struct VolModel {
  double mean = 0.60;            ///< [0.01, 5]: of the vol, annual
  double half_life_days = 30.0;  ///< > 0
  double vol_of_vol = 0.8;       ///< >= 0: of ln(vol), per square root of a year; 0: the vol goes to the mean
  double correlation = -0.3;     ///< [-1, 1]: of a step's moves of ln(vol) and of ln(price) without its jumps
};

/// Fault bad_input names the number outside its domain, and a long run whose deviation of ln(vol) is over 2.
std::optional<Error> fault(const VolModel& model);

/// The long run's standard deviation of ln(vol): vol_of_vol/sqrt(2a).
double long_run_deviation(const VolModel& model);

/// The vol one step on. The step is exact in distribution, however long, for normals that are independent.
/// `of_price`  the standard normal that moved the price over the step; `own` another.
/// Domain      a model without a fault, vol > 0, step >= 0.
double next_vol(const VolModel& model, double vol, Years step, double of_price, double own);

}  // namespace ballast::sim
