#include <algorithm>
#include <cmath>
#include <ostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ballast/app/calibration_page.h"
#include "ballast/app/calibration_report.h"
#include "ballast/app/commands.h"
#include "ballast/app/interrupt.h"
#include "ballast/app/model_json.h"
#include "ballast/app/progress.h"
#include "ballast/base/text.h"
#include "ballast/store/file.h"

namespace ballast::app {
namespace {

/// Steps after which a fit is two thirds done, for the bar alone: 30 to 60 are the rule (pricing/calibration.h).
constexpr double usual_steps = 40.0;

std::optional<Error> fault_of(const std::vector<std::string>& models) {
  std::vector<std::string> known;
  std::string list;
  for (const std::string_view name : model::model_names()) {
    known.emplace_back(name);
    list += (list.empty() ? "" : ", ") + known.back();
  }
  if (models.empty()) return Error{Fault::bad_flag, "--model: at least one of " + list};
  for (std::size_t i = 0; i < models.size(); ++i) {
    if (std::find(known.begin(), known.end(), models[i]) == known.end())
      return Error{Fault::bad_flag, fmt::format("--model: {} is not one of {}", ballast::quoted(models[i]), list)};
    if (std::find(models.begin(), models.begin() + static_cast<std::ptrdiff_t>(i), models[i]) !=
        models.begin() + static_cast<std::ptrdiff_t>(i))
      return Error{Fault::bad_flag, "--model: " + models[i] + " is given twice"};
  }
  return std::nullopt;
}

/// The models that the fits begin with: one for each, or none at all.
Result<std::vector<model::TransformModel>> warm_models(const CalibrateOptions& options, const std::string& index) {
  std::vector<model::TransformModel> warm;
  if (!options.warm) return warm;
  const auto file = read_calibration(*options.warm);
  if (!file) return file.error();
  if (!file.value().index.empty() && file.value().index != index)
    return Error{Fault::bad_input, fmt::format("{}: is of {}, the chain of {}", *options.warm,
                                               ballast::quoted(file.value().index), index)};
  for (const std::string& name : options.models) {
    auto model = chosen_model(file.value(), name, *options.warm);
    if (!model) return model.error();
    warm.push_back(std::move(model).value());
  }
  return warm;
}

void warn(const CalibrationReport& report, const Streams& streams) {
  std::size_t quotes = 0;
  for (const vol::SliceQuotes& slice : report.slices) quotes += slice.vol.size();
  for (const ModelFit& fit : report.models) {
    const std::string_view name = model::name(fit.found.model);
    const auto known = model::parameters(name);
    if (!fit.found.converged)
      streams.err << fmt::format("warning: {}: not converged in {} steps\n", name, fit.found.steps);
    for (std::size_t i = 0; i < known.size(); ++i) {
      if (fit.found.parameters[i].at_bound)
        streams.err << fmt::format("warning: {}: {} at the bound of the search, {:.6g}\n", name, known[i].name,
                                   fit.found.parameters[i].value);
    }
    if (fit.whole.without_vol > 0)
      streams.err << fmt::format("warning: {}: {} quotes have no vol in the model\n", name, fit.whole.without_vol);
  }
  streams.err << fmt::format("{} as of {}: {} expiries, {} quotes, {}\n", report.index, to_string(report.as_of),
                             report.slices.size(), quotes, counted(report.dropped));
}

void print(const CalibrationReport& report, const CalibrateOptions& options, std::ostream& out) {
  const Format format = options.format;
  if (options.list_quotes || options.expiries || options.dropped) {
    out << render(options.dropped    ? set_aside_table(report)
                  : options.expiries ? expiry_fits_table(report)
                                     : fitted_quotes_table(report),
                  format);
  } else if (format == Format::json) {
    out << calibration_json(report, options.grid).dump(2) << "\n";
  } else {
    out << (format == Format::table ? calibration_text(report) : render(parameters_table(report), format));
  }
}

}  // namespace

int cmd_calibrate(const CalibrateOptions& options, Streams streams) {
  if (const auto wrong = fault_of(options.models)) return fail(*wrong, streams);
  const auto loaded = load_smiles(options.market, options.index, options.underlying, options.quotes);
  if (!loaded) return fail(loaded.error(), streams);
  const SmileSource& source = loaded.value();
  const auto warm = warm_models(options, source.index);
  if (!warm) return fail(warm.error(), streams);

  const Interrupt interrupt;
  const std::vector<pricing::ExpiryVols> chain = expiry_vols(source.quotes.slices);
  std::vector<pricing::Calibration> found;
  {
    Progress progress(streams.err, "steps");
    const double models = static_cast<double>(options.models.size());
    std::size_t all = 0;
    for (std::size_t m = 0; m < options.models.size(); ++m) {
      double steps = 0.0;
      pricing::CalibrationRules rules = options.fit;
      rules.cancelled = [&] {
        progress.at((static_cast<double>(m) + 1.0 - std::exp(-steps / usual_steps)) / models, all);
        steps += 1.0, ++all;
        return interrupt.asked();
      };
      auto one = pricing::calibrate(options.models[m], chain, rules, warm.value().empty() ? nullptr : &warm.value()[m]);
      if (!one && interrupt.asked()) break;
      if (!one) return fail(in(source.index + ": " + options.models[m], one.error()), streams);
      found.push_back(std::move(one).value());
    }
  }
  if (interrupt.asked()) {
    streams.err << "cancelled: nothing was written\n";
    return Exit::interrupted;
  }
  CalibrationReport report = calibration_report(source, std::move(found), options.quotes, options.fit);
  report.warm = options.warm;
  if (options.html) {
    if (const auto error = store::write_bytes(*options.html, calibration_page(calibration_json(report, true))))
      return fail(*error, streams);
  }
  print(report, options, streams.out);
  warn(report, streams);
  if (options.html) streams.err << "page: " << *options.html << "\n";
  return Exit::done;
}

}  // namespace ballast::app
