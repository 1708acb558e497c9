#pragma once
#include <array>
#include <cstddef>

#include "ballast/vol/svi.h"

namespace ballast::vol {

/// Raw SVI with a cubic spline on top: w(k) = backbone(k) + sum over j of terms[j] B(u - j), where
/// u = (asinh(k / scale) - first) / step and B is the cardinal cubic B-spline of support (-2, 2). The bumps stand
/// evenly in asinh k, dense at the money and sparse in the wings, from the first quote to the last; two steps beyond
/// them the correction is gone and the wings are the backbone's straight lines, within Lee's bound.
struct VarianceSpline {
  Svi backbone;
  double scale = 1.0;  ///< > 0
  double first = 0.0;
  double step = 1.0;  ///< > 0
  std::array<double, 8> terms{};
};

/// Error    as at(Svi), and 4 ulp of the largest term.
SmilePoint at(const VarianceSpline& spline, double k);

}  // namespace ballast::vol
