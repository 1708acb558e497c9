#pragma once
#include <cstddef>
#include <vector>

namespace ballast::vol::internal {

inline constexpr std::size_t batch_lanes = 8;  ///< slices that are fitted side by side, whatever the vectors' width
inline constexpr std::size_t spline_terms =
    8;                                   ///< cubic bumps of the correction, centred from the first quote to the last
inline constexpr double furthest = 1.5;  ///< |k| up to which a surface is held free of arbitrage

/// The bounds of fit_svi(): sigma in stdevs, for a kink between two quotes is no smile; |slope| in c.
inline constexpr double narrowest_sigma = 0.1, steepest_rho = 0.9995;

/// A slice's conditions are looked at on a grid: four points a knot where the correction lives (from two knots before
/// its first centre to two behind its last), and some further out to `furthest`.
inline constexpr std::size_t inner_points = 4 * (spline_terms + 3) + 1, outer_points = 6;
inline constexpr std::size_t grid_points = inner_points + 2 * outer_points;

/// Numbers of one batch: element [row * 8 + lane] belongs to one slice. The parameters of a slice, by row:
///   0 .. 4   w = [0] + [1] k + [2] sqrt((k - [3])² + e^(2 [4])), raw SVI as the fit has it
///   5 .. 7   scale, first, step: the correction runs in u = (asinh(k / scale) - first) / step
///   8 .. 15  what each bump adds to w: [8 + j] B(u - j), B the cardinal cubic B-spline
inline constexpr std::size_t parameters = 8 + spline_terms;

/// Up to eight slices. Lanes without a slice and rows beyond a slice's quotes have weight 0 and numbers that do no
/// harm.
struct SliceBatch {
  std::size_t slices = 0, rows = 0;
  std::vector<double> log_moneyness, vol, weight;  ///< rows
  std::vector<double> trust;                       ///< rows: what the robust loss leaves of the weight, [0, 1]
  std::vector<double> scaled;                      ///< scratch
  std::vector<double> dense_u;                     ///< u at the dense grid, or empty: not needed yet
  double years[batch_lanes];
  double first[batch_lanes], last[batch_lanes];  ///< log-moneyness of the outermost quotes
  double stdev[batch_lanes];                     ///< vol sqrt(years) at the money, roughly: the smile's own scale
  double shape[parameters * batch_lanes];        ///< in and out
  double grid[grid_points * batch_lanes];        ///< log-moneyness, out of prepare()
  double floor[grid_points * batch_lanes];       ///< total variance that the fit may not go below: the earlier expiry
  double ceiling[grid_points * batch_lanes];     ///< nor above: the later one
  double butterfly_weight[batch_lanes];          ///< how hard g < margin is punished in the correction; 0: not at all
  double calendar_weight[batch_lanes];           ///< how hard floor and ceiling are held there
  double widest_sigma[batch_lanes];              ///< in half-ranges of the quotes
  double furthest_centre[batch_lanes];           ///< |m| in outermost quotes
  double least_butterfly[batch_lanes];           ///< out of check(): min g on a grid four times as dense
  double margin[batch_lanes];                    ///< out of compare(): min of w less the earlier's w on that grid
  double room[batch_lanes];                      ///< and of the later's w less this one's
  double steps[batch_lanes];                     ///< out: evaluations used, added up

  void resize(std::size_t n);
};

struct Effort {
  int steps = 12;
  double tolerance = 1e-4;  ///< a lane has arrived when an accepted step lowers its cost by less than this share
};

/// Knots and grid from the quotes' range.
void prepare(SliceBatch& batch);

/// Least squares of vol errors without conditions. `cold`: from the best of a few (m, sigma), else from `shape`.
void fit_svi(SliceBatch& batch, Effort effort, bool cold);

/// The correction on top of the SVI part: linear least squares, and a descent where the conditions ask for it.
void fit_spline(SliceBatch& batch, Effort effort);

/// Half the gradient of the correction's sum of squares at `shape`, [term * 8 + lane].
void spline_gradient(SliceBatch& batch, double* gradient);

/// Vol error of every row, into `scaled` [row * 8 + lane].
void residuals(SliceBatch& batch);

/// A crude SVI fit by least absolute errors, on `scaled` the vol error it leaves: so that one bad quote shows.
void screen(SliceBatch& batch);

/// min g over |k| <= furthest and the quotes, on the dense grid; -1 where w <= 0.
void check(SliceBatch& batch);

/// How far the slices lie above earlier ones and below later ones, one of each a lane: parameters as `shape`. On the
/// dense grid of `batch`.
void compare(SliceBatch& batch, const double* earlier, const double* later);

/// The total variance of other slices on the grid of `batch`.
void on_grid(const SliceBatch& batch, const double* other, double* w);

}  // namespace ballast::vol::internal
