#pragma once
#include "ballast/model/parameters.h"

/// Moments on the real line: where they end, and what bounds the tails of a model.
namespace ballast::model::internal {

/// ln E[e^{power X}]; infinite where the moment is. See log_moment() in transform.h.
double log_moment_of(const BlackScholes& m, double power, double years);
double log_moment_of(const Merton& m, double power, double years);
double log_moment_of(const Heston& m, double power, double years);
double log_moment_of(const Bates& m, double power, double years);
double log_moment_of(const Svcj& m, double power, double years);
double log_moment_of(const Kou& m, double power, double years);
double log_moment_of(const VarianceGamma& m, double power, double years);
double log_moment_of(const Nig& m, double power, double years);
double log_moment_of(const Cgmy& m, double power, double years);
/// By 64 steps, 2 % above: what it bounds has to stay bounded.
double log_moment_of(const RoughHeston& m, double power, double years);

/// The variance a year of the forward's return at the start, jumps' included: infinite where the jumps' is.
double return_variance(const BlackScholes& m);
double return_variance(const Merton& m);
double return_variance(const Heston& m);
double return_variance(const Bates& m);
double return_variance(const Svcj& m);
double return_variance(const Kou& m);
double return_variance(const VarianceGamma& m);
double return_variance(const Nig& m);
double return_variance(const Cgmy& m);
double return_variance(const RoughHeston& m);

/// The derivative of ln Gamma. Domain   x not 0, -1, -2, ...
/// Source   recurrence up to 8, then the asymptotic series (Abramowitz and Stegun 6.3.18) to x^-14: 1e-14 relative to
///          1 + |psi|, but for what the recurrence cancels near a root.
double digamma(double x);

}  // namespace ballast::model::internal
