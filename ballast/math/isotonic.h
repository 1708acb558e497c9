#pragma once
#include <vector>

namespace ballast::math {

/// The rising sequence nearest to y: least weighted squares under y[0] <= y[1] <= ...; neighbours that are out of order
/// become their weighted mean.
/// Shapes   weight: one a value. Domain   weight > 0, all finite.
/// Error    <= 4 epsilon of the largest |y|. Cost O(n).
/// Source   M. Ayer et al., "An empirical distribution function for sampling with incomplete information", Annals of
///          Mathematical Statistics 26 (1955) 641-647.
void put_in_order(std::vector<double>& y, const std::vector<double>& weight);

}  // namespace ballast::math
