#pragma once
#include <optional>
#include <string>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/vol/skew_monitor.h"

namespace ballast::app {

/// The alert rules that a user wrote, else the default ones. `flags` are NAME:key=value,key=value; `file` holds a JSON
/// list of objects with "name" and the same keys: kind, metric, tenor_days, far_days, threshold, release, within_hours,
/// in_deviations (true or false), health. A key that a rule does not have keeps its default; kind and threshold are
/// due. Faults   bad_flag names the flag or the file's entry and the word; those of reading the file.
Result<std::vector<vol::AlertRule>> alert_rules(const std::vector<std::string>& flags,
                                                const std::optional<std::string>& file);

}  // namespace ballast::app
