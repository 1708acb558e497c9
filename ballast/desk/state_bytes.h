#pragma once
#include <string>
#include <string_view>

#include "ballast/base/result.h"
#include "ballast/desk/step.h"

namespace ballast::desk {

/// All that a desk remembers, bit for bit: two states with the same bytes go on alike.
/// Form   "BALDESK\n" | version u32 | the state as base/codec.h writes it
std::string bytes_of(const State& state);

/// The state of bytes_of(). Total: any bytes give a state or an Error, and a state that is given has these bytes.
/// Faults   bad_syntax, with the offset: something else, cut or damaged; not_ours: another version, newer or older.
Result<State> state_of(std::string_view bytes);

}  // namespace ballast::desk
