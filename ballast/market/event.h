#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "ballast/market/position.h"
#include "ballast/market/snapshot.h"
#include "ballast/market/ticket.h"

/// What happens to a desk, one thing after the other: the market moves, the account changes, an answer is due.
namespace ballast::market {

/// A whole chain at one instant: its quotes and indices replace all that were known, its instruments are added.
struct ChainSeen {
  Snapshot snapshot;
};

/// One instrument's new quote, whole; of a new name its instrument comes first.
struct QuoteSeen {
  Quote quote;
};

struct InstrumentListed {
  Instrument instrument;
};

struct IndexSeen {
  std::string underlying;
  Index index;
};

/// A trade of the account: of one of its tickets, or the book's own business where there is none.
struct Traded {
  std::string instrument;
  double amount = 0.0;                  ///< signed, the instrument's size unit
  double price = 0.0;                   ///< quote unit, > 0; an option's may be 0
  double fee = 0.0;                     ///< settlement currency; < 0: a rebate
  std::optional<std::uint64_t> ticket;  ///< its id
};

/// What is left of a ticket will not be filled.
struct TicketClosed {
  std::uint64_t ticket = 0;
  double unfilled = 0.0;  ///< signed, size unit; 0: it was filled
  std::string reason;     ///< "filled", "no quote", "limit", "depth", "expired"
};

/// A contract has expired: its position is gone, against cash.
struct Delivered {
  std::string instrument;
  double price = 0.0;   ///< USD per coin, > 0: what the venue settles at
  double amount = 0.0;  ///< signed: the position that was
  double cash = 0.0;    ///< what it paid, settlement currency, fee taken off
};

/// Funding of a perpetual. Received is positive.
struct Funded {
  std::string instrument;
  double cash = 0.0;  ///< settlement currency
};

/// What the venue says of an account; it replaces what was known.
struct AccountSeen {
  Account account;
};

/// An answer is due: the desk looks at the book and sends tickets, or does not.
struct HedgeDue {};

struct Event {
  Time at;
  std::variant<ChainSeen, QuoteSeen, InstrumentListed, IndexSeen, Traded, TicketClosed, Delivered, Funded, AccountSeen,
               HedgeDue>
      what;
};

}  // namespace ballast::market
