#pragma once
#include <cstddef>

/// The Riemann-Liouville process of rough Bergomi, Y(t) = sqrt(2H) int_0^t (t-s)^(H-1/2) dW(s): Var Y(t) = t^(2H).
/// Below a = H - 1/2. Times in years.
namespace ballast::model {

/// Cov(Y(u), Y(v)). Domain   u, v >= 0, hurst in [0.01, 0.5]; NaN outside.
/// Error    <= 1e-13 relative to sqrt(Var Y(u) Var Y(v)); tests/data/volterra_cov.csv within 1e-12.
/// Source   (2a+1)/(a+1) u^(a+1) v^a F(1, -a; a+2; u/v) for u <= v. For u/v <= 1/2 Gauss's series, whose terms fall
///          by more than a half each: its rest is below its last term. Above, in 1 - u/v by Abramowitz-Stegun 15.3.6,
///          where the second function is elementary; both coefficients grow like 1/(2H), which is what small H loses.
double volterra_covariance(double hurst, double u, double v);

/// Cov(W(u), Y(v)) of the Brownian motion that drives Y. The same domain.
/// Error    <= 1e-14 relative, same table.
double volterra_driver_covariance(double hurst, double u, double v);

/// The mean of (t-s)^a over s from t - far to t - near, 0 <= near < far: the best constant in its place in the sense
/// of least squares, and (b*/n)^a of the hybrid scheme. Error    <= 1e-13 relative.
double kernel_mean(double hurst, double near, double far);

/// The newest cell of the hybrid scheme: W's step over it and Z = int (t-s)^a dW(s) over it, jointly normal.
struct NewestCell {
  double var_step = 0.0;    ///< length
  double covariance = 0.0;  ///< length^(a+1) / (a+1)
  double var_kernel = 0.0;  ///< length^(2a+1) / (2a+1)
};
/// Source   M. Bennedsen, A. Lunde, M. S. Pakkanen, Finance and Stochastics 21 (2017) 931-965, with kappa = 1;
///          tests/data/hybrid_scheme.csv within 1e-12 relative.
NewestCell newest_cell(double hurst, double length);

/// b*_k of the paper, the point of cell k >= 2 where the kernel has its mean: (k - 1, k). hurst < 0.5.
double optimal_point(double hurst, std::size_t k);

}  // namespace ballast::model
