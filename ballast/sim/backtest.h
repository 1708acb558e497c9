#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ballast/desk/step.h"
#include "ballast/sim/attribution.h"
#include "ballast/sim/book.h"
#include "ballast/sim/delivery.h"
#include "ballast/sim/instant.h"
#include "ballast/sim/venue.h"

/// One book, one market, several hedge rules side by side, each through desk::step.
namespace ballast::sim {

struct Rule {
  std::string name;
  bool hedges = true;  ///< false: the book is left alone; what the others are measured against
  desk::StepConfig desk;
  /// Hedges that somebody did, by rising time: this rule does these, as a RecordedBook does its trades, and asks its
  /// desk for none. Empty: its desk hedges.
  std::vector<BookTrade> recorded = {};
};

struct Run {
  std::string name, underlying = "BTC";
  Numeraire numeraire = Numeraire::coin;  ///< what the account is counted in, and the errors
  double equity = 0.0;                    ///< coin, cash at the start
  Book book;
  VenueRules venue;
  std::vector<Rule> rules;
  double hedge_every_s = 0.0;  ///< >= 0: an answer is due at the first instant after so long; 0: at every instant
};

/// All that one rule's account remembers between two instants; a value.
struct RuleState {
  bool begun = false;
  desk::State desk;
  Ledger ledger;
  Venue venue;
  BookState book;
  Marks marks;                    ///< of what is held, at the last instant
  std::vector<IndexPoint> index;  ///< of the last hour and the point before it
  Equity before;                  ///< after the trades of the last instant
  Time last_due{0};
};

/// One instant of one rule: what happened since the last, and what was done now.
struct Row {
  Time at;
  double index = 0.0;
  Equity equity;                         ///< after the instant's trades
  Attribution change;                    ///< of the equity since the last row
  double gap_coin = 0.0, gap_usd = 0.0;  ///< change of the ledger's equity less the sum of the lines
  double delta_before = 0.0, delta_after = 0.0, half_width = 0.0;  ///< coin, of the desk's answer
  double gamma = 0.0, vega = 0.0;
  double turnover_usd = 0.0;  ///< hedges
  int tickets = 0, fills = 0, unfilled = 0, deliveries = 0, modelled_marks = 0;
  desk::Quality quality = desk::Quality::ok;
  std::string why;  ///< the desk's, where it did not trade
};

/// One call of desk::step() as it was made, for a journal.
struct Told {
  std::vector<market::Event> events;
  std::vector<market::Ticket> tickets;
  std::vector<desk::Answer> answers;
};

/// Takes one rule through one more instant:
///   1. funding of perpetuals since the last, deliveries of what has expired at the average, daily settlement at 08:00
///   UTC
///   2. the new marks: the change of equity, explained
///   3. the book's own trades
///   4. desk::step() with the chain, those trades and, when it is due, HedgeDue; its tickets to the venue. A rule with
///   recorded hedges does those instead, at their own prices and the venue's fees: what they gained between their time
///   and this instant is slippage, as it is with the book's trades
///   5. fills, told to the desk
/// Costs of 3 and 5 are in this row; what positions gain from now on in the next.
/// Faults   those of marks(), trades(), step(); missing_data: a recorded hedge that is not listed; not_believable where
/// the account does not close: |gap| over 1e-9 coin. `told`  where to append what the desk was told and what it said;
/// none: nowhere.
Result<Row> advance(const Run& run, const Rule& rule, RuleState& state, const Instant& now,
                    std::vector<Told>* told = nullptr);

}  // namespace ballast::sim
