#pragma once
#include <span>

/// The elementary functions over columns: y[i] = f(x[i]) with the processor's widest vectors, chosen at run time.
///
/// Shapes   x and y have one length, any length; y may be x itself, and may not overlap it otherwise.
/// Bits     a result depends on its own argument alone: not on its place, the column's length, the thread or the
///          compiler. All processors with a fused multiply-add agree, those without form a second class
///          (math::arithmetic()), and the scalar functions of elementary.h and normal.h are the same kernels on one
///          lane.
/// Errors   in units in the last place of the result, measured against 113-bit arithmetic by tools/kernel_accuracy.
///          No operation traps, NaN gives NaN.
/// Cost     no allocation, no branch on the data.
namespace ballast::math {

void exp(std::span<const double> x, std::span<double> y);            ///< <= 1 ulp
void expm1(std::span<const double> x, std::span<double> y);          ///< <= 2 ulp
void log(std::span<const double> x, std::span<double> y);            ///< <= 1 ulp; NaN below 0
void log1p(std::span<const double> x, std::span<double> y);          ///< <= 2 ulp; NaN below -1
void erfc(std::span<const double> x, std::span<double> y);           ///< <= 2 ulp
void norm_pdf(std::span<const double> x, std::span<double> y);       ///< <= 2 ulp
void norm_cdf(std::span<const double> x, std::span<double> y);       ///< <= 2 ulp
void mills(std::span<const double> x, std::span<double> y);          ///< <= 2 ulp, 3 below 0
void norm_quantile(std::span<const double> p, std::span<double> x);  ///< see normal.h; NaN outside [0, 1]

}  // namespace ballast::math
