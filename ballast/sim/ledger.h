#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "ballast/base/result.h"
#include "ballast/market/instrument.h"

/// What a venue writes down of one account: cash by currency, and what is held. Every change is a cash flow or a trade,
/// so that its equity can be checked against any explanation of it.
namespace ballast::sim {

struct Holding {
  double amount = 0.0;  ///< signed, the instrument's size unit
  /// What was paid for it and is not settled yet. Inverse futures: sum of N_i/P_i, coin. Linear futures: sum of q_i
  /// P_i, quote currency. Options and spot are paid in cash at once: 0.
  double paid = 0.0;
  friend bool operator==(const Holding&, const Holding&) = default;
};

struct Ledger {
  std::map<std::string, double> cash;       ///< by currency: "BTC", "USDC"
  std::map<std::string, Holding> holdings;  ///< by instrument; none with amount 0
  friend bool operator==(const Ledger&, const Ledger&) = default;
};

/// A trade at a price (quote unit) and its fee (settlement currency, < 0: a rebate). Premiums are paid from cash; a
/// future costs nothing until it is settled, and when nothing is left of it, its profit becomes cash.
/// Faults   bad_input: an amount that is not finite or 0; a price that is not finite, negative, or 0 but for an option.
std::optional<Error> trade(Ledger& ledger, const market::Instrument& instrument, double amount, double price,
                           double fee);

/// What a holding is worth at a price, settlement currency: option amount · price; inverse future paid - N/price;
/// linear future q · price - paid; spot q · price.
double worth(const market::Instrument& instrument, const Holding& holding, double price);

/// Daily settlement of a future: its profit up to `price` becomes cash, the position stays. Equity does not change at
/// that price. Options and spot: nothing. Source  venue rules: docs/sources.md, deribit 1.4.
void settle(Ledger& ledger, const market::Instrument& instrument, double price);

/// What one coin of an option pays at a delivery price, settlement currency: max(±(D - K), 0), over D where it settles
/// in coin. Source  deribit 1.4.
double payoff(const market::Instrument& option, double delivery);

/// Delivery at the expiry: the holding goes, `fee` (settlement currency, whole position) is taken off. Gives the cash
/// that came of it: an option's payoff, a future's profit; 0 where nothing is held.
double deliver(Ledger& ledger, const market::Instrument& instrument, double delivery, double fee);

/// What the account is worth: `coin` what settles in the coin, `quote` the rest, in USD(C).
struct Equity {
  double coin = 0.0, quote = 0.0;
  double in_coin(double index) const { return coin + quote / index; }
  double in_usd(double index) const { return coin * index + quote; }
};

/// `price_of` gives an instrument and its price (quote unit) by name; it is asked for every holding.
Equity equity(const Ledger& ledger, const std::string& coin,
              const std::function<std::pair<const market::Instrument*, double>(const std::string&)>& price_of);

}  // namespace ballast::sim
