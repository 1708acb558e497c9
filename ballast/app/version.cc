#include <fmt/format.h>

#include "ballast/app/commands.h"
#include "ballast/math/arithmetic.h"

namespace ballast::app {

std::string version() {
  return fmt::format("{} ({} arithmetic, {})", BALLAST_VERSION, math::name(math::arithmetic()),
                     math::instruction_set());
}

}  // namespace ballast::app
