#pragma once
#include <array>
#include <map>

#include "ballast/risk/exposure.h"

namespace ballast::risk {

/// Where a strike lies on its smile, by the Black delta of its out-of-the-money option: a call deep in the money is of
/// the put wing's vol.
enum class DeltaBucket {
  put_wing,  ///< the put's |delta| <= 0.10
  put,       ///< the put's in (0.10, 0.35]
  atm,
  call,      ///< the call's in (0.10, 0.35]
  call_wing  ///< the call's <= 0.10
};
inline constexpr std::size_t delta_buckets = 5;
const char* name(DeltaBucket bucket);

/// The bucket of an option's Black delta, before the settlement window's decay.
/// Domain   calls [0, 1], puts [-1, 0].
DeltaBucket delta_bucket(double black_delta);

/// Vegas per 1.00 of vol of one expiry.
struct VegaRow {
  Years years;                          ///< > 0
  std::array<Usd, delta_buckets> vega;  ///< by DeltaBucket
  Usd total;                            ///< the five added in their order
  double weight = 1.0;                  ///< sqrt(reference days / days to expiry)
};

/// The vega of one underlying's book by expiry and delta.
struct VegaBuckets {
  double reference_days = 30.0;
  std::map<Time, VegaRow> by_expiry;
  std::array<Usd, delta_buckets> by_delta;  ///< the rows' cells added by rising expiry
  Usd total;                                ///< the rows' totals added by rising expiry
  Usd weighted;                             ///< the rows' totals times their weights: near vols move more than far ones
};

/// Spreads the vega of a book over expiries and deltas.
/// Domain   reference_days > 0 and finite, else bad_input with the value.
/// Error    the cells add up to `total` in the order stated, with no remainder set aside; exposure.total.vega adds the
///          same products in another order and agrees to positions · 2^-53 · gross.
/// Source   square-root-of-time weights: the move of a vol of `days` is taken as sqrt(reference/days) of that of the
///          reference, as desks do; a convention, not an estimate.
Result<VegaBuckets> vega_buckets(const Exposure& exposure, double reference_days);

}  // namespace ballast::risk
