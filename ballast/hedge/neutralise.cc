#include "ballast/hedge/neutralise.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ballast/hedge/least_squares.h"

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
  if (units.size() < targets.size()) {
    return Error{
        Fault::bad_input,
        fmt::format("{} hedge instrument{} for the target{} {}: an exact hedge takes at least one instrument for "
                    "each target",
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
  const std::size_t m = targets.size();
  std::vector<double> wanted(m), sensitivities(m * units.size()), weights(m), largest(m);
  for (std::size_t i = 0; i < m; ++i) {
    wanted[i] = exposure.of(targets[i]);
    for (std::size_t j = 0; j < units.size(); ++j) {
      sensitivities[j * m + i] = units[j].of(targets[i]);
      largest[i] = std::max(largest[i], std::abs(sensitivities[j * m + i]));
    }
    if (largest[i] == 0.0) {
      return unreachable(targets, fmt::format("none of the instruments has any {}", name(targets[i])));
    }
    weights[i] = 1.0 / (largest[i] * largest[i]);
  }
  for (const Greeks& unit : units) {
    const bool moves = std::any_of(targets.begin(), targets.end(), [&](Target t) { return unit.of(t) != 0.0; });
    if (!moves) return unreachable(targets, "one of the instruments moves none of them");
  }
  const auto solved = least_squares(wanted, sensitivities, weights);
  if (!solved) return solved.error();
  const LeastSquares& found = solved.value();
  bool reached = found.condition <= largest_condition;
  for (std::size_t i = 0; i < m; ++i) {
    double gross = std::abs(wanted[i]);
    for (std::size_t j = 0; j < units.size(); ++j) gross += std::abs(sensitivities[j * m + i] * found.sizes[j]);
    reached &= std::abs(found.residual[i]) <= 1e-9 * gross;
  }
  if (!reached) {
    return unreachable(
        targets,
        fmt::format("the instruments are multiples of each other in these targets (condition number {:.3g} of {} "
                    "independent, limit {:.0e}); take one of another strike, expiry or kind",
                    found.condition, found.rank, largest_condition));
  }
  return Neutral{found.sizes, found.condition, found.rank < units.size()};
}

}  // namespace ballast::hedge
