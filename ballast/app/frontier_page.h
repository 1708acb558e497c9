#pragma once
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "ballast/desk/decide.h"

namespace ballast::app {

/// The points of a frontier as docs/hedge-json.md has them, with the decision's own plan as `chosen`.
nlohmann::ordered_json frontier_json(const desk::Decision& decision, const std::vector<hedge::FrontierPoint>& points);

/// The page of a frontier: the curve of cost against risk, the legs of each point, a table; one file that loads
/// nothing. Domain   the data of frontier_json().
std::string frontier_page(const nlohmann::ordered_json& data);

}  // namespace ballast::app
