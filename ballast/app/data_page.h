#pragma once
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "ballast/app/page_files.h"

namespace ballast::app {

/// The page of a surface: one HTML file with its style, its script and its data inside, which reaches for nothing
/// outside of itself. Its policy lets only this script and this style run, by their hashes.
/// Domain   the data of surface_json() with its grids.
std::string surface_page(const nlohmann::ordered_json& data);

/// A page of one file from its template, whose places are named {{policy}}, {{title}}, {{style}}, {{script}} and
/// {{data}}: the frame that every page of ours has.
std::string data_page(const PageFile& html, const PageFile& style, const PageFile& script, const std::string& title,
                      const nlohmann::ordered_json& data);

/// JSON that may stand inside a script element: `<`, `>` and `&` are escaped, so that no name in the data can close
/// the element or open a comment. Numbers are cut to 8 significant digits, more than a picture shows.
std::string script_data(const nlohmann::ordered_json& data);

}  // namespace ballast::app
