#pragma once
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace ballast::app {

/// The page of a calibration, as data_page() makes it. Domain  the data of calibration_json() with its grids.
std::string calibration_page(const nlohmann::ordered_json& data);

}  // namespace ballast::app
