#pragma once
#include <functional>

#include "ballast/app/commands.h"
#include "ballast/desk/replay.h"

namespace ballast::app {

/// How the desk of a journal was set up.
using DeskOf = std::function<Result<desk::StepConfig>(const desk::RunText& run)>;

/// cmd_replay() with the step and the reader of run files handed in: the desk goes through its journal again,
/// and every ticket and answer is held against the recorded one, bit for bit. Exit 0: the same; 1: different, or no
/// journal of a desk.
int replay(const ReplayOptions& options, const DeskOf& desk_of, const desk::Step& step, Streams streams);

}  // namespace ballast::app
