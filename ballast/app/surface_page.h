#pragma once
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace ballast::app {

/// The page of a surface, as data_page() makes it. Domain  the data of surface_json() with its grids.
std::string surface_page(const nlohmann::ordered_json& data);

}  // namespace ballast::app
