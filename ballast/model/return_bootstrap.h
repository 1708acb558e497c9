#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/model/draws.h"

/// Recorded returns drawn again in blocks: a path has their tails, and what neighbours have to do with one another.
namespace ballast::model {

struct ReturnBootstrap {
  std::vector<double> log_return;  ///< of consecutive rows, finite, in [-5, 5]; at least 2
  double row_years = 0.0;          ///< the interval of a return, (0, 10]
  double mean_block = 0.0;         ///< rows, >= 1; 0: math::mean_block(rows)
  std::vector<double> vol;         ///< of the same rows, [0, 10] per square root of a year; or empty
};
std::optional<Error> fault(const ReturnBootstrap& model);

/// Its paths by the stationary bootstrap: a block begins at any row, goes on around the end, and stops before each row
/// with chance 1/mean_block (math/stationary_bootstrap.h has the same rule for an Rng). Every date is shifted by the
/// log of the mean of S there, which is known exactly: E[S(t)] = F(t) over all resamples. Given its past a path is no
/// martingale: inside a block the next return is on record.
/// variance: vol² of the row that ends at the date; NaN without vols. rows() gives any other column of that row.
/// The grid's dates are whole numbers of row_years apart, within 1e-6 of one.
/// Cost     two uniforms a row. prepare: rows recorded times rows walked, at most 1e9.
/// Source   D. N. Politis, J. P. Romano, J. American Statistical Association 89 (1994) 1303-1313. The mean: with a the
///          vector of E[S(t); row of t], a' = exp(r) (keep · a shifted by a row + (1 - keep) · mean of a).
class ReturnBootstrapPaths {
 public:
  /// Shapes and bits as PathPlan has them (paths.h). Antithetic or not, there are no normals to turn.
  /// Faults   bad_input: the model's, the grid's, Sobol points (a block's length has no fixed dimension); limit: cost.
  static Result<ReturnBootstrapPaths> prepare(const ReturnBootstrap& model, std::span<const double> years,
                                              const Draws& draws);
  std::size_t steps() const;
  void fill(std::uint64_t first, std::size_t paths, std::span<double> log_price, std::span<double> variance) const;
  /// The row of the record that ends at each date, in the shape of log_price.
  void rows(std::uint64_t first, std::size_t paths, std::span<std::uint32_t> rows) const;

  struct Plan;  ///< internal
 private:
  std::shared_ptr<const Plan> plan_;
};

}  // namespace ballast::model
