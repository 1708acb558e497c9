#include "ballast/sim/state_bytes.h"

#include "ballast/base/codec.h"
#include "ballast/sim/codec.h"

namespace ballast::sim {
namespace {

constexpr Seal seal{"BALRULE\n", 2};

}  // namespace

std::string bytes_of(const RuleState& state) { return sealed(seal, state); }

Result<RuleState> rule_state_of(std::string_view bytes) {
  auto state = unsealed<RuleState>(seal, bytes);
  if (!state) return in("the state of a rule", state.error());
  return state;
}

}  // namespace ballast::sim
