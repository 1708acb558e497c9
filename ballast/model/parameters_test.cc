#include "ballast/model/parameters.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

using namespace ballast;

namespace {

/// Numbers inside every range and between which nothing conflicts.
std::vector<double> fair(std::string_view model) {
  if (model == "nig") return {20.0, -2.0, 1.0};
  if (model == "cgmy") return {1.0, 5.0, 5.0, 0.5};
  std::vector<double> v;
  for (const model::Parameter& p : model::parameters(model)) v.push_back(std::min(std::max(0.3, p.lowest), p.highest));
  return v;
}

}  // namespace

TEST_CASE("a model goes to its numbers and back") {
  CHECK(model::model_names().size() == std::variant_size_v<model::TransformModel>);
  for (const std::string_view name : model::model_names()) {
    CAPTURE(name);
    const std::vector<double> numbers = fair(name);
    CHECK(numbers.size() <= model::most_parameters);
    const auto made = model::model_of(name, numbers);
    REQUIRE(made);
    CHECK(model::name(made.value()) == name);
    CHECK(model::values(made.value()) == numbers);
  }
  const auto heston =
      std::get<model::Heston>(model::model_of("heston", std::vector<double>{0.1, 2.0, 0.3, 0.4, -0.5}).value());
  CHECK((heston.v0 == 0.1 && heston.kappa == 2.0 && heston.theta == 0.3 && heston.xi == 0.4 && heston.rho == -0.5));
  const auto svcj = std::get<model::Svcj>(
      model::model_of("svcj", std::vector<double>{0.1, 2.0, 0.3, 0.4, -0.5, 6.0, -0.7, 0.8, 0.9, -1.0}).value());
  CHECK((svcj.jumps.rate == 6.0 && svcj.jumps.mean == -0.7 && svcj.jumps.deviation == 0.8 &&
         svcj.variance_jump == 0.9 && svcj.jump_slope == -1.0));
}

TEST_CASE("every number outside its range is refused by name, and so is no number") {
  for (const std::string_view name : model::model_names()) {
    const auto known = model::parameters(name);
    for (std::size_t p = 0; p < known.size(); ++p) {
      for (const double bad : {std::nextafter(known[p].lowest, -1e9), std::nextafter(known[p].highest, 1e9),
                               double(NAN), double(INFINITY), -double(INFINITY)}) {
        std::vector<double> numbers = fair(name);
        numbers[p] = bad;
        CAPTURE(name);
        CAPTURE(known[p].name);
        CAPTURE(bad);
        const auto made = model::model_of(name, numbers);
        REQUIRE_FALSE(made);
        CHECK(made.error().fault == Fault::bad_input);
        CHECK(made.error().what.find(std::string(name) + ": " + std::string(known[p].name) + " is ") == 0);
      }
    }
  }
}

TEST_CASE("numbers that conflict with one another are refused with the rule they break") {
  const auto text = [](std::string_view name, const std::vector<double>& v) {
    return model::model_of(name, v).error().what;
  };
  CHECK(
      text("svcj", {0.1, 1.0, 0.1, 1.0, 0.0, 1.0, 0.0, 0.1, 0.5, 2.0}).find("jump_slope times variance_jump is 1.0") !=
      std::string::npos);
  CHECK(text("variance-gamma", {1.0, 2.0, 0.0}).find("theta nu + sigma² nu/2 is 1.0") != std::string::npos);
  CHECK(text("nig", {2.0, -2.5, 1.0}).find("alpha is 2.0") != std::string::npos);
  CHECK(text("nig", {2.0, 1.5, 1.0}).find("alpha is 2.0") != std::string::npos);
  CHECK(text("cgmy", {1.0, 5.0, 5.0, 1.0}).find("y is 1.0") != std::string::npos);
  CHECK(text("cgmy", {1.0, 5.0, 5.0, 0.0}).find("y is 0.0") != std::string::npos);
  CHECK(text("heston", {0.1, 1.0}).find("has 5 numbers, not 2") != std::string::npos);
  CHECK(text("hestonn", {}).find("no model is called 'hestonn'") != std::string::npos);
  CHECK(model::parameters("hestonn").empty());
}
