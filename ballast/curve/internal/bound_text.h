#pragma once
#include <cmath>
#include <string>

#include <fmt/format.h>

namespace ballast::curve::internal {

/// A price for people: eight digits, or "no bound" where it is none. No output of ours holds an infinity.
inline std::string bound_text(double price) {
  return std::isfinite(price) ? fmt::format("{:.8g}", price) : std::string("no bound");
}

}  // namespace ballast::curve::internal
