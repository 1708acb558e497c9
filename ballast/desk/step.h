#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ballast/desk/decide.h"
#include "ballast/desk/memory.h"
#include "ballast/desk/smile_moves.h"
#include "ballast/market/event.h"
#include "ballast/market/ticket.h"

namespace ballast::desk {

/// What a desk does beside deciding: when it learns, what it is willing to pay, and how far it trusts itself.
struct StepConfig {
  Config decide;
  /// Of decide.problem, beside its own: names and the words of candidates.h, looked up whenever a hedge is due.
  std::vector<std::string> candidates;
  /// What the adaptive smile rule needs, decide.dynamics being adaptive: of every chain when the next one comes. Until
  /// it has learned of a step the hedge is of net delta.
  bool learn = false;
  MoveRules moves;              ///< which chains are a step to learn from
  vol::AdaptiveRules adaptive;  ///< how it learns
  Quality worst = Quality::degraded;  ///< a decision of worse quality makes no ticket
  double future_collar = 0.01;        ///< > 0: a ticket's limit is this far from the price it was sized at, a fraction;
  double option_collar = 0.10;        ///< docs/safety.md. Three ticks are always allowed
};

/// How the desk answered when a hedge was due, for one underlying, or for the book where there is no other.
struct Answer {
  Time at;
  std::string underlying;  ///< empty: the book as a whole
  Quality quality = Quality::ok;
  std::vector<std::string> reasons;  ///< of the quality
  std::string why;                   ///< "in its band", "3 tickets", "waits for ticket 7"
  double before = 0.0;               ///< coin: distance from the neutral point, see Call
  double after = 0.0;                ///< coin: when the tickets are filled
  double half_width = 0.0;           ///< coin: of the band; 0: none
  double gamma = 0.0, vega = 0.0;    ///< of the book, in its numeraire: hedge::Greeks
  std::size_t tickets = 0;
};

/// All that a desk remembers. A value: copied, compared byte by byte, saved and restored (desk/state_bytes.h).
struct State {
  Time now{0};                          ///< of the last event
  market::Snapshot market;              ///< as last seen, uncleaned
  market::Portfolio portfolio;          ///< one position an instrument, summed from its trades
  std::vector<market::Ticket> working;  ///< sent and not closed
  std::uint64_t next_ticket = 1;
  Memory memory;      ///< when and where was hedged last; surfaces to start the next fits from
  Learning learning;  ///< of the adaptive rule
  std::uint64_t decisions = 0, refusals = 0;
};

/// The one path. Events in, tickets out: the same state and events give the same tickets, bit for bit; time comes from
/// the events and there is no chance in it. Live: socket, decode, journal, step, send. Replay: journal, step, compare.
/// Simulation: market, step, fill. Every HedgeDue is answered in `answers` (appended, one or more), tickets are
/// appended to `out`.
///
///  - A book without options and without futures has nothing to hedge; one with nothing but hedges is closed.
///  - While a ticket works, none follows it: its effect on the position is seen first.
///  - Trades of unknown instruments, deliveries that contradict the position and events that go back in time are
///    refused with Fault bad_input: the state is then what it was before that event, the ones before it are applied.
///
/// Faults   as above; those of learning (desk::learn). A market that cannot be hedged is an answer, no fault.
/// Cost     O(events) and a decide() for each HedgeDue.
std::optional<Error> step(const StepConfig& config, State& state, std::span<const market::Event> events,
                          std::vector<market::Ticket>& out, std::vector<Answer>& answers);

}  // namespace ballast::desk
