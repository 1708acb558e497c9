#pragma once

/// The standard normal distribution. epsilon is 2^-52, bounds are relative unless said, measured on
/// tests/data/normal_distribution.csv and held by normal_test.cc. NaN in gives NaN out; results that are subnormal
/// carry the absolute error of one subnormal step on top.
namespace ballast::math {

/// norm_pdf, norm_cdf, mills, norm_quantile and erfc are the column kernels of columns.h on one lane.

/// Density phi(x) = exp(-x^2/2) / sqrt(2 pi).
/// Domain   every x; 0 at +-infinity.
/// Error    <= 2 epsilon for |x| <= 38, because x^2 is carried with its rounding error.
/// Source   definition.
double norm_pdf(double x);

/// Distribution N(x), exact in the lower tail; the upper tail is norm_cdf(-x), never 1 - norm_cdf(x).
/// Domain   every x.
/// Error    <= 2 epsilon for x >= -38.
/// Source   phi(x) times the Mills ratio, the rounding of x^2, of phi and of the quotient carried.
double norm_cdf(double x);

/// erfc(x) = 2 N(-sqrt(2) x), exact in the upper tail.
/// Domain   every x.
/// Error    <= 2 epsilon.
/// Source   as norm_cdf, with the root of 2 inside the coefficients.
double erfc(double x);

/// ln N(x), finite for every finite x > -1e154.
/// Domain   every x; -infinity where x^2 overflows.
/// Error    <= 2 epsilon.
/// Source   N below -37 by the asymptotic series, Abramowitz and Stegun 26.2.12; log1p of the upper tail for x > 0.
double log_norm_cdf(double x);

/// Mills ratio N(-x) / phi(x), decreasing: sqrt(pi/2) at 0, near 1/x for large x.
/// Domain   every x; infinity below -38.5, where phi(x) is 0.
/// Error    <= 2 ulp, 3 ulp below 0.
/// Source   a rational function on [0, infinity), made by tools/make_coefficients; R(-x) = 1/phi(x) - R(x).
double mills(double x);

/// Minus the slope of the Mills ratio, 1 - x mills(x) > 0, without its cancellation: near 1/x^2 for large x.
/// Domain   x >= 0, else NaN.
/// Error    <= 2 epsilon against 60-digit arithmetic on [0, 1e6].
/// Source   mills(x) is the integral of exp(-x u - u^2/2) over u > 0; the moments I_n of this integral satisfy
///          I_(n+1) = n I_(n-1) - x I_n, and the ratio I_n / I_(n-1) = n / (x + I_(n+1)/I_n) is a continued fraction
///          of positive terms (W. Gautschi, SIAM Review 9 (1967) 24-82, for the minimal solution).
double mills_slope(double x);

/// The x with N(x) = p.
/// Domain   0 <= p <= 1 (-infinity and +infinity at the ends), else NaN.
/// Error    <= 2 epsilon |x| beyond what half an ulp of p makes of x; also for subnormal p.
/// Source   M. J. Wichura, algorithm AS 241 (PPND16), Applied Statistics 37 (1988) 477-484, and one Halley step.
double norm_quantile(double p);

}  // namespace ballast::math
