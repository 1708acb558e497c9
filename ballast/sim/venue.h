#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ballast/hedge/ladder.h"
#include "ballast/market/event.h"
#include "ballast/sim/instant.h"
#include "ballast/sim/ledger.h"

/// A venue that answers tickets with the market that was seen.
namespace ballast::sim {

struct VenueRules {
  double fee_scale = 1.0;  ///< of the venue's base fees, >= 0: an account's tier
  double latency_s = 0.0;  ///< >= 0: a ticket is filled at the first instant that is not before sent + latency
  /// Within the instrument's displayed depth and the impact model beyond it; its collar is the ticket's limit.
  hedge::CostRules costs{.future_collar = std::numeric_limits<double>::infinity(),
                         .option_collar = std::numeric_limits<double>::infinity()};
  double patience_s = 60.0;          ///< >= 0: a ticket without a quote is closed unfilled after it
  double future_delivery = 0.00025;  ///< of notional; deribit 1.6
  double option_delivery = 0.00015;  ///< of the underlying, at most `delivery_cap` of the payoff
  double delivery_cap = 0.125;
  /// Of eight hours, where the perpetual's quote has none; absent: from its premium over the index by the venue's
  /// formula.
  std::optional<double> funding_8h;
};

struct Venue {
  std::vector<market::Ticket> resting;  ///< sent and not answered, by id
  friend bool operator==(const Venue&, const Venue&) = default;
};

/// The tickets that have arrived by now, filled at the snapshot's prices as far as depth and limit go; the rest of each
/// is closed. The ledger has them afterwards. Events: for each ticket its Traded (if any) and its TicketClosed.
/// Faults   those of trade().
Result<std::vector<market::Event>> fill(const VenueRules& rules, Venue& venue, Ledger& ledger, const Instant& now);

/// The rate of eight hours that a perpetual pays: its quote's, else the rules', else by Deribit's formula from the mark
/// and the index of the quote: p = (mark - index)/index, max(0.00025, p) + min(-0.00025, p), at most 0.5 % either way.
/// None where the quote has no index of its own: one that was read at another instant is off by more than the rate.
/// Source  docs/sources.md: deribit 1.7.
std::optional<double> funding_rate(const VenueRules& rules, const market::Quote& perpetual);

/// Funding of what the ledger holds of a perpetual over an interval: longs pay where the rate is positive. Booked, and
/// told (cash received > 0). `coins`: its size at the interval's start price.
std::optional<market::Event> fund(Ledger& ledger, const market::Instrument& perpetual, double coins, double rate_8h,
                                  double price, Time from, Time to);

/// The delivery fee of a whole position, settlement currency. Daily options and weekly futures pay none at the venue;
/// which those are is the caller's: scale 0.
double delivery_fee(const VenueRules& rules, const market::Instrument& instrument, double amount, double delivery);

}  // namespace ballast::sim
