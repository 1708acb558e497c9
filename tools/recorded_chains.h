// What delta_study and ratio_study share: recorded sets of option chains, one instant after the other.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ballast/ballast.h"

namespace ballast::study {

/// One coin at one snapshot.
struct Instant {
  desk::ObservedChain chain;
  std::optional<double> perpetual, index;  ///< USD; the perpetual within 30 s of the snapshot, the index minutes after
  std::set<Time> listed;                   ///< expiries whose options name a dated future of the same expiry
  std::map<Time, double> named;            ///< USD: the median of the prices that these options name for it
};

/// Both ends of a step (desk::is_step) of one coin, and the names that a message needs.
struct Step {
  std::string set;  ///< month of its first snapshot, "2025-12"
  std::string coin;
  const Instant& from;
  const Instant& to;
};

/// The snapshots of a folder (snapshots-*.tar.zst and, where it has them, perpetual_futures_prices.csv.zst) in the
/// order of time: visit(step) for every step of every coin, coins in alphabetical order within a snapshot. Counts go to
/// stderr. Faults   unavailable without the folder or archives in it; those of reading, of the fits and of visit().
std::optional<Error> for_each_step(const std::string& folder, const desk::MoveRules& rules,
                                   const std::function<std::optional<Error>(const Step&)>& visit);

/// `statistic,p` of Diebold and Mariano, positive where `other` loses less than `base`; `,` where there is none.
std::string against(const std::vector<double>& base, const std::vector<double>& other);

/// "2026-02"
std::string month_of(Time t);

}  // namespace ballast::study
