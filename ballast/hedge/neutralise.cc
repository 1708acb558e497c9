#include "ballast/hedge/neutralise.h"

#include <cmath>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <Eigen/Dense>

namespace ballast::hedge {
namespace {

constexpr double largest_condition = 1e10;  // docs/safety.md, numerics

std::string names_of(std::span<const Target> targets) {
  std::vector<std::string> names;
  for (const Target target : targets) names.emplace_back(name(target));
  return fmt::format("{}", fmt::join(names, ", "));
}

std::optional<Error> misuse(const Greeks& exposure, std::span<const Greeks> units, std::span<const Target> targets) {
  if (targets.empty()) return Error{Fault::bad_input, "no target: name at least delta"};
  if (std::set<Target>(targets.begin(), targets.end()).size() != targets.size()) {
    return Error{Fault::bad_input, "a target is named twice: " + names_of(targets)};
  }
  if (units.size() != targets.size()) {
    return Error{
        Fault::bad_input,
        fmt::format("{} hedge instrument{} for the target{} {}: an exact hedge takes one instrument for each "
                    "target",
                    units.size(), units.size() == 1 ? "" : "s", targets.size() == 1 ? "" : "s", names_of(targets))};
  }
  for (const Target target : targets) {
    bool finite = std::isfinite(exposure.of(target));
    for (const Greeks& unit : units) finite = finite && std::isfinite(unit.of(target));
    if (!finite) return Error{Fault::bad_input, fmt::format("a {} is not a finite number", name(target))};
  }
  return std::nullopt;
}

Error unreachable(std::span<const Target> targets, const std::string& why) {
  return Error{Fault::no_solution, fmt::format("{} cannot be neutralised: {}", names_of(targets), why)};
}

}  // namespace

const char* name(Target target) {
  switch (target) {
    case Target::delta: return "delta";
    case Target::gamma: return "gamma";
    case Target::vega: return "vega";
  }
  return "";
}

Result<Neutral> neutralise(const Greeks& exposure, std::span<const Greeks> units, std::span<const Target> targets) {
  if (const auto error = misuse(exposure, units, targets)) return *error;
  const auto n = static_cast<Eigen::Index>(targets.size());
  Eigen::MatrixXd sensitivity(n, n);
  Eigen::VectorXd wanted(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    const Target target = targets[static_cast<std::size_t>(i)];
    wanted(i) = -exposure.of(target);
    for (Eigen::Index j = 0; j < n; ++j) sensitivity(i, j) = units[static_cast<std::size_t>(j)].of(target);
    if (sensitivity.row(i).cwiseAbs().maxCoeff() == 0.0) {
      return unreachable(targets, fmt::format("none of the instruments has any {}", name(target)));
    }
  }
  const Eigen::VectorXd row_scale = sensitivity.cwiseAbs().rowwise().maxCoeff();
  Eigen::MatrixXd scaled = row_scale.cwiseInverse().asDiagonal() * sensitivity;
  const Eigen::VectorXd column_scale = scaled.cwiseAbs().colwise().maxCoeff();
  if ((column_scale.array() == 0.0).any()) return unreachable(targets, "one of the instruments moves none of them");
  scaled = scaled * column_scale.cwiseInverse().asDiagonal();

  const Eigen::JacobiSVD<Eigen::MatrixXd> svd(scaled);
  const double condition = svd.singularValues()(0) / svd.singularValues()(n - 1);
  if (!(condition <= largest_condition)) {
    return unreachable(
        targets,
        fmt::format("the instruments are multiples of each other in these targets (condition number {:.3g}, limit "
                    "{:.0e}); take one of another strike, expiry or kind",
                    condition, largest_condition));
  }
  const Eigen::VectorXd right = row_scale.cwiseInverse().asDiagonal() * wanted;
  const Eigen::VectorXd x = column_scale.cwiseInverse().asDiagonal() * scaled.fullPivLu().solve(right);
  return Neutral{{x.data(), x.data() + n}, condition};
}

}  // namespace ballast::hedge
