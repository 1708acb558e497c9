#pragma once
#include <string>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/base/time.h"
#include "ballast/vol/skew.h"
#include "ballast/vol/surface.h"

namespace ballast::app {

/// The skew of one smile at one instant. Vols a year; NaN where the smile has no such strike.
struct TenorSkew {
  Time as_of;
  double days = 0.0;  ///< to expiry, > 0
  double atm_vol = 0.0;
  double rr25 = 0.0;          ///< vol of the 25-delta call less that of the 25-delta put
  double bf25 = 0.0;          ///< their mean less the vol of the delta-neutral straddle
  bool extrapolated = false;  ///< a tenor outside the fitted expiries
};

/// The skew of a surface at any time to expiry. Domain  years > 0 and at least one slice, else NaN fields.
TenorSkew tenor_skew(const vol::Surface& surface, Years years, vol::SmileDelta delta);

/// The tenors whose history is kept, days.
inline constexpr double skew_tenors[] = {7.0, 14.0, 30.0, 60.0, 90.0, 180.0};

/// Earlier readings, by rising time, from JSON files: each an array of {"as_of", "days", "atm_vol", "rr25", "bf25"}, as
/// `ballast skew --series -o json` prints it, or an object whose "skew" is one: `ballast surface -o json`. A reading
/// with another "index" is skipped, a null is a gap, further fields are ignored. Faults  those of store::read_bytes();
/// bad_syntax and bad_field name the file, the reading and the value.
Result<std::vector<TenorSkew>> read_skew_history(const std::vector<std::string>& paths, const std::string& index);

}  // namespace ballast::app
