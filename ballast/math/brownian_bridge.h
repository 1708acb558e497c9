#pragma once
#include <cstddef>
#include <span>
#include <vector>

namespace ballast::math {

/// A Brownian path over a rising grid from independent normals, coarse to fine: the first is the end of the path, the
/// others are middles of what is known, level by level and from left to right, so that the first few numbers carry most
/// of the variance. That is what makes Sobol points worth while on paths.
/// Source   B. Moskowitz, R. E. Caflisch, Math. Comput. Modelling 23 (1996) 37-54; order and numbers:
///          tests/data/brownian_bridge.csv.
class BrownianBridge {
 public:
  /// W(at) = left_weight W(left) + right_weight W(right) + deviation z. Points are numbered from 1 in the order of the
  /// grid; 0 is the start, where W = 0. The end, the first piece, has no neighbours: left = right = 0.
  struct Piece {
    std::size_t at, left, right;
    double left_weight, right_weight, deviation;
  };

  /// `years` rising strictly, the first above 0 (else the program stops); one piece a point.
  explicit BrownianBridge(std::span<const double> years);

  std::span<const Piece> pieces() const { return pieces_; }

  /// w[i] = W(years[i]) from normals in the order of the pieces. Equal lengths, else the program stops.
  /// Error    1e-14 of the largest |w|.
  void path(std::span<const double> normals, std::span<double> w) const;

 private:
  std::vector<Piece> pieces_;
};

}  // namespace ballast::math
