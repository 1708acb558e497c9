#pragma once
#include <cstddef>

// The yardstick of the column benchmarks: Black's price and eight Greeks as plain lines, which the compiler vectorises
// with glibc's libmvec. Only the benchmarks see it; its file alone is built with -Ofast -mavx2 -mfma.
namespace ballast::bench {

void plain_black(const double* __restrict forward, const double* __restrict strike, const double* __restrict vols,
                 const double* __restrict times, const double* __restrict signs, double* __restrict price,
                 double* __restrict delta, double* __restrict gamma, double* __restrict vega, double* __restrict theta,
                 double* __restrict rho, double* __restrict vanna, double* __restrict volga, double* __restrict charm,
                 std::size_t n);

}  // namespace ballast::bench
