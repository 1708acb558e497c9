#include <utility>

#include <fmt/format.h>

#include "ballast/app/replay.h"
#include "ballast/app/run_toml.h"
#include "ballast/base/text.h"

namespace ballast::app {

int cmd_replay(const ReplayOptions& options, Streams streams) {
  const DeskOf desk_of = [&](const desk::RunText& text) -> Result<desk::StepConfig> {
    const auto file = parse_run(text.run, options.folder.value_or(text.folder));
    if (!file) return file.error();
    for (const sim::Rule& rule : file.value().run.rules)
      if (rule.name == text.rule) return rule.desk;
    return Error{Fault::bad_input, fmt::format("the run has no rule {}", ballast::quoted(text.rule))};
  };
  return replay(options, desk_of, desk::step, streams);
}

}  // namespace ballast::app
