#pragma once
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "ballast/model/parameters.h"
#include "tests/support.h"

namespace ballast::test {

/// The columns of the reference tables that hold a model's numbers, in the order of model::values().
inline const std::vector<std::string>& parameter_columns(const std::string& model) {
  static const std::map<std::string, std::vector<std::string>> columns = {
      {"merton", {"sigma", "lambda", "muJ", "sigmaJ"}},
      {"kou", {"sigma", "lambda", "p", "eta1", "eta2"}},
      {"heston", {"v0", "kappa", "theta", "sigma", "rho"}},
      {"bates", {"v0", "kappa", "theta", "sigma", "rho", "lambda", "muJ", "sigmaJ"}},
      {"svcj", {"v0", "kappa", "theta", "sigma", "rho", "lambda", "mu_s", "sigma_s", "mu_v", "rho_J"}},
      {"vg", {"sigma", "nu", "theta"}},
      {"nig", {"alpha", "beta", "delta"}},
      {"cgmy", {"C", "G", "M", "Y"}},
      {"rough-heston", {"v0", "kappa", "theta", "sigma", "rho", "H"}}};
  return columns.at(model);
}
inline std::string model_name(const std::string& table) { return table == "vg" ? "variance-gamma" : table; }

inline model::TransformModel model_of(const std::string& table, const Row& row) {
  std::vector<double> v;
  for (const std::string& column : parameter_columns(table)) v.push_back(row[column]);
  return model::model_of(model_name(table), v).value();
}

/// "v0=0.04 kappa=4.0 .."
inline model::TransformModel model_of(const std::string& table, const std::string& numbers) {
  std::map<std::string, double> named;
  std::istringstream words(numbers);
  for (std::string word; words >> word;) {
    const auto at = word.find('=');
    named[word.substr(0, at)] = std::stod(word.substr(at + 1));
  }
  std::vector<double> v;
  for (const std::string& column : parameter_columns(table)) v.push_back(named.at(column));
  return model::model_of(model_name(table), v).value();
}

}  // namespace ballast::test
