#pragma once
#include <cstddef>
#include <span>

#include "ballast/base/rng.h"

namespace ballast::math {

/// The mean block that stationary_bootstrap() takes where nobody names one: the cube root of n, at least 1. The growth
/// is that of the optimum; its constant depends on the series' autocorrelation and is 1 here.
/// Source   D. N. Politis and H. White, Econometric Reviews 23 (2004) 53-70.
double mean_block(std::size_t observations);

/// Rows 0 .. rows.size() - 1 drawn again in blocks of random length, so that a resample keeps what neighbours have to
/// do with one another: a block begins anywhere, goes on around the end, and stops before each row with chance 1/mean.
/// Domain   mean >= 1.
/// Source   D. N. Politis and J. P. Romano, J. American Statistical Association 89 (1994) 1303-1313.
void stationary_bootstrap(Rng& rng, double mean, std::span<std::size_t> rows);

}  // namespace ballast::math
