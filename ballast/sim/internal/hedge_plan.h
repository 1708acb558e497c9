#pragma once
#include <cstdint>
#include <vector>

#include "ballast/model/gbm.h"
#include "ballast/sim/hedge_study.h"

namespace ballast::sim {

/// What the kernel reads: everything that does not depend on the path, worked out once. x = ln(S/strike).
struct PreparedStudy::Plan {
  /// d1 = slope x + shift, for one vol at one step.
  struct Line {
    double slope = 0.0, shift = 0.0;
    bool needed = false;  ///< some rule looks at it at this step
  };
  struct Step {
    double scale = 0.0;         ///< e^{-rate t} strike: times e^x, the price in money of the inception
    double per_discount = 1.0;  ///< e^{rate t}
    double rate_years = 0.0;    ///< rate times the years that are left
    double half_stdev = 0.0;    ///< hedge_vol sqrt(years left) / 2
  };
  enum class Band { none, fixed, whalley_wilmott, zakamouline };
  /// A rule at one step. Half-widths: fixed a; whalley_wilmott a e^{-(d1² + x)/3}; zakamouline, around the delta at
  /// m hedge_vol, m² = 1 + c e^{0.15 (x - d1²/2)} held within [0.1, 4]: a/S + b e^{-(d²/2 + x)/2}/sqrt(m), d that
  /// vol's.
  struct Look {
    bool due = true;  ///< false: the rule does not look at all
    Band band = Band::none;
    double a = 0.0, b = 0.0, c = 0.0;
  };
  struct Rule {
    std::size_t line = 0;        ///< which vol its delta is taken at
    bool middle = false;         ///< where a trade goes, else to the edge
    bool first_differs = false;  ///< the first one goes to the other of the two
    bool waits = false;          ///< the next two are kept path by path
    double wait = 1.0;           ///< steps from one trade to the next, >= 1
    double least_move = 0.0;     ///< relative
  };

  int steps = 0;
  std::uint64_t seed = 0;
  double call = 1.0;                  ///< 1 call, 0 put: delta is N(d1) less 1 - call
  double quantity = 0.0, size = 0.0;  ///< signed, and not
  double cost_rate = 0.0;
  double start = 0.0;       ///< ln(spot/strike)
  double premium = 0.0;     ///< of one coin
  double last_scale = 0.0;  ///< e^{-rate years} strike
  model::GbmStep move;
  std::size_t lines = 0;
  std::vector<Step> step;  ///< [step]
  std::vector<Line> line;  ///< [step * lines + line]; line 0 is hedge_vol's
  std::vector<Rule> rule;
  std::vector<Look> look;  ///< [step * rules + rule]
};

}  // namespace ballast::sim
