#include "ballast/app/commands.h"

namespace ballast::app {

const char* version() { return BALLAST_VERSION; }

}  // namespace ballast::app
