#pragma once
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace ballast::app {

/// The page of a surface: one HTML file with its style, its script and its data inside, which reaches for nothing
/// outside of itself. Its policy lets only this script and this style run, by their hashes.
/// Domain   the data of surface_json() with its grids.
std::string surface_page(const nlohmann::ordered_json& data);

/// JSON that may stand inside a script element: `<`, `>` and `&` are escaped, so that no name in the data can close
/// the element or open a comment. Numbers are cut to 8 significant digits, more than a picture shows.
std::string script_data(const nlohmann::ordered_json& data);

}  // namespace ballast::app
