#pragma once

/// exp and log with the same bits on every processor of one class (math::arithmetic()), which the C library does not
/// promise: its results differ between its paths with and without a fused multiply-add. They are the column kernels of
/// columns.h on one lane. NaN gives NaN.
namespace ballast::math {

double exp(double x);    ///< e^x, <= 1 ulp; 0 below -745.2, infinite above 709.8
double expm1(double x);  ///< e^x - 1, <= 2 ulp
double log(double x);    ///< ln x, <= 1 ulp; -infinity at 0, NaN below
double log1p(double x);  ///< ln(1 + x), <= 2 ulp; -infinity at -1, NaN below

/// ln(numerator / denominator), USD over USD as a rule ln(forward / strike).
/// Domain   both > 0 and finite, else NaN.
/// Error    <= 2 epsilon (2^-52) relative: the difference of the two is exact and enters as it is.
/// Source   2 artanh((a - b)/(a + b)) after the difference of the exponents, tests/data/implied_vol_hard.csv near the
///          money.
double log_ratio(double numerator, double denominator);

}  // namespace ballast::math
