#include "ballast/pricing/plain_loop_bench.h"

#include <cmath>

namespace ballast::bench {

// Pointers that are parameters: GCC 12 does not vectorise the loop over local __restrict pointers.
void plain_black(const double* __restrict forward, const double* __restrict strike, const double* __restrict vols,
                 const double* __restrict times, const double* __restrict signs, double* __restrict price,
                 double* __restrict delta, double* __restrict gamma, double* __restrict vega, double* __restrict theta,
                 double* __restrict rho, double* __restrict vanna, double* __restrict volga, double* __restrict charm,
                 std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    const double f = forward[i], k = strike[i], vol = vols[i], years = times[i], w = signs[i];
    const double root = std::sqrt(years), s = vol * root;
    const double d1 = std::log(f / k) / s + 0.5 * s, d2 = d1 - s;
    const double n1 = 0.5 * std::erfc(-w * d1 * 0.70710678118654752),
                 n2 = 0.5 * std::erfc(-w * d2 * 0.70710678118654752);
    const double phi = 0.39894228040143268 * std::exp(-0.5 * d1 * d1);
    price[i] = w * (f * n1 - k * n2);
    delta[i] = w * n1;
    gamma[i] = phi / (f * s);
    vega[i] = f * phi * root;
    theta[i] = -0.5 * f * phi * vol / root;
    rho[i] = w * k * years * n2;
    vanna[i] = -phi * d2 / vol;
    volga[i] = f * phi * root * d1 * d2 / vol;
    charm[i] = 0.5 * phi * d2 / years;
  }
}

}  // namespace ballast::bench
