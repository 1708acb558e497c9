#pragma once
#include <array>
#include <cstddef>

#include "ballast/sim/ledger.h"
#include "ballast/sim/marks.h"

/// Where a change of equity came from, line by line.
namespace ballast::sim {

/// Of options by the Taylor terms of risk/explain.h at the start of the step; of futures exactly.
enum Line : std::size_t {
  delta,       ///< the index moved and every forward with it in proportion
  gamma,       ///< second and third order in the price (gamma, speed); the curvature of an inverse future in coin;
               ///< of what was delivered in the step: the payoff's bend
  vega,        ///< the vol at the money of the option's expiry moved
  theta,       ///< time passed (theta, charm, veta, color)
  vanna,       ///< price and vol together (vanna, zomma, dvanna/dvol)
  volga,       ///< second and third order in the vol (volga, ultima)
  rho,         ///< discounting: marks are undiscounted on every venue that we read, so 0
  carry,       ///< forwards rolled down at their basis a year
  funding,     ///< of perpetuals; received is positive
  basis,       ///< forwards and perpetuals moved against the index
  smile,       ///< the vol at the option's own strike moved by more or less than at the money
  fees,        ///< of trades and deliveries, negative; rebates positive
  slippage,    ///< of trades against the mark at their instant
  settlement,  ///< deliveries: the average against the index at the expiry
  collateral,  ///< the account's equity in the other currency, as the index moved: in USD that of the coin
  residual,    ///< what the lines above leave
  lines
};
const char* name(Line line);

using Lines = std::array<double, lines>;
double sum(const Lines& l);
Lines& operator+=(Lines& l, const Lines& more);

/// A change in the currency that it settles in: `coin` of what settles in the coin, `quote` (USD, USDC) of the rest.
struct Change {
  Lines coin{}, quote{};
  Change& operator+=(const Change& more);
};

/// What a holding of `amount` (size unit) gained while its mark went from `from` to `to`.
/// Error   sum() of the lines is amount · (price change) in value to some ulp of the prices: residual is what is left.
Change held(const Mark& from, const Mark& to, double amount);

/// What a holding gained from its mark to its delivery; the fee is not in it.
/// `index_at_expiry`  USD per coin, the index at that instant.
Change delivered(const Mark& from, double amount, double delivery, double index_at_expiry);

/// What a trade cost against the mark: slippage and fee.
Change traded(const Mark& mark, double amount, double price, double fee);

/// A change of both currencies as one account sees it in the coin, and as it sees it in USD.
/// before   equity at the start of the step, after the trades that were done then
/// Exact    sum(coin) = (change of coin equity) + (change of quote equity over index), and so on: collateral is
///          quote equity · (1/S1 - 1/S0) in coin, coin equity · (S1 - S0) in USD.
struct Attribution {
  Lines coin{}, usd{};
};
Attribution attribution(const Change& change, const Equity& before, double index_from, double index_to);

}  // namespace ballast::sim
