#include "ballast/math/brownian_bridge.h"

#include <cmath>
#include <string>
#include <utility>

#include "ballast/base/result.h"

namespace ballast::math {

BrownianBridge::BrownianBridge(std::span<const double> years) {
  const std::size_t n = years.size();
  for (std::size_t i = 0; i < n; ++i)
    if (!(years[i] > (i == 0 ? 0.0 : years[i - 1]) && std::isfinite(years[i])))
      abort_with({Fault::bad_input, "BrownianBridge: year " + std::to_string(years[i]) + " does not rise"});
  if (n == 0) return;
  const auto year = [&](std::size_t point) { return point == 0 ? 0.0 : years[point - 1]; };
  pieces_.reserve(n);
  pieces_.push_back({n, 0, 0, 0.0, 0.0, std::sqrt(year(n))});
  std::vector<std::pair<std::size_t, std::size_t>> gaps = {{0, n}};  // a queue: breadth first
  for (std::size_t next = 0; next < gaps.size(); ++next) {
    const auto [left, right] = gaps[next];
    if (right - left < 2) continue;
    const std::size_t at = left + (right - left) / 2;
    const double before = year(at) - year(left), after = year(right) - year(at), whole = year(right) - year(left);
    pieces_.push_back({at, left, right, after / whole, before / whole, std::sqrt(before * after / whole)});
    gaps.emplace_back(left, at);
    gaps.emplace_back(at, right);
  }
}

void BrownianBridge::path(std::span<const double> normals, std::span<double> w) const {
  if (normals.size() != pieces_.size() || w.size() != pieces_.size())
    abort_with({Fault::bad_input, "BrownianBridge::path: columns of two lengths"});
  const auto known = [&](std::size_t point) { return point == 0 ? 0.0 : w[point - 1]; };
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    const Piece& piece = pieces_[i];
    w[piece.at - 1] =
        piece.left_weight * known(piece.left) + piece.right_weight * known(piece.right) + piece.deviation * normals[i];
  }
}

}  // namespace ballast::math
