// What a recorded set says of its own lags: its snapshots are not one instant. Method and figures: docs/ratio-study.md.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "ballast/ballast.h"
#include "recorded_chains.h"

namespace ballast::study {

/// The side tables of a folder, empty where it has none.
struct SideTables {
  /// By coin, expiry and snapshot: the dated future in the minute of the snapshot, where it traded in it, USD.
  std::map<std::tuple<std::string, Time, Time>, double> candle;
  std::map<std::string, std::map<std::int64_t, double>> lag_s;  ///< by coin and snapshot second: marks after it
};

/// term_futures_marks.csv.zst and INDEX.csv of a folder. Faults those of reading and of the tables' lines.
Result<SideTables> side_tables(const std::string& folder);

/// What a coin of the perpetual earns at the instants of the option marks, in coin: its price in the minute of the
/// snapshot times what the dated futures that traded in that minute did until the marks, the median of parity over
/// candle.
std::optional<double> moved_gain(const Step& at, const SideTables& tables);

/// The common basis of the perpetual to the listed futures, one row a step.
struct BasisMoves {
  std::vector<double> common;  ///< squared median move of ln(future/perpetual) over the matching futures
  std::vector<double> lagged;  ///< what the marks' lags behind the perpetual predict of it: variance a second × seconds
};

/// Adds a step where it has a perpetual, lags, futures and an option near the money within two weeks of its expiry.
void add_basis(const Step& at, const SideTables& tables, BasisMoves& sum);

}  // namespace ballast::study
