#include "ballast/app/model_json.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ballast/base/text.h"
#include "ballast/store/file.h"

namespace ballast::app {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

Error bad(const std::string& place, const std::string& what) { return {Fault::bad_field, place + ": " + what}; }

std::string listed(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

std::vector<std::string> model_list() {
  std::vector<std::string> names;
  for (const std::string_view name : model::model_names()) names.emplace_back(name);
  return names;
}

/// "'kapa' is none of v0, kappa, ...; did you mean kappa?"
std::string unknown(const std::string& word, const std::vector<std::string>& known) {
  const std::string near = nearest(word, known);
  return ballast::quoted(word) + " is not one of " + listed(known) +
         (near.empty() ? std::string() : "; did you mean " + near + "?");
}

/// Where the number stands among the model's; one past the end where it has none such.
std::size_t place_of(std::span<const model::Parameter> known, std::string_view word) {
  const auto at = std::find_if(known.begin(), known.end(), [&](const model::Parameter& p) { return p.name == word; });
  return static_cast<std::size_t>(at - known.begin());
}

Result<Time> time_of(const json& object, const char* field, const std::string& place) {
  const auto found = object.find(field);
  if (found == object.end() || !found->is_string())
    return bad(place, fmt::format("{}: a time in quotes is due", field));
  const auto time = parse_time(found->get<std::string>());
  if (!time) return bad(place, fmt::format("{}: {}", field, time.error().what));
  return time.value();
}

Result<double> number_of(const json& object, const char* field, const std::string& place) {
  const auto found = object.find(field);
  if (found == object.end()) return bad(place, fmt::format("{} is missing", field));
  if (!found->is_number())
    return bad(place, fmt::format("{}: a number is due, found {}", field, ballast::quoted(found->dump())));
  return found->get<double>();
}

Result<model::TransformModel> model_at(const json& entry, const std::string& place) {
  if (!entry.is_object()) return bad(place, "an object is due");
  const auto named = entry.find("model");
  if (named == entry.end() || !named->is_string()) return bad(place, "model: a name in quotes is due");
  const std::string name = named->get<std::string>();
  const auto known = model::parameters(name);
  if (known.empty()) return bad(place, "model: " + unknown(name, model_list()));
  const auto list = entry.find("parameters");
  if (list == entry.end() || !list->is_array()) return bad(place, "parameters: an array is due");
  std::vector<double> values(known.size(), std::numeric_limits<double>::quiet_NaN());
  for (const json& one : *list) {
    const auto word = one.is_object() ? one.find("name") : one.end();
    if (!one.is_object() || word == one.end() || !word->is_string())
      return bad(place, "parameters: each has a name in quotes and a value");
    const std::string text = word->get<std::string>();
    const std::size_t at = place_of(known, text);
    if (at == known.size()) return bad(place, fmt::format("{} has no {}", name, ballast::quoted(text)));
    const auto value = number_of(one, "value", place + ": " + text);
    if (!value) return value.error();
    values[at] = value.value();
  }
  for (std::size_t i = 0; i < known.size(); ++i)
    if (std::isnan(values[i])) return bad(place, fmt::format("{} of {} is missing", known[i].name, name));
  auto model = model::model_of(name, values);
  if (!model) return in(place, model.error());
  return model;
}

}  // namespace

Result<model::TransformModel> parse_model(const std::string& name, const std::string& numbers) {
  const auto known = model::parameters(name);
  if (known.empty()) return Error{Fault::bad_flag, "--model: " + unknown(name, model_list())};
  std::vector<std::string> names;
  for (const model::Parameter& p : known) names.emplace_back(p.name);
  std::vector<double> values(known.size(), std::numeric_limits<double>::quiet_NaN());
  for (const std::string_view part : split(numbers, ',')) {
    const auto equals = part.find('=');
    const std::string word(part.substr(0, equals));
    if (equals == std::string_view::npos)
      return Error{Fault::bad_flag, "--parameters: name=number is due, found " + ballast::quoted(part)};
    const std::size_t at = place_of(known, word);
    if (at == known.size()) return Error{Fault::bad_flag, "--parameters: " + unknown(word, names)};
    if (!std::isnan(values[at])) return Error{Fault::bad_flag, "--parameters: " + word + " is given twice"};
    const auto value = parse_number(part.substr(equals + 1));
    if (!value)
      return Error{Fault::bad_flag, fmt::format("--parameters: {}: a number is due, found {}", word,
                                                ballast::quoted(part.substr(equals + 1)))};
    values[at] = *value;
  }
  std::vector<std::string> missing;
  for (std::size_t i = 0; i < known.size(); ++i)
    if (std::isnan(values[i])) missing.push_back(names[i]);
  if (!missing.empty())
    return Error{Fault::bad_flag, fmt::format("--parameters: {} of {} missing", listed(missing), name)};
  return model::model_of(name, values);
}

ordered_json model_json(const model::TransformModel& model) {
  const std::string_view name = model::name(model);
  const auto known = model::parameters(name);
  const std::vector<double> values = model::values(model);
  ordered_json numbers = ordered_json::object();
  for (std::size_t i = 0; i < known.size(); ++i) numbers[std::string(known[i].name)] = values[i];
  return {{"model", name}, {"parameters", numbers}};
}

Result<CalibrationFile> read_calibration(const std::string& path) {
  const auto bytes = store::read_bytes(path);
  if (!bytes) return bytes.error();
  const json document = json::parse(bytes.value(), nullptr, false);
  if (document.is_discarded()) return Error{Fault::bad_syntax, path + ": not well-formed JSON"};
  if (!document.is_object() || document.value("schema", json()) != "ballast.calibrate/1")
    return bad(path, "schema: ballast.calibrate/1 is due: what ballast calibrate --json prints");
  CalibrationFile file;
  if (const auto index = document.find("index"); index != document.end() && index->is_string())
    file.index = index->get<std::string>();
  const auto as_of = time_of(document, "as_of", path);
  if (!as_of) return as_of.error();
  file.as_of = as_of.value();
  const auto expiries = document.find("expiries"), models = document.find("models");
  if (expiries == document.end() || !expiries->is_array()) return bad(path, "expiries: an array is due");
  for (std::size_t i = 0; i < expiries->size(); ++i) {
    const std::string place = fmt::format("{}: expiry {}", path, i + 1);
    if (!(*expiries)[i].is_object()) return bad(place, "an object is due");
    const auto expiry = time_of((*expiries)[i], "expiry", place);
    if (!expiry) return expiry.error();
    const auto forward = number_of((*expiries)[i], "forward", place);
    if (!forward) return forward.error();
    if (!(forward.value() > 0.0)) return bad(place, fmt::format("forward: over 0 is due, found {}", forward.value()));
    file.expiries.push_back({expiry.value(), forward.value()});
  }
  if (models == document.end() || !models->is_array() || models->empty())
    return bad(path, "models: an array of at least one is due");
  for (std::size_t i = 0; i < models->size(); ++i) {
    auto model = model_at((*models)[i], fmt::format("{}: model {}", path, i + 1));
    if (!model) return model.error();
    file.models.push_back(std::move(model).value());
  }
  return file;
}

Result<model::TransformModel> chosen_model(const CalibrationFile& file, const std::optional<std::string>& name,
                                           const std::string& path) {
  std::vector<std::string> names;
  for (const model::TransformModel& model : file.models) {
    if (name && model::name(model) == *name) return model;
    names.emplace_back(model::name(model));
  }
  if (name)
    return Error{Fault::missing_data, fmt::format("{}: no {}: it has {}", path, ballast::quoted(*name), listed(names))};
  if (names.size() > 1)
    return Error{Fault::bad_flag, fmt::format("{} has {}: choose with --model", path, listed(names))};
  return file.models.front();
}

Result<ChosenModel> chosen_model(const ModelChoice& choice) {
  if (choice.calibration) {
    auto file = read_calibration(*choice.calibration);
    if (!file) return file.error();
    auto model = chosen_model(file.value(), choice.model, *choice.calibration);
    if (!model) return model.error();
    return ChosenModel{std::move(model).value(), std::move(file).value()};
  }
  if (!choice.model || !choice.parameters)
    return Error{Fault::bad_flag, "give --model with --parameters, or --calibration FILE"};
  auto model = parse_model(*choice.model, *choice.parameters);
  if (!model) return model.error();
  return ChosenModel{std::move(model).value(), std::nullopt};
}

Result<model::PathModel> path_model(const model::TransformModel& model) {
  return std::visit(
      [&](const auto& m) -> Result<model::PathModel> {
        if constexpr (std::is_constructible_v<model::PathModel, decltype(m)>) {
          return model::PathModel(m);
        } else {
          return Error{Fault::bad_input, std::string(model::name(model)) +
                                             " has no paths; those that have: black, merton, kou, heston, bates, svcj"};
        }
      },
      model);
}

}  // namespace ballast::app
