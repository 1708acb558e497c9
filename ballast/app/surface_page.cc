#include "ballast/app/surface_page.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ballast/app/data_page.h"

namespace ballast::app {

std::string surface_page(const nlohmann::ordered_json& data) {
  return data_page(page_surface_html, page_surface_css, page_surface_js,
                   fmt::format("{} volatility surface, {}", data.value("index", ""), data.value("as_of", "")), data);
}

}  // namespace ballast::app
