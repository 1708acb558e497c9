#pragma once
#include "ballast/model/parameters.h"

namespace ballast::model {

/// Jumps of the log-price at random times, as the kernels draw them.
struct JumpLaw {
  double rate = 0.0;  ///< a year
  bool normal = true;
  double mean = 0.0, deviation = 0.0;                     ///< of a normal size
  double up_share = 0.0, up_rate = 1.0, down_rate = 1.0;  ///< of a double exponential one
  double growth = 0.0;                                    ///< E[e^size] - 1
};

JumpLaw jump_law(const NormalJumps& jumps);
JumpLaw jump_law(const Kou& model);

}  // namespace ballast::model
