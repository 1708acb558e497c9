#pragma once

/// The angle functions that complex arithmetic needs, with the same bits on every processor of one class, as
/// elementary.h has it: the lanes of complex-inl.h, one of them.
namespace ballast::math {

struct SineCosine {
  double sine, cosine;
};
/// Domain   |x| <= 1e6: absolute error <= 2^-52; beyond, less and less is right. NaN for NaN and infinity.
SineCosine sine_cosine(double x);

/// The angle of the point (x, y), in [-pi, pi], finite x and y. Absolute error <= 3 2^-52; 0 for the origin.
double angle(double y, double x);

}  // namespace ballast::math
