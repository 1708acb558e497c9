#pragma once
#include <cstdint>
#include <string>

#include "ballast/base/time.h"

namespace ballast::market {

/// An order that a desk wants filled now: whole lots, at no worse than a limit. Only desk::step makes them.
struct Ticket {
  std::uint64_t id = 0;  ///< from 1 on, growing by one within a desk
  Time sent;
  std::string instrument;
  std::int64_t lots = 0;         ///< signed: buys > 0
  double lot = 1.0;              ///< > 0: amount of one lot, the instrument's size unit
  std::int64_t limit_ticks = 0;  ///< > 0: the worst price, in whole ticks
  double tick = 1.0;             ///< > 0: the tick at that price, the quote unit
  std::string why;               ///< for people: what it is to do

  double amount() const { return static_cast<double>(lots) * lot; }
  double limit() const { return static_cast<double>(limit_ticks) * tick; }
  friend bool operator==(const Ticket&, const Ticket&) = default;
};

}  // namespace ballast::market
