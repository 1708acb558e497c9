#pragma once
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace ballast::app {

/// The page of a backtest or of a comparison: rules, comparison with the base, equity, errors, attribution, delta; one
/// file that loads nothing. Domain   the data of backtest_json() or compared_results().
std::string backtest_page(const nlohmann::ordered_json& data);

}  // namespace ballast::app
