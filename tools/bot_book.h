// What hedged_book and its test share: the position file of a bot that sells puts on Deribit and hedges them with the
// perpetual, as its repository keeps it, and what its own account says of it.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/base/time.h"
#include "ballast/venue/book_trades_csv.h"

namespace ballast::study {

/// A short put, or the part of one that was closed at one time: what is left of it is another, of the same entry.
struct BotPosition {
  std::string instrument;
  Time entry;
  double contracts = 0.0;    ///< coin, > 0: sold
  double entry_price = 0.0;  ///< coin per coin: the bid
  double entry_usd = 0.0;    ///< per coin, as the file has it: entry price times `entry_index`
  double entry_index = 0.0;  ///< USD
  double hedge = 0.0;        ///< coin, the perpetual sold with it; 0: not written down
  std::optional<Time> exit;  ///< absent: still open
  double exit_price = 0.0;   ///< coin per coin
  double exit_index = 0.0;   ///< USD
  std::string exit_reason;   ///< "expiration", "cb_tier1_trim", "roll"
  double pnl_coin = 0.0, pnl_usd = 0.0;
};

/// A trade of the perpetual, one hedge for the whole book.
struct BotHedge {
  Time at;
  double coins = 0.0;                    ///< signed
  double index = 0.0;                    ///< USD
  std::optional<double> perpetual;       ///< USD, where it was written down
  double before = 0.0, after = 0.0;      ///< coin, the position
  double vwap_before = 0.0, vwap = 0.0;  ///< USD, the average entry before and after
  std::optional<double> realised;        ///< USD, of this trade
  std::optional<double> realised_sum;    ///< USD, since the start

  /// What the trade is booked at: the perpetual where it was written down, else the index.
  double price() const { return perpetual.value_or(index); }
  /// Contracts of the inverse perpetual, USD: the coins at that price.
  double usd() const { return coins * price(); }
};

struct BotBook {
  std::vector<BotPosition> positions;                  ///< closed ones first, as the file has them
  std::vector<BotHedge> hedges;                        ///< by rising time
  double coins = 0.0, vwap = 0.0, realised_usd = 0.0;  ///< the hedge as the file sums it up
};

/// Faults   bad_syntax: no JSON; bad_field: what is missing or of a wrong kind, with its place.
Result<BotBook> bot_book(std::string_view json);

/// Every opening as a sale and every closing but an expiry as a purchase, by rising time: what venue::book_trades_csv
/// reads. An expiry is the venue's business.
std::vector<venue::AccountTrade> option_trades(const BotBook& book);

/// The hedges as trades of BTC-PERPETUAL in USD, not rounded to the venue's 10 USD: rounded ones do not add up to the
/// bot's account.
std::vector<venue::AccountTrade> hedge_trades(const BotBook& book);

std::string trades_csv(const std::vector<venue::AccountTrade>& trades, std::string_view comment);

/// One figure of the file beside what its own prices give.
struct BotCheck {
  std::string what;
  std::size_t figures = 0;       ///< that could be looked at
  double worst = 0.0;            ///< absolute difference
  double allowed = 0.0;          ///< what the file's rounding explains, the largest
  std::vector<std::string> off;  ///< those beyond their own rounding: why, and by how much
};

/// P&L of the closed positions, the chain of the hedge's sizes, its average entries, its realised P&L and its sums.
std::vector<BotCheck> checks(const BotBook& book);

/// The account of the hedge at an index, every way of counting it.
struct HedgeAccount {
  double linear_usd = 0.0;     ///< sum of q (P - p): coins that settle in USD
  double bot_usd = 0.0;        ///< the bot's: realised, and what is open over its average entry
  double inverse_coin = 0.0;   ///< of the inverse perpetual: sum of N (1/p - 1/P), N = q p
  double contracts_usd = 0.0;  ///< what an account at the venue would hold then
};
HedgeAccount hedge_account(const BotBook& book, double index);

}  // namespace ballast::study
