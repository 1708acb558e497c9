#pragma once
#include "ballast/market/position.h"
#include "ballast/market/snapshot.h"
#include "ballast/vol/dynamics.h"

namespace ballast::test {

/// The worked example of the venue reference (deribit 3.4): S = F = 60,000, 30 days, vol 60 %, a call at 65,000 and a
/// put at 60,000. Marks are the table's m to seven digits, so net deltas agree with it to 1e-6. The perpetual is quoted
/// 59,999.5 / 60,000.5 around a mark of 60,000, and the dated future gives the forward.
market::Snapshot worked_market();

inline const char* const worked_call = "BTC-31JAN26-65000-C";
inline const char* const worked_put = "BTC-31JAN26-60000-P";

market::Position position(const std::string& instrument, double quantity,
                          market::SizeUnit unit = market::SizeUnit::coin);

/// What the adaptive rule learns from `steps` steps of six hours, the last one to `to`, of a market whose vols do what
/// it assumes, dln vol/dlnF = level + tilt z in every tenor, with a vol of its own beside that `noise` times as large
/// as the forward's moves.
vol::Learned learned_example(double level, double tilt, double noise, int steps, Time to);

}  // namespace ballast::test
