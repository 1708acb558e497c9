#pragma once
#include <optional>
#include <string>

#include "ballast/desk/decide.h"

namespace ballast::app {

/// The decision as one JSON object, the stable form of docs/hedge-json.md.
std::string decision_json(const desk::Decision& decision, bool one_line = false);

/// The derivation of every number, line by line, with the inputs used.
std::string explanation(const desk::Decision& decision);

/// The decision for people.
std::string decision_table(const desk::Decision& decision);

const char* name(Numeraire numeraire);
const char* name(hedge::Side side);

/// A tenor of the adaptive rule: "below 5 days", "5 to 12 days".
std::string tenor_name(std::size_t tenor);

/// "coin-neutral, net delta (Black delta - premium / forward)": which delta the size rests on, with its smile dynamics.
std::string convention(const hedge::Plan& plan, const std::optional<risk::Smiles>& smiles);

}  // namespace ballast::app
