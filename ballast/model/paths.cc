#include "ballast/model/paths.h"

#include <cmath>
#include <string>
#include <type_traits>
#include <utility>

#include "ballast/math/sobol.h"
#include "ballast/model/internal/path_kernel.h"

namespace ballast::model {
namespace {

constexpr std::size_t most_steps = 100'000;
constexpr double most_jumps = 1e5;  // expected on one path: each is a round of the kernel

// One line for each alternative of PathModel: its name, what is wrong with it, its jumps a year.
template <class M>
std::string_view name_of(const M& model) {
  return name(TransformModel(model));
}
std::string_view name_of(const RoughBergomi&) { return "rough-bergomi"; }
std::string_view name_of(const BergomiTwoFactor&) { return "bergomi-two-factor"; }
std::string_view name_of(const LocalVol&) { return "local-vol"; }
std::string_view name_of(const Sabr&) { return "sabr"; }
std::string_view name_of(const RegimeSwitching&) { return "regime-switching"; }
std::string_view name_of(const ReturnBootstrap&) { return "bootstrap"; }
double jump_rate(const auto&) { return 0.0; }
double jump_rate(const Merton& model) { return model.jumps.rate; }
double jump_rate(const Kou& model) { return model.rate; }
double jump_rate(const Bates& model) { return model.jumps.rate; }
double jump_rate(const Svcj& model) { return model.jumps.rate; }

// Of a model that steps more finely than its dates, or needs more than the grid to do so: its own paths walk.
template <class Paths>
class OwnKernel : public PathPlan::Kernel {
 public:
  explicit OwnKernel(Paths paths) : paths_(std::move(paths)) {}
  std::size_t steps() const override { return paths_.steps(); }
  void fill(std::uint64_t first, std::size_t paths, std::span<double> log_price,
            std::span<double> variance) const override {
    paths_.fill(first, paths, log_price, variance);
  }

 private:
  Paths paths_;
};

using KernelResult = Result<std::shared_ptr<const PathPlan::Kernel>>;

template <class Paths, class M>
KernelResult own_kernel(const M& model, const PathGrid& grid) {
  auto paths = Paths::prepare(model, grid.years, grid.draws);
  if (!paths) return paths.error();
  return std::shared_ptr<const PathPlan::Kernel>(std::make_shared<OwnKernel<Paths>>(std::move(paths.value())));
}
KernelResult kernel_of(const RoughBergomi& m, const PathGrid& grid) { return own_kernel<RoughBergomiPaths>(m, grid); }
KernelResult kernel_of(const BergomiTwoFactor& m, const PathGrid& grid) {
  return own_kernel<BergomiTwoFactorPaths>(m, grid);
}
KernelResult kernel_of(const LocalVol& m, const PathGrid& grid) { return own_kernel<LocalVolPaths>(m, grid); }
KernelResult kernel_of(const Sabr& m, const PathGrid& grid) { return own_kernel<SabrPaths>(m, grid); }
KernelResult kernel_of(const RegimeSwitching& m, const PathGrid& grid) {
  return own_kernel<RegimeSwitchingPaths>(m, grid);
}
KernelResult kernel_of(const ReturnBootstrap& m, const PathGrid& grid) {
  return own_kernel<ReturnBootstrapPaths>(m, grid);
}

/// Of the others, which a step of the grid's own length walks.
template <class M>
KernelResult kernel_of(const M& model, const PathGrid& grid) {
  const std::size_t dimensions = grid.years.size() * normals_a_step(model);
  if (grid.draws.source == DrawSource::sobol && dimensions > math::Sobol::most_dimensions)
    return Error{Fault::limit, std::string(name_of(model)) + " paths: " + std::to_string(dimensions) +
                                   " Sobol dimensions, more than " + std::to_string(math::Sobol::most_dimensions)};
  return path_kernel(model, grid);
}

Error refusal(Fault fault, const PathModel& model, const std::string& text) {
  return {fault, std::string(name(model)) + " paths: " + text};
}

std::optional<Error> wrong_grid(const PathModel& model, std::span<const double> years) {
  if (years.empty()) return refusal(Fault::bad_input, model, "no time to step to");
  if (years.size() > most_steps)
    return refusal(Fault::limit, model,
                   std::to_string(years.size()) + " steps, more than " + std::to_string(most_steps));
  double before = 0.0;
  for (const double time : years) {
    if (!(time > before && std::isfinite(time)))
      return refusal(Fault::bad_input, model,
                     "year " + std::to_string(time) + " does not come after " + std::to_string(before));
    before = time;
  }
  return std::nullopt;
}

}  // namespace

std::string_view name(const PathModel& model) {
  return std::visit([](const auto& m) { return name_of(m); }, model);
}

Result<PathPlan> PathPlan::prepare(const PathModel& model, std::span<const double> years, const Draws& draws) {
  if (auto wrong = std::visit([](const auto& m) { return fault(m); }, model)) return *wrong;
  if (auto wrong = wrong_grid(model, years)) return *wrong;
  const double jumps = years.back() * std::visit([](const auto& m) { return jump_rate(m); }, model);
  if (jumps > most_jumps)
    return refusal(Fault::limit, model, std::to_string(jumps) + " jumps expected on a path, more than 100000");
  PathGrid grid{.years = {years.begin(), years.end()}, .length = {}, .draws = draws};
  for (double before = 0.0; const double time : years) grid.length.push_back(time - std::exchange(before, time));
  auto kernel = std::visit([&](const auto& m) { return kernel_of(m, grid); }, model);
  if (!kernel) return kernel.error();
  return PathPlan(std::move(kernel.value()));
}

PathPlan::PathPlan(std::shared_ptr<const Kernel> kernel) : kernel_(std::move(kernel)) {}

std::size_t PathPlan::steps() const { return kernel_->steps(); }

void PathPlan::fill(std::uint64_t first, std::size_t paths, std::span<double> log_price,
                    std::span<double> variance) const {
  if (log_price.size() != paths * steps() || (!variance.empty() && variance.size() != log_price.size()))
    abort_with({Fault::bad_input, "PathPlan::fill: columns of " + std::to_string(log_price.size()) + " and " +
                                      std::to_string(variance.size()) + " for " + std::to_string(paths) + " paths"});
  if (paths > 0) kernel_->fill(first, paths, log_price, variance);
}

}  // namespace ballast::model
