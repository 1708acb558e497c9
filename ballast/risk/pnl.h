#pragma once
#include <span>

#include "ballast/market/instrument.h"

namespace ballast::risk {

/// Profit since entry in the settlement currency: coin for inverse instruments, the quote currency for linear ones.
///   inverse future, perpetual   N (1/entry - 1/price)    N USD, signed
///   inverse option              q (price - entry)        prices in coin
///   linear, spot                q (price - entry)
/// `amount` is signed, in the venue's size unit; prices in the instrument's quote unit.
/// Domain   entry, price > 0 for inverse futures; all finite. Outside: NaN or infinite.
/// Source   docs/sources.md: deribit 2.1.
double profit(const market::Instrument& instrument, double amount, double entry, double price);

/// Profit of an inverse option in USD: amount (mark · index - average price in USD). The index counts, not the forward.
Usd option_profit_usd(double amount, double mark, Price index, Usd average_price);

struct Fill {
  double amount = 0.0;  ///< > 0, USD
  double price = 0.0;   ///< > 0, USD per coin
};

/// The average entry price of an inverse future: the harmonic mean, 1/average = sum(N_i / P_i) / sum(N_i).
/// Domain   at least one fill, amounts and prices > 0. Outside: NaN.
double average_entry(std::span<const Fill> fills);

}  // namespace ballast::risk
