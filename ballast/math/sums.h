#pragma once
#include <span>

namespace ballast::math {

/// Sums that keep what cancels: every product and every addition carries its rounding error, in two parts of 53 bits.
/// Shapes   equal lengths, else the program stops. Empty: 0.
/// Error    1 ulp of the result plus n 2^-104 sum |a_i b_i|: 10^5 legs may cancel to 1e-10 of their gross and keep all
///          53 bits. NaN and infinite where a term or a partial sum is; products must stay above 1e-290 to be exact,
///          terms below 1e290.
/// Bits     the same on every processor of both classes (math::arithmetic()): term i goes to partial sum i mod 32,
///          whatever the width of the vectors, and the 32 are added in their order. Another order of the terms may
///          change the last bit.
/// Cost     13 operations a term, no allocation.
/// Source   T. Ogita, S. M. Rump, S. Oishi, "Accurate sum and dot product", SIAM J. Sci. Comput. 26 (2005) 1955-1988;
///          the running pair is renormalised after each term.
double sum(std::span<const double> a);
double dot(std::span<const double> a, std::span<const double> b);

}  // namespace ballast::math
