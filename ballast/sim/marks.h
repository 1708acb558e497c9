#pragma once
#include <map>
#include <set>
#include <string>

#include "ballast/base/result.h"
#include "ballast/sim/instant.h"

/// What an account's holdings are worth at one instant, and the market numbers that this value rests on.
namespace ballast::sim {

/// One instrument at one instant.
struct Mark {
  market::Instrument instrument;
  double price = 0.0;     ///< quote unit: the venue's mark, else the middle, else as modelled says
  double index = 0.0;     ///< USD per coin
  double forward = 0.0;   ///< options: of their expiry; else the price; USD per coin
  double years = 0.0;     ///< to expiry; 0: never
  double vol = 0.0;       ///< options: that gives back the price from the forward
  double atm_vol = 0.0;   ///< options: of their expiry, at the forward; 0: not known
  bool modelled = false;  ///< not quoted: an option at its last vol, a future at its last basis, on the new index
};

struct Marks {
  Time at;
  double index = 0.0;  ///< of the underlying, USD per coin
  std::map<std::string, Mark> of;
};

/// The marks of `names` (of one underlying) at an instant. What is not quoted there is taken from `before`, brought to
/// the new index: an option keeps its vol, a forward its basis a year. An option's vol is the one that gives its price
/// on the parity forward; a price outside of its bounds takes the vol that is quoted beside it. Faults   missing_data:
/// no index; a name that is neither quoted nor in `before`.
Result<Marks> marks(const Instant& now, const std::string& underlying, const std::set<std::string>& names,
                    const Marks& before);

}  // namespace ballast::sim
