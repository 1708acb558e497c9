#include "ballast/app/skew_history.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ballast/base/text.h"
#include "ballast/store/file.h"

namespace ballast::app {
namespace {

using nlohmann::json;

constexpr std::size_t most_readings = 1'000'000;

Error bad(const std::string& place, const std::string& what) { return {Fault::bad_field, place + ": " + what}; }

/// A number of a reading; null is a gap.
Result<double> number(const json& reading, const std::string& place, const char* field) {
  const auto found = reading.find(field);
  if (found == reading.end()) return bad(place, fmt::format("{} is missing", field));
  if (found->is_null()) return std::nan("");
  if (!found->is_number())
    return bad(place, fmt::format("{}: a number is due, found {}", field, ballast::quoted(found->dump())));
  return found->get<double>();
}

Result<TenorSkew> point_of(const json& reading, const std::string& place) {
  if (!reading.is_object()) return bad(place, "an object is due, found " + ballast::quoted(reading.dump()));
  TenorSkew point;
  const auto as_of = reading.find("as_of");
  if (as_of == reading.end() || !as_of->is_string())
    return bad(place, "as_of: a time in quotes is due" +
                          (as_of == reading.end() ? std::string() : ", found " + ballast::quoted(as_of->dump())));
  const auto time = parse_time(as_of->get<std::string>());
  if (!time) return bad(place, "as_of: " + time.error().what);
  point.as_of = time.value();
  for (const auto& [field, member] : {std::pair{"days", &TenorSkew::days}, std::pair{"atm_vol", &TenorSkew::atm_vol},
                                      std::pair{"rr25", &TenorSkew::rr25}, std::pair{"bf25", &TenorSkew::bf25}}) {
    const auto value = number(reading, place, field);
    if (!value) return value.error();
    point.*member = value.value();
  }
  if (!(point.days > 0.0)) return bad(place, fmt::format("days: a number over 0 is due, found {}", point.days));
  if (point.atm_vol <= 0.0) return bad(place, fmt::format("atm_vol: a number over 0 is due, found {}", point.atm_vol));
  return point;
}

/// Whether a reading speaks of another index; one that names none is taken.
bool of_another(const json& reading, const std::string& index) {
  if (!reading.is_object()) return false;
  const auto named = reading.find("index");
  return named != reading.end() && named->is_string() && *named != index;
}

}  // namespace

TenorSkew tenor_skew(const vol::Surface& surface, Years years, vol::SmileDelta delta) {
  const vol::SkewMetrics metrics =
      vol::skew_metrics(vol::smile_of(surface, years), vol::forward_at(surface, years), years, delta);
  return {.as_of = surface.as_of,
          .days = 365.0 * years.value,
          .atm_vol = metrics.atm_vol.value,
          .rr25 = metrics.wings25.risk_reversal,
          .bf25 = metrics.wings25.butterfly,
          .extrapolated =
              surface.slices.empty() || years < surface.slices.front().years || years > surface.slices.back().years};
}

Result<std::vector<TenorSkew>> read_skew_history(const std::vector<std::string>& paths, const std::string& index) {
  std::vector<TenorSkew> history;
  for (const std::string& path : paths) {
    const auto bytes = store::read_bytes(path);
    if (!bytes) return bytes.error();
    const json document = json::parse(bytes.value(), nullptr, false);
    if (document.is_discarded()) return Error{Fault::bad_syntax, path + ": not well-formed JSON"};
    if (of_another(document, index)) continue;
    const json* list = &document;
    if (document.is_object() && document.contains("skew")) list = &document["skew"];
    if (!list->is_array()) return bad(path, "an array of readings is due, or an object with one under \"skew\"");
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (of_another((*list)[i], index)) continue;
      auto point = point_of((*list)[i], fmt::format("{}: reading {}", path, i + 1));
      if (!point) return point.error();
      if (history.size() == most_readings)
        return Error{Fault::limit, fmt::format("{}: more than {} readings in the history", path, most_readings)};
      history.push_back(std::move(point).value());
    }
  }
  std::stable_sort(history.begin(), history.end(),
                   [](const TenorSkew& a, const TenorSkew& b) { return a.as_of < b.as_of; });
  return history;
}

}  // namespace ballast::app
