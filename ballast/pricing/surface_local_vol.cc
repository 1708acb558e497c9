#include "ballast/pricing/surface_local_vol.h"

#include <algorithm>
#include <memory>

namespace ballast::pricing {

Result<model::LocalVol> local_vol(const vol::Surface& surface) {
  if (surface.slices.empty())
    return Error{Fault::missing_data, "local vol: the surface of " + surface.index + " has no slices"};
  const auto copy = std::make_shared<const vol::Surface>(surface);
  return model::LocalVol{.surface = [copy](double years, double k) {
    const vol::SmilePoint here = vol::at(*copy, k, Years(years));
    const auto& slices = copy->slices;
    model::VariancePoint point{here.total_variance, here.slope, here.curvature, here.total_variance / years};
    const auto later =
        std::find_if(slices.begin(), slices.end(), [&](const vol::Slice& s) { return s.years.value >= years; });
    if (slices.size() == 1 || later == slices.begin()) return point;  // w is in proportion to time
    const vol::Slice& far = later == slices.end() ? slices.back() : *later;
    const vol::Slice& near = *(&far - 1);
    point.rise = (vol::at(far.shape, k).total_variance - vol::at(near.shape, k).total_variance) /
                 (far.years.value - near.years.value);
    return point;
  }};
}

}  // namespace ballast::pricing
