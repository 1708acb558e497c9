#pragma once
#include <span>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/base/time.h"

namespace ballast::sim {

/// The index as it was seen.
struct IndexPoint {
  Time at;
  double price = 0.0;  ///< USD per coin, > 0
};

/// The index at an instant, by straight lines between the points around it.
/// Faults   missing_data where `at` is not within the points (strictly rising times).
Result<double> index_at(std::span<const IndexPoint> points, Time at);

/// The delivery price at an expiry: the time-weighted average of the index over the 30 minutes before it, the index
/// taken as straight lines between its points. With points a minute apart that is the venue's rule; with points hours
/// apart it is the index that lay between them, without what it did in that half hour.
/// Faults   missing_data where the points do not reach over the window.
/// Source   Deribit, "Settlement": docs/sources.md, deribit 1.4; pricing::settlement_window_s.
Result<double> delivery_price(std::span<const IndexPoint> points, Time expiry);

}  // namespace ballast::sim
