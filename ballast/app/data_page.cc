#include "ballast/app/data_page.h"

#include <cmath>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ballast/base/text.h"

namespace ballast::app {
namespace {

using nlohmann::ordered_json;

/// The same document with its numbers cut to what a picture needs: a third of the size.
ordered_json cut(const ordered_json& data) {
  if (data.is_number_float()) {
    const double value = data.get<double>();
    if (!std::isfinite(value)) return nullptr;
    return parse_number(fmt::format("{:.8g}", value)).value_or(value);
  }
  if (!data.is_structured()) return data;
  ordered_json out = data.is_array() ? ordered_json::array() : ordered_json::object();
  if (data.is_array()) {
    for (const auto& one : data) out.push_back(cut(one));
  } else {
    for (const auto& [key, value] : data.items()) out[key] = cut(value);
  }
  return out;
}

std::string escaped_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '&': out += "&amp;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

}  // namespace

std::string script_data(const ordered_json& data) {
  // What is no UTF-8 becomes U+FFFD: names come from files.
  const std::string plain = cut(data).dump(-1, ' ', true, ordered_json::error_handler_t::replace);
  std::string out;
  out.reserve(plain.size());
  for (const char c : plain) {
    switch (c) {
      case '<': out += "\\u003c"; break;
      case '>': out += "\\u003e"; break;
      case '&': out += "\\u0026"; break;
      default: out += c;
    }
  }
  return out;
}

std::string data_page(const PageFile& html, const PageFile& style, const PageFile& script, const std::string& title,
                      const ordered_json& data) {
  const std::string policy = fmt::format(
      "default-src 'none'; script-src 'sha256-{}' 'sha256-{}'; style-src 'sha256-{}' 'sha256-{}'; base-uri 'none'; "
      "form-action 'none'",
      page_plots_js.sha256, script.sha256, page_frame_css.sha256, style.sha256);
  std::string out;
  std::string_view rest = html.content;
  // The template names its places {{word}}; what is put in is never searched again.
  for (;;) {
    const std::size_t open = rest.find("{{"), close = rest.find("}}");
    out += rest.substr(0, open);
    if (open == std::string_view::npos) return out;
    const std::string_view word = rest.substr(open + 2, close - open - 2);
    rest.remove_prefix(close + 2);
    if (word == "policy") out += policy;
    if (word == "title") out += escaped_html(title);
    if (word == "frame") out += page_frame_css.content;
    if (word == "style") out += style.content;
    if (word == "plots") out += page_plots_js.content;
    if (word == "script") out += script.content;
    if (word == "data") out += script_data(data);
  }
}

}  // namespace ballast::app
