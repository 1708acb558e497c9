#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "ballast/model/estimate.h"

/// Prices by Monte Carlo of models whose ln S is normal once the driver of the variance is known: Black's formula takes
/// the place of the second Brownian motion.
namespace ballast::model {

/// For paths first, first + 1, ...: the log of the conditional forward over the forward, and the variance that is left.
using Conditional =
    std::function<void(std::uint64_t first, std::span<double> log_forward, std::span<double> left_variance)>;

/// Calls at log_strikes = ln(K/F) over `paths` paths, undiscounted, in forwards; the conditional forward, whose mean is
/// 1, is the control. With `antithetic` paths 2k and 2k + 1 count as one sample. Domain   paths > 0, even with
/// `antithetic`; errors as controlled() has them (estimate.h). Bits     blocks of 4,096 paths, joined in their order.
/// Source   M. Romano, N. Touzi, Mathematical Finance 7 (1997) 399-412; R. McCrickerd, M. S. Pakkanen, Quantitative
///          Finance 18 (2018) 1877-1886.
std::vector<Estimate> conditional_calls(const Conditional& source, std::span<const double> log_strikes,
                                        std::size_t paths, bool antithetic);

}  // namespace ballast::model
