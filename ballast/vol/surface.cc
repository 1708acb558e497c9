#include "ballast/vol/surface.h"

#include <algorithm>
#include <cmath>

namespace ballast::vol {
namespace {

/// near + share (far - near), also outside [0, 1].
SmilePoint between(const SmilePoint& near, const SmilePoint& far, double share) {
  return {.total_variance = near.total_variance + share * (far.total_variance - near.total_variance),
          .slope = near.slope + share * (far.slope - near.slope),
          .curvature = near.curvature + share * (far.curvature - near.curvature)};
}

}  // namespace

SmilePoint at(const Shape& shape, double k) {
  return std::visit([k](const auto& form) { return at(form, k); }, shape);
}

SmilePoint at(const Surface& surface, double k, Years years) {
  const std::vector<Slice>& slices = surface.slices;
  if (slices.empty() || !(years.value > 0.0)) return {std::nan(""), std::nan(""), std::nan("")};
  const auto later = std::find_if(slices.begin(), slices.end(), [&](const Slice& s) { return s.years >= years; });
  if (later == slices.begin() || slices.size() == 1) {
    return between({}, at(slices.front().shape, k), years / slices.front().years);
  }
  const Slice& far = later == slices.end() ? slices.back() : *later;
  const Slice& near = *(&far - 1);
  return between(at(near.shape, k), at(far.shape, k), (years - near.years) / (far.years - near.years));
}

const Slice* slice_of(const Surface& surface, Time expiry) {
  const auto found = std::find_if(surface.slices.begin(), surface.slices.end(),
                                  [&](const Slice& slice) { return slice.expiry == expiry; });
  return found == surface.slices.end() ? nullptr : &*found;
}

}  // namespace ballast::vol
