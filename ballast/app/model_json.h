#pragma once
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "ballast/app/commands.h"
#include "ballast/base/result.h"
#include "ballast/base/time.h"
#include "ballast/model/parameters.h"
#include "ballast/model/paths.h"

/// Models as words and as JSON: what flags, files and results name them by.
namespace ballast::app {

/// "heston" and "v0=0.36,kappa=3,theta=0.4,xi=1.5,rho=-0.3", in any order, every number of the model once.
/// Faults   bad_flag: an unknown model or number with the nearest one that there is, one that is missing, given twice
/// or
///          no number; bad_input: a number out of range.
Result<model::TransformModel> parse_model(const std::string& name, const std::string& numbers);

/// {"model": "heston", "parameters": {"v0": 0.36, ...}}
nlohmann::ordered_json model_json(const model::TransformModel& model);

/// An expiry that a calibration saw.
struct CalibratedExpiry {
  Time expiry;
  double forward = 0.0;  ///< USD per coin
};

/// What other commands take of the JSON of `ballast calibrate`.
struct CalibrationFile {
  std::string index;  ///< empty: not said
  Time as_of;
  std::vector<CalibratedExpiry> expiries;
  std::vector<model::TransformModel> models;
};

/// Faults   those of store::read_bytes(); bad_syntax: no JSON; bad_field: another schema, a field that is missing or of
///          another kind; bad_input: a model's number out of range. Each names the file and the place.
Result<CalibrationFile> read_calibration(const std::string& path);

/// The model called `name`, or the only one of the file. Faults   missing_data: it has no such; bad_flag: it has
/// several.
Result<model::TransformModel> chosen_model(const CalibrationFile& file, const std::optional<std::string>& name,
                                           const std::string& path);

struct ChosenModel {
  model::TransformModel model;
  std::optional<CalibrationFile> file;  ///< where it came from one
};

/// The one that the flags mean. Faults   those of the three above; bad_flag: neither parameters nor a calibration.
Result<ChosenModel> chosen_model(const ModelChoice& choice);

/// The same model as paths are drawn of. Fault bad_input: one that has no paths, with the list of those that have.
Result<model::PathModel> path_model(const model::TransformModel& model);

}  // namespace ballast::app
