#pragma once
#include <span>
#include <vector>

namespace ballast::vol::internal {

/// What the robust loss leaves of each quote's weight, [0, 1], from the vol errors that a smile leaves along its
/// strikes: all of it below half of the cut, none above the cut. What a smile misses it misses smoothly and a bad quote
/// stands alone, so an error is measured from 0, from its neighbours' median or, at either end, from the line through
/// the next two, whichever is nearest. Shapes   error, vol: one number a quote, at least 3, by rising strike. The cut
/// `deviations` robust deviations (1.4826 times the median of those distances), at least `share` of the vol.
std::vector<double> trust_in(std::span<const double> error, std::span<const double> vol, double deviations,
                             double share);

}  // namespace ballast::vol::internal
