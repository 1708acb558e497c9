#pragma once
#include <optional>
#include <string>
#include <vector>

#include "ballast/base/time.h"

namespace ballast::market {

enum class Kind { option, future, perpetual, spot };
enum class OptionType { call, put };

/// How profit and loss is paid. inverse: in the coin, by a contract of fixed USD size (futures) or a premium in coin
/// (options). linear: in the quote currency. Spot counts as linear.
enum class Settlement { inverse, linear };

/// The unit of an order's or a position's quantity.
enum class SizeUnit { coin, usd, contracts };

/// Above `above_price` the tick is `tick`.
struct TickStep {
  double above_price = 0.0;  ///< > 0, in the price unit
  double tick = 0.0;         ///< > 0
};

struct TickLadder {
  double tick = 0.0;            ///< > 0, up to the first step
  std::vector<TickStep> steps;  ///< rising above_price

  /// The tick that holds at a price.
  double at(double price) const;
  /// True when the price is a whole number of its ticks, within 1e-6 of one tick.
  bool on_grid(double price) const;
};

/// Base fees of the venue, before any discount of the account. Futures: fraction of the notional. Options: coin per
/// coin (inverse) or fraction of the index (linear), both capped at a fraction of the option's price.
struct Fees {
  double maker = 0.0;
  double taker = 0.0;
  double cap = 0.0;  ///< fraction of the option's price, 0 = no cap
};

/// A contract as its venue lists it. Prices are in the instrument's own quote unit: coin per coin for an inverse
/// option, USD per coin for everything else (USDC per coin for linear instruments).
struct Instrument {
  std::string name;                 ///< the venue's name, the key everywhere
  std::string underlying;           ///< the coin: "BTC"
  std::string settlement_currency;  ///< "BTC", "USDC"; the quote currency for spot
  std::string index;                ///< "btc_usd"
  Kind kind = Kind::option;
  Settlement settlement = Settlement::inverse;
  OptionType option_type = OptionType::call;  ///< options only
  double strike = 0.0;                        ///< options only: > 0, USD per coin
  Time expiry = never;                        ///< to the millisecond; `never` for perpetuals and spot
  double contract_size = 1.0;                 ///< > 0: USD (inverse futures) or coin in one contract
  double lot = 1.0;                           ///< > 0: smallest order and step, in size_unit()
  TickLadder ticks;
  Fees fees;
  bool from_venue = false;  ///< false: sizes, ticks and fees are the documented defaults of the venue

  bool is_option() const { return kind == Kind::option; }
  /// The unit of the venue's `amount`: USD for inverse futures and perpetuals, coin for everything else.
  SizeUnit size_unit() const {
    return settlement == Settlement::inverse && kind != Kind::option ? SizeUnit::usd : SizeUnit::coin;
  }
};

const char* name(Kind kind);
const char* name(OptionType type);
const char* name(Settlement settlement);
const char* name(SizeUnit unit);

/// A quantity in `unit` as the venue's amount (`instrument.size_unit()`). Fault bad_input when the unit is not one
/// of the instrument's: a coin-sized inverse future or a USD-sized option is an error, never converted by guess.
Result<double> amount_of(const Instrument& instrument, double quantity, SizeUnit unit);

}  // namespace ballast::market
