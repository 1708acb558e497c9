#pragma once

/// Student's t distribution of `freedom` degrees, not rescaled: its variance is freedom / (freedom - 2).
/// Domain of all   1 <= freedom <= 1e6. Outside: NaN. By the functions of elementary.h: the same bits everywhere.
namespace ballast::math {

/// Density at t.
/// Error    1e-14 relative up to 100 degrees, 1e-16 times the degrees above.
/// Source   the ratio of gammas by recursion and the Stirling series of its logarithm, DLMF 5.11.8.
double student_pdf(double t, double freedom);

/// P(T > t).
/// Error    1e-13 relative up to 100 degrees, 1e-15 times the degrees above.
/// Source   half of the incomplete beta function I_x(freedom / 2, 1/2), x = freedom / (freedom + t^2), by its
///          continued fraction, DLMF 8.17.22, on the side where it converges fast.
double student_tail(double t, double freedom);

/// The t with P(T <= t) = p.
/// Domain   p in (0, 1); besides: -infinity at 0, infinity at 1, NaN outside.
/// Error    1e-13 relative beyond what half an ulp of p makes of t, up to 100 degrees.
/// Source   Newton's method in a bracket on student_tail.
double student_quantile(double p, double freedom);

}  // namespace ballast::math
