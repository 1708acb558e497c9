#include "ballast/app/backtest_page.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ballast/app/data_page.h"

namespace ballast::app {

std::string backtest_page(const nlohmann::ordered_json& data) {
  return data_page(page_backtest_html, page_backtest_css, page_backtest_js,
                   fmt::format("{} backtest, {}", data.value("underlying", ""), data.value("name", "")), data);
}

}  // namespace ballast::app
