#pragma once
#include <span>

#include "ballast/math/normalised_black.h"
#include "ballast/pricing/columns.h"

namespace ballast::pricing {

/// Undiscounted option prices on forwards, in the unit of forward and strike. A coin price times the forward is one.
struct QuoteColumns {
  Column forward, strike;  ///< [1e-60, 1e60]
  Column price;            ///< finite
  Column years;            ///< [1e-60, 1e60]
  Column sign;             ///< +1 call, -1 put
};

using math::ImpliedOutcome;

/// The vol of every price, or why it has none: `outcome` is ok, or at_intrinsic with vol 0, or the reason with vol NaN.
/// Shapes   all columns have one length; outputs overlap nothing.
/// Domain   every price strictly between max(sign (F - K), 0) and its bound, F for a call and K for a put; the others,
///          and rows outside the ranges above (not_finite), get their outcome. `limit` is for an iteration that
///          does not end in 24 steps: a stdev below 1e-300; no other input is known that does.
/// Error    |vol/exact - 1| <= 4 (1 + |b/(s b')|) epsilon for the out-of-the-money price b(s) of stdev s, epsilon =
///          2^-52: the accuracy that a rounded price allows, times four. In the money the price goes through parity
///          first; what its rounding lost, nothing recovers.
/// Bits     a row's result depends on its own inputs alone: see math/columns.h.
/// Cost     no allocation; a start value in closed form, then two or three steps of Householder's third-order method.
/// Source   Bachelier inverted in one variable below the inflexion point of the price, the normal quantile above it;
///          then ln b, as 1/ln b (P. Jaeckel, "Let's Be Rational", Wilmott 75 (2015) 40-53), or ln of the distance to
///          the bound. The exponential of the density cancels out of the iteration: with G a sum or difference of
///          Mills ratios, ln b - ln b* = ln(G / (b* sqrt(2 pi))) - (h - t)^2/2.
void implied_vol(const QuoteColumns& quotes, Output vol, std::span<ImpliedOutcome> outcome);

/// The same from a vol that is known to be near, as the last tick's: one step where it is within 1e-5 of the answer,
/// two within a tenth. Where `guess` is not a positive number, or leads nowhere in eight steps, the start value is the
/// one above. The result can differ in its last bits from a cold one; both keep the bound.
void implied_vol(const QuoteColumns& quotes, Column guess, Output vol, std::span<ImpliedOutcome> outcome);

struct ImpliedVol {
  ImpliedOutcome outcome;
  double vol;
};

/// One row: the same kernel, the same bits.
ImpliedVol implied_vol(double forward, double strike, double price, double years, double sign);

}  // namespace ballast::pricing
