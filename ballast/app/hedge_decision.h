#pragma once
#include <iosfwd>

#include "ballast/app/commands.h"
#include "ballast/desk/decide.h"

namespace ballast::app {

struct Decided {
  desk::Config config;
  desk::Decision decision;
};

/// Reads what the options name and asks desk::decide(). Progress on `err`.
/// Faults  those of flags and files; missing_data: the decision is refused, or under --strict not OK.
Result<Decided> hedge_decision(const HedgeOptions& options, std::ostream& err);

}  // namespace ballast::app
