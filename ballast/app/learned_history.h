#pragma once
#include <iosfwd>
#include <map>
#include <string>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/market/position.h"
#include "ballast/market/snapshot.h"
#include "ballast/vol/dynamics.h"

namespace ballast::app {

/// What the adaptive rule learns of the underlyings that an option of book or hedge is on, from the recorded snapshots
/// of `paths` (as for_each_snapshot() reads them) that are strictly before the market's as_of. Progress and what was
/// left out on `err`.
/// Faults   those of the files; bad_input where the history goes back in time; missing_data names an underlying of
///          which there is no step of 4 to 9 hours.
Result<std::map<std::string, vol::Learned>> learned_history(const std::vector<std::string>& paths,
                                                            const market::Snapshot& market,
                                                            const std::vector<std::string>& with,
                                                            const market::Portfolio& portfolio, std::ostream& err);

}  // namespace ballast::app
