#pragma once
#include <complex>
#include <cstddef>

#include "ballast/model/parameters.h"

/// What a transform asks of a model: K(s) = ln E[e^{sX}], X = ln(S(T)/F), and what hedging and calibration need of it.
namespace ballast::model::internal {

/// Frequencies are taken in blocks that stay in the first cache.
inline constexpr std::size_t node_block = 32;

struct Wanted {
  bool covariance = false;  ///< for the minimum-variance delta
  bool gradient = false;    ///< to every parameter
  bool time = false;        ///< to years
};

/// What the sums over the nodes are for.
enum class Sum { price, delta, gamma, theta, covariance, gradient };

/// K and its companions at the nodes of a block, real and imaginary parts apart.
struct NodeBlock {
  alignas(64) double s[2][node_block];  ///< where: on entry
  alignas(64) double exponent[2][node_block];
  /// Covariance rate of the forward's return with that of e^{sX}'s conditional expectation, per e^{K}:
  /// v0 (s + rho xi dK/dv0) + jumps. Over its value at s = 1, T = 0, it is the minimum-variance delta of e^{sX}.
  alignas(64) double covariance[2][node_block];
  alignas(64) double to_years[2][node_block];             ///< dK/dT
  alignas(64) double to[most_parameters][2][node_block];  ///< dK/d parameter, in the order of values()
};

/// All that is wanted of a block, from its s.
void fill(const TransformModel& model, double years, const Wanted& wanted, NodeBlock& out);
/// K(s), s not real.
std::complex<double> exponent_at(const TransformModel& model, double years, std::complex<double> s);

/// See rough_riccati() in rough_heston.h.
std::complex<double> rough_riccati_at(const RoughHeston& model, double years, std::complex<double> s);

/// What a block of nodes weighs in the sums: e^{K} less Black's, e^{K} itself, and Black's, each times
/// step / (pi (u² + 1/4)).
struct Amplitudes {
  alignas(64) double front[2][node_block], whole[2][node_block], black[node_block];
  double largest = 0.0;  ///< |e^{K} - Black's| and, if a gradient is wanted, |e^{K}|, in the last quarter of the block
};

}  // namespace ballast::model::internal
