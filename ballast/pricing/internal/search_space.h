#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "ballast/model/parameters.h"

/// Where a calibration looks: each parameter's range, scale and usual value, and the coordinates that it searches in.
namespace ballast::pricing::internal {

using model::TransformModel;

/// One coordinate: the parameter itself or its logarithm, held within a range; distances are in scales.
struct Coordinate {
  bool logarithm = true;
  double lowest = 0.0, highest = 0.0;  ///< of the parameter
  double usual = 0.0;                  ///< of the parameter: the prior of a cold fit
  double scale = 1.0;                  ///< one prior deviation, in the coordinate
};

/// The chain as a start needs it: at-the-money variance of the first and of the last expiry.
struct ChainLevel {
  double first_variance, last_variance;  ///< per year
};

class SearchSpace {
 public:
  /// `feller`: xi's coordinate becomes ln(xi²/(2 kappa theta)), at most 0.
  SearchSpace(std::string_view model, const ChainLevel& level, bool feller);

  std::size_t size() const { return coordinates_.size(); }
  const Coordinate& operator[](std::size_t i) const { return coordinates_[i]; }

  /// The nearest point of the space.
  std::vector<double> point_of(std::span<const double> values) const;
  std::vector<double> values_of(std::span<const double> point) const;
  /// The model there; none where a condition between two parameters fails.
  std::optional<TransformModel> model_at(std::span<const double> point) const;
  /// d values / d point, row by row: [value · size + coordinate].
  std::vector<double> jacobian(std::span<const double> point) const;
  double lowest(std::size_t i) const;  ///< of the coordinate
  double highest(std::size_t i) const;
  std::vector<double> usual() const;  ///< the cold prior, a point
  /// Point `number` (0, 1, ..) of the fixed set of starts; 0 is usual() itself.
  std::vector<double> start(std::size_t number) const;

 private:
  std::string_view model_;
  std::vector<Coordinate> coordinates_;
  bool feller_ = false;
};

}  // namespace ballast::pricing::internal
