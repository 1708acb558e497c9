#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/base/time.h"
#include "ballast/curve/funding.h"
#include "ballast/market/snapshot.h"
#include "ballast/sim/delivery.h"
#include "ballast/sim/modelled_chain.h"

/// Markets made from a recorded price: the index is the price, everything else is a rule. Nothing at an instant depends
/// on what was recorded after it; what options are quoted at depends on what was recorded before it only.
namespace ballast::sim {

/// Options are quoted at one vol for ever.
struct ConstantVol {
  double vol = 0.60;  ///< [0.01, 5]
};

/// At what the price moved by: the root of the sum of squared log returns over the time they took, of the rows within
/// `window_days` that are strictly before the instant; no mean is taken off.
struct RealisedVol {
  double window_days = 30.0;  ///< > 0: instants begin when rows reach back so far
  double scale = 1.0;         ///< [0.1, 10]: implied over realised
  double least = 0.10;        ///< [0.01, 5]: what is quoted however quiet it was
};

/// At a vol that was recorded: the last one at or before the instant.
struct VolPoint {
  Time at;
  double vol = 0.0;  ///< [0.01, 5]
};
struct RecordedVol {
  std::vector<VolPoint> points;  ///< strictly rising times
  double most_age_days = 2.0;    ///< > 0: older than this is no vol
};

struct SeriesRules {
  std::size_t every = 1;  ///< >= 1: an instant at the first row that can have one and every so many rows from there on
  std::variant<ConstantVol, RealisedVol, RecordedVol> vol;
  double premium = 0.0;  ///< (-0.5, 0.5): perpetual over index, a fraction
  /// What the perpetual paid, by strictly rising times: an instant has the last rate at or before it, brought to eight
  /// hours. Empty: none has.
  std::vector<curve::FundingPayment> funding;
};

/// One instant of a market.
struct SeriesInstant {
  Time at;
  double index = 0.0;                ///< USD per coin
  double atm_vol = 0.0;              ///< [0.01, 5]
  double premium = 0.0;              ///< a fraction
  std::optional<double> funding_8h;  ///< a fraction
};

/// The instants of a price series.
/// `prices`  the rows by strictly rising times, each at the time from which it is known: a bar's close at its end.
/// Faults    bad_input names the row or the number outside its domain; missing_data: no row has a vol, or an instant's
///           recorded vol or funding is too old (funding: three intervals).
/// Cost      O(rows).
Result<std::vector<SeriesInstant>> series(std::span<const IndexPoint> prices, const SeriesRules& rules);

/// The market at one of them: `shape` with the instant's premium and funding.
Result<market::Snapshot> modelled_chain(ChainShape shape, const SeriesInstant& now,
                                        const std::vector<std::string>& keep = {});

}  // namespace ballast::sim
