#pragma once
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ballast/curve/forward.h"

namespace ballast::curve {

/// A function of time that is 0 now and linear between its nodes: ln(F/S), or -ln of the discount. Before the first
/// node it is the line from the origin, after the last it goes on with the last slope.
struct LinearCurve {
  std::vector<double> years;   ///< > 0, rising
  std::vector<double> values;  ///< of the same length
};

/// Domain   years >= 0 and finite, a curve with a node; else NaN.
/// Error    <= 4 epsilon of the largest |value| around.
double value(const LinearCurve& curve, Years years);

/// The slope at `years`, per year: that of the piece that ends there (at a node the earlier one), the first one at 0.
/// Domain as value().
double slope(const LinearCurve& curve, Years years);

/// One forward of a term structure.
struct ForwardPoint {
  Years years;                     ///< > 0
  Price forward;                   ///< > 0
  std::optional<double> discount;  ///< > 0: what the expiry's options are discounted with, where that was estimated
};

/// Forwards of one coin at one instant as a curve over time.
struct ForwardCurve {
  Price spot;               ///< > 0, USD per coin: the index
  LinearCurve carry;        ///< ln(F/S): constant forward carry between expiries
  LinearCurve discounting;  ///< -ln D; no node where no discount was estimated
};

/// Joins forwards to a curve. Faults  bad_input names the value: spot, forward or discount not over 0, years not over
/// 0, not rising; missing_data without a point.
Result<ForwardCurve> forward_curve(Price spot, std::span<const ForwardPoint> points);

/// The forward at any time, USD per coin: the spot at 0. Domain  years >= 0 and finite; else NaN, here and below.
/// Error  <= 8 epsilon relative for |ln(F/S)| <= 1. Source  docs/sources.md: basis term structure.
Price forward(const ForwardCurve& curve, Years years);

/// Implied carry ln(F/S)/T: the continuously compounded basis, per year. At 0 that of the first expiry.
/// Error  <= 8 epsilon relative at a node, tests/data/basis_curve.csv.
double carry(const ForwardCurve& curve, Years years);

/// Simple annualised basis (F/S - 1)/T, per year. At 0 the carry of the first expiry, its limit.
/// Error  <= 16 epsilon relative at a node, tests/data/basis_curve.csv.
double simple_basis(const ForwardCurve& curve, Years years);

/// Instantaneous forward carry d ln(F)/dT, per year: ln(F2/F1)/(T2 - T1) between expiries, at an expiry that of the
/// piece before it. Error  <= 16 epsilon·|ln(F/S)|/(T2 - T1), tests/data/basis_curve.csv.
double forward_carry(const ForwardCurve& curve, Years years);

/// F·T/10000: USD per coin for one basis point of carry. Error  as forward(), tests/data/basis_curve.csv.
Usd basis01(const ForwardCurve& curve, Years years);

/// The discount factor: 1 at 0, constant forward rate between the estimates and after the last. NaN too where none was
/// estimated.
double discount(const ForwardCurve& curve, Years years);

/// The same of a snapshot: one index, its forwards and where each came from.
struct TermStructure {
  struct Node {
    Time expiry;
    Years years;
    Forward forward;
  };
  std::string index;       ///< "btc_usd"
  std::string underlying;  ///< "BTC"
  ForwardCurve curve;
  std::vector<Node> nodes;                ///< by expiry, those of the curve
  std::vector<market::Dropped> left_out;  ///< expiries that are not in it: `no_forward`, `expired`
};

struct NoTermStructure {
  std::string index;
  Error error;  ///< missing_data: no index price, or no expiry with a forward
};

/// A term structure of every index with an expiry in the snapshot, or why there is none. The discount of an expiry is
/// in the curve where its forward was found with one.
struct TermStructures {
  std::map<std::string, TermStructure> by_index;
  std::vector<NoTermStructure> absent;
};
TermStructures term_structures(const market::Snapshot& snapshot, const std::map<ExpiryKey, ForwardDiagnosis>& expiries);

}  // namespace ballast::curve
