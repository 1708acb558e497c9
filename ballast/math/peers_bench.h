#pragma once
#include <memory>
#include <span>
#include <vector>

#include "ballast/math/lot_program.h"

/// Other solvers of the same problems, each used as its author would have it: built once, then only what has moved is
/// changed, and the next solve goes on from the last basis where there is one.
namespace ballast::bench {

/// A linear program in GLPK: dual simplex from the last basis.
class GlpkLinear {
 public:
  explicit GlpkLinear(const math::PiecewiseProgram& program);
  ~GlpkLinear();
  GlpkLinear(const GlpkLinear&) = delete;
  GlpkLinear& operator=(const GlpkLinear&) = delete;
  double solve(std::span<const double> offset);  ///< the least objective

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A linear program in Clp: dual simplex from the last basis and factorisation.
class ClpLinear {
 public:
  explicit ClpLinear(const math::PiecewiseProgram& program);
  ~ClpLinear();
  ClpLinear(const ClpLinear&) = delete;
  ClpLinear& operator=(const ClpLinear&) = delete;
  double solve(std::span<const double> offset);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A quadratic program in Clp: its barrier, which has no memory of the last solve. Columns of one slope, rows without.
double clp_barrier(const math::PiecewiseProgram& program, std::span<const double> offset, std::span<const double> tilt);

/// The same in plain Eigen: a dual active set from nothing each time, the Hessian's inverse kept.
/// Source  D. Goldfarb, A. Idnani, Math. Programming 27 (1983) 1-33.
class PlainActiveSet {
 public:
  explicit PlainActiveSet(const math::PiecewiseProgram& program);
  ~PlainActiveSet();
  PlainActiveSet(const PlainActiveSet&) = delete;
  PlainActiveSet& operator=(const PlainActiveSet&) = delete;
  double solve(std::span<const double> offset, std::span<const double> tilt);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// What a mixed-integer solver found by the time: NaN where it found nothing.
struct PeerLots {
  double objective = 0.0, bound = 0.0;
};

PeerLots cbc_lots(const math::LotProgram& program, double gap, double seconds);   ///< cuts and heuristics on
PeerLots glpk_lots(const math::LotProgram& program, double gap, double seconds);  ///< presolve as well

}  // namespace ballast::bench
