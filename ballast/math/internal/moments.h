#pragma once
#include <array>
#include <cstddef>

namespace ballast::math::internal {

/// The depth of the backward recursion for I_n / I_(n-1): the smallest that leaves less than 2^-55 in I_1, found in
/// 40-digit arithmetic, is 195 at 1.5, 117 at 2, 60 at 3, 29 at 5, 14 at 10, 7 at 40; this curve lies above all of
/// them, and the table below, which reaches down to 0.5, is checked against mills.csv.
constexpr int fraction_depth(double x) { return 12 + static_cast<int>(450.0 / (x * x)); }

/// c_k = I_k / k! with I_n = integral over u > 0 of u^n exp(-x u - u^2/2), the moments behind the Mills ratio R:
/// R(x + d) = sum over k of c_k (-d)^k. All are positive. From the continued fraction I_n / I_(n-1) =
/// n / (x + I_(n+1)/I_n), which is stable downwards for the minimal solution of I_(n+1) = n I_(n-1) - x I_n.
/// x > 0. N is the number of coefficients; Real the arithmetic.
template <std::size_t N, class Real>
constexpr std::array<double, N> taylor_coefficients(Real x) {
  static_assert(N >= 2);
  std::array<Real, N> ratio{};
  Real tail = 0;
  for (int n = fraction_depth(static_cast<double>(x)) + static_cast<int>(N); n >= 1; --n) {
    tail = static_cast<Real>(n) / (x + tail);
    if (static_cast<std::size_t>(n) < N) ratio[static_cast<std::size_t>(n)] = tail;
  }
  std::array<double, N> c{};
  Real coefficient = 1 / (x + tail);
  c[0] = static_cast<double>(coefficient);
  for (std::size_t n = 1; n < N; ++n) {
    coefficient *= ratio[n] / static_cast<Real>(n);
    c[n] = static_cast<double>(coefficient);
  }
  return c;
}

/// The coefficients at 0.5, 0.75, .., 12, computed when this is compiled, in the 64-bit mantissa where there is one.
inline constexpr std::size_t taylor_terms = 30;
inline constexpr double first_node = 0.5, node_step = 0.25;
inline constexpr std::size_t nodes = 47;
inline constexpr double table_from = first_node - 0.5 * node_step;
inline constexpr double table_to = first_node + node_step * (static_cast<double>(nodes) - 0.5);
inline constexpr std::array<std::array<double, taylor_terms>, nodes> taylor_table = [] {
  std::array<std::array<double, taylor_terms>, nodes> table{};
  for (std::size_t j = 0; j < nodes; ++j)
    table[j] = taylor_coefficients<taylor_terms, long double>(
        static_cast<long double>(first_node) + static_cast<long double>(node_step) * static_cast<long double>(j));
  return table;
}();

/// The node nearest to x in [table_from, table_to), its coefficients and x minus the node (exact, at most 1/8).
struct Node {
  const std::array<double, taylor_terms>& c;
  double offset;
};
inline Node node_near(double x) {
  const auto j = static_cast<std::size_t>((x - table_from) * (1.0 / node_step));
  return {taylor_table[j], x - (first_node + node_step * static_cast<double>(j))};
}

}  // namespace ballast::math::internal
