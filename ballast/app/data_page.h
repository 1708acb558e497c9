#pragma once
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "ballast/app/page_files.h"

namespace ballast::app {

/// One HTML file with its style, its script and its data inside, which reaches for nothing outside of itself; its
/// policy lets only those scripts and styles run, by their hashes. From a template, whose places are named
/// {{policy}},
/// {{title}}, {{frame}} (the style that all pages share), {{style}}, {{plots}} (what pages with smiles draw with),
/// {{script}} and {{data}}.
std::string data_page(const PageFile& html, const PageFile& style, const PageFile& script, const std::string& title,
                      const nlohmann::ordered_json& data);

/// JSON that may stand inside a script element: `<`, `>` and `&` are escaped, so that no name in the data can close
/// the element or open a comment. Numbers are cut to 8 significant digits, more than a picture shows.
std::string script_data(const nlohmann::ordered_json& data);

}  // namespace ballast::app
