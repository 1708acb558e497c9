#include "ballast/desk/state_bytes.h"

#include "ballast/base/codec.h"
#include "ballast/desk/codec.h"

namespace ballast::desk {
namespace {

constexpr Seal seal{"BALDESK\n", 2};

}  // namespace

std::string bytes_of(const State& state) { return sealed(seal, state); }

Result<State> state_of(std::string_view bytes) {
  auto state = unsealed<State>(seal, bytes);
  if (!state) return in("the desk's state", state.error());
  return state;
}

}  // namespace ballast::desk
