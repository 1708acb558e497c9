#pragma once
#include "ballast/pricing/columns.h"

/// The same options at spot after spot: what a tick does not change is computed once.
/// Shapes, domain, bits and source as pricing/columns.h.
namespace ballast::pricing {

/// What a move of spot does not change about an option, for the tick path. Columns of one length, as above.
struct TickConstants {
  Output log_moneyness;     ///< ln(forward/strike) at the anchor spot
  Output per_stdev;         ///< 1/s, s = vol sqrt(years); 1e300 without time or vol
  Output half_stdev;        ///< s/2
  Output root_years;        ///< sqrt(years); 0 without time or vol
  Output forward_per_spot;  ///< forward over the anchor spot
  Output spot_per_forward;  ///< and its inverse
  Output strike;            ///< USD per coin
  Output sign;              ///< +1 call, -1 put; NaN in a row outside the domain
};
struct TickColumns {
  Column log_moneyness, per_stdev, half_stdev, root_years, forward_per_spot, spot_per_forward, strike, sign;
};

/// Fills the constants for options whose forwards stand at `spot`. spot in [1e-60, 1e60], else every row is outside.
void prepare_tick(const ForwardColumns& options, double spot, const TickConstants& constants);

/// Undiscounted Black price, delta, gamma and vega, as `black`, after spot went from the anchor to `spot` and every
/// forward with it in proportion. Error as `black` plus that of forward_per_spot times spot: 2 ulp of the forward.
/// Domain   anchor in [1e-60, 1e60], 0.01 <= spot / anchor <= 100, else NaN in every row.
void black_tick(const TickColumns& constants, double anchor, double spot, Output price, Output delta, Output gamma,
                Output vega);

}  // namespace ballast::pricing
