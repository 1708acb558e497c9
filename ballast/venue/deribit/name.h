#pragma once
#include "ballast/market/deribit/name.h"

/// The names belong to the market; decoders say them without its prefix.
namespace ballast::venue::deribit {

using market::deribit::format_name;
using market::deribit::parse_name;

}  // namespace ballast::venue::deribit
