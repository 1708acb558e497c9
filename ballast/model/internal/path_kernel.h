#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "ballast/model/paths.h"

/// What PathPlan::prepare hands a model: the grid and where the numbers come from, both checked.
namespace ballast::model {

/// A model laid out over its grid. One for each family of schemes, in its own file of this folder; `fill` is
/// PathPlan::fill, its shapes checked.
class PathPlan::Kernel {
 public:
  virtual ~Kernel() = default;
  virtual std::size_t steps() const = 0;
  virtual void fill(std::uint64_t first, std::size_t paths, std::span<double> log_price,
                    std::span<double> variance) const = 0;
};

struct PathGrid {
  std::vector<double> years;   ///< rising, the first above 0
  std::vector<double> length;  ///< of each step, years
  Draws draws;
};

/// How many normals a step of each model takes: with Sobol points each is a dimension.
constexpr std::size_t normals_a_step(const BlackScholes&) { return 1; }
constexpr std::size_t normals_a_step(const Merton&) { return 1; }
constexpr std::size_t normals_a_step(const Kou&) { return 1; }
constexpr std::size_t normals_a_step(const Heston&) { return 2; }
constexpr std::size_t normals_a_step(const Bates&) { return 2; }
constexpr std::size_t normals_a_step(const Svcj&) { return 2; }

std::shared_ptr<const PathPlan::Kernel> path_kernel(const BlackScholes& model, const PathGrid& grid);
std::shared_ptr<const PathPlan::Kernel> path_kernel(const Merton& model, const PathGrid& grid);
std::shared_ptr<const PathPlan::Kernel> path_kernel(const Kou& model, const PathGrid& grid);
std::shared_ptr<const PathPlan::Kernel> path_kernel(const Heston& model, const PathGrid& grid);
std::shared_ptr<const PathPlan::Kernel> path_kernel(const Bates& model, const PathGrid& grid);
std::shared_ptr<const PathPlan::Kernel> path_kernel(const Svcj& model, const PathGrid& grid);

}  // namespace ballast::model
