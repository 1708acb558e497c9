#pragma once
#include <cstddef>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "ballast/app/run_toml.h"

namespace ballast::app {

/// Calls visit(instant) for every instant of a run's market, in the order of time: recorded, drawn or made from prices.
/// The perpetual and what the rules hedge with are listed in each. Draws progress on `err`.
/// `skip`  so many instants are passed over, as if they had been visited: a run that goes on. A made chain keeps what
/// is
///         held listed, so what was held before has no effect on a later instant.
/// `held`  names of options that stay listed where chains are made
/// Faults  those of the files, each with its name; missing_data without an instant; what visit answers.
std::optional<Error> for_each_instant(const RunFile& file, std::ostream& err, std::size_t skip,
                                      const std::function<std::vector<std::string>()>& held,
                                      const std::function<std::optional<Error>(const sim::Instant&)>& visit);

}  // namespace ballast::app
