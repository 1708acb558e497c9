#include "ballast/app/calibration_page.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ballast/app/data_page.h"

namespace ballast::app {

std::string calibration_page(const nlohmann::ordered_json& data) {
  return data_page(page_calibration_html, page_calibration_css, page_calibration_js,
                   fmt::format("{} calibration, {}", data.value("index", ""), data.value("as_of", "")), data);
}

}  // namespace ballast::app
