#include "ballast/app/learned_history.h"

#include <optional>
#include <ostream>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "ballast/app/archive.h"
#include "ballast/desk/smile_moves.h"

namespace ballast::app {

Result<std::map<std::string, vol::Learned>> learned_history(const std::vector<std::string>& paths,
                                                            const market::Snapshot& market,
                                                            const std::vector<std::string>& with,
                                                            const market::Portfolio& portfolio, std::ostream& err) {
  std::set<std::string> underlyings;
  const auto need = [&](const std::string& instrument) {
    const auto found = market.instruments.find(instrument);
    if (found != market.instruments.end() && found->second.is_option()) underlyings.insert(found->second.underlying);
  };
  for (const market::Position& position : portfolio.positions) need(position.instrument);
  for (const std::string& instrument : with) need(instrument);
  if (underlyings.empty()) return std::map<std::string, vol::Learned>();  // futures have no vol that moves

  desk::MoveRules moves;
  moves.underlyings.assign(underlyings.begin(), underlyings.end());
  const vol::AdaptiveRules rules;
  desk::Learning learning;
  std::size_t later = 0, repeated = 0;
  // In time order, one snapshot at a time: a year of chains in memory would be gigabytes.
  const auto fault =
      for_each_snapshot(paths, err, [&](const std::string&, const market::Snapshot& snapshot) -> std::optional<Error> {
        if (!(snapshot.as_of < market.as_of)) {
          ++later;
          return std::nullopt;
        }
        if (snapshot.as_of == learning.as_of) {
          ++repeated;
          return std::nullopt;
        }
        if (snapshot.as_of < learning.as_of) {
          return Error{Fault::bad_input, fmt::format("of {}, after one of {}: name the history in time order",
                                                     to_string(snapshot.as_of), to_string(learning.as_of))};
        }
        return desk::learn(learning, snapshot, moves, rules);
      });
  if (fault) return *fault;
  if (repeated > 0) err << fmt::format("warning: {} snapshots of an instant that was there already\n", repeated);
  if (later > 0) err << fmt::format("history: {} snapshots not before {} left out\n", later, to_string(market.as_of));
  for (const std::string& underlying : underlyings) {
    const auto found = learning.learned.find(underlying);
    if (found == learning.learned.end()) {
      return Error{Fault::missing_data,
                   fmt::format("no hedge: the history before {} has no two chains of {} that are {:g} to {:g} hours "
                               "apart; --dynamics net needs none",
                               to_string(market.as_of), underlying, moves.least_gap_h, moves.most_gap_h)};
    }
    err << fmt::format("{}: learned from {} steps to {}\n", underlying, found->second.steps,
                       to_string(found->second.state.as_of));
  }
  return std::move(learning.learned);
}

}  // namespace ballast::app
