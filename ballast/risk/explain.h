#pragma once
#include <array>

#include "ballast/pricing/black.h"
#include "ballast/pricing/black_scholes.h"

namespace ballast::risk {

/// What changes between the two ends of a step, for one option.
struct OptionMove {
  double price = 0.0;  ///< of the spot (Black-Scholes) or of the forward to the option's expiry (inverse), USD per coin
  double vol = 0.0;    ///< of this option's implied vol, at its fixed strike: 0.01 is one point up
  double years = 0.0;  ///< that pass, >= 0 and at most the option's years: T falls by this
};

/// The Taylor terms of one long option over a step, multiplied out with their moves and factorials: gamma is
/// V_FF dF^2 / 2, dvanna_dvol V_Fvv dF dvol^2 / 2. In the value's unit: USD per coin linear, coin per coin inverse.
/// Time Greeks are calendar time (d/dt = -d/dT). Not in the list, so in the residual: dt^2 and dF dvol dt.
struct PnlTerms {
  double delta = 0.0, vega = 0.0, theta = 0.0;                                    ///< first order
  double gamma = 0.0, vanna = 0.0, volga = 0.0, charm = 0.0, veta = 0.0;          ///< second
  double speed = 0.0, zomma = 0.0, color = 0.0, ultima = 0.0, dvanna_dvol = 0.0;  ///< third

  double first_order() const;
  double second_order() const;  ///< the second-order terms alone
  double third_order() const;   ///< the third-order terms alone

  /// For the sum over a book: sum += amount * terms.
  PnlTerms& operator+=(const PnlTerms& other);
  friend PnlTerms operator*(double amount, const PnlTerms& terms);
};

/// A step's gain by full revaluation and what the terms leave of it.
struct PnlExplain {
  PnlTerms terms;
  double total = 0.0;       ///< value after the move less value before it
  double residual_1 = 0.0;  ///< total less the terms of first order
  double residual_2 = 0.0;  ///< ... of first and second order
  double residual_3 = 0.0;  ///< ... of all three

  PnlExplain& operator+=(const PnlExplain& other);
  friend PnlExplain operator*(double amount, const PnlExplain& explained);
};

/// The terms alone, from the Greeks at the start of the step; USD per coin. An option on a forward (linear, USDC
/// margined): spot = the forward, rate = yield = 0.
/// Domain   as black_scholes_greeks; moves finite, 0 <= move.years <= option.years. Outside: NaN in every field.
/// Error    3 epsilon (1 + d1^2) of each term, as its Greek.
/// Source   risk attribution by Greeks, start-of-period: E. G. Haug, "The Complete Guide to Option Pricing Formulas",
///          2nd ed. (2007), chapter 2, for the Greeks; tests/data/pnl_explain.csv.
PnlTerms pnl_terms(const pricing::BlackScholes& option, const OptionMove& move);

/// Terms, total and residuals of one long linear option, USD per coin.
/// Domain   as pnl_terms, and what the move makes of the option: spot > 0, vol >= 0. Outside: NaN in every field.
/// Error    terms as pnl_terms; total and residuals besides 3 epsilon (1 + d1^2) of the two values.
PnlExplain explain(const pricing::BlackScholes& option, const OptionMove& move);

/// The same for one long coin-settled option, c(F, vol, t) = e^{-coin_yield T} V / F: coin per coin. delta is
/// dc/dF dF, what an inverse future of usd_notional_hedge (pricing/inverse.h) takes away to first order.
/// Domain   as inverse_greeks; else as above.
/// Error    relative 3 epsilon (1 + d1^2) of each term's sum of absolute parts (the quotient rule's).
/// Source   pricing/inverse.h for c and its slopes in F; the other derivatives of V / F by the quotient rule.
PnlTerms inverse_pnl_terms(const pricing::Vanilla& option, const OptionMove& move, double coin_yield = 0.0);
PnlExplain explain_inverse(const pricing::Vanilla& option, const OptionMove& move, double coin_yield = 0.0);

/// Full revaluation step by step, averaged over the six orders of price, vol and time (Shapley values): no residual,
/// and no order that somebody had to choose. For moves beyond some three daily standard deviations and for the last
/// day of an option, where the Taylor terms do not help.
struct StepwiseExplain {
  double price = 0.0, vol = 0.0, time = 0.0;
  double total = 0.0;         ///< price + vol + time, up to rounding
  double order_effect = 0.0;  ///< >= 0: the most by which a line of one order differs from the same line of another
};

/// From the values at the eight corners of the step: corner[i] has moved the price if i & 1, vol if i & 2, time if
/// i & 4. For whatever has a value: a book, a surface. Unit of the values. NaN where a corner is.
/// Source   L. S. Shapley, "A value for n-person games", Contributions to the Theory of Games II (1953) 307-317.
StepwiseExplain stepwise_explain(const std::array<double, 8>& corner);

/// One long linear option, USD per coin, and one long coin-settled option, coin per coin.
/// Domain, error   as the totals of explain() and explain_inverse().
StepwiseExplain stepwise_explain(const pricing::BlackScholes& option, const OptionMove& move);
StepwiseExplain stepwise_explain_inverse(const pricing::Vanilla& option, const OptionMove& move,
                                         double coin_yield = 0.0);

}  // namespace ballast::risk
