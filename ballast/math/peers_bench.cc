#include "ballast/math/peers_bench.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <glpk.h>
#include <Eigen/Dense>

#include <CbcModel.hpp>
#include <CbcStrategy.hpp>
#include <ClpSimplex.hpp>
#include <OsiClpSolverInterface.hpp>

#include "ballast/math/internal/linear_form.h"
#include "ballast/math/internal/mixed_form.h"

namespace ballast::bench {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

int kind(double lowest, double highest) {
  if (lowest == highest) return GLP_FX;
  if (std::isfinite(lowest)) return std::isfinite(highest) ? GLP_DB : GLP_LO;
  return std::isfinite(highest) ? GLP_UP : GLP_FR;
}

// LinearForm and MixedForm have the same names for the same things.
template <class Form>
glp_prob* glpk_problem(const Form& form) {
  glp_term_out(GLP_OFF);
  glp_prob* problem = glp_create_prob();
  glp_set_obj_dir(problem, GLP_MIN);
  glp_add_rows(problem, static_cast<int>(form.row_lowest.size()));
  glp_add_cols(problem, static_cast<int>(form.cost.size()));
  for (std::size_t i = 0; i < form.row_lowest.size(); ++i) {
    glp_set_row_bnds(problem, static_cast<int>(i) + 1, kind(form.row_lowest[i], form.row_highest[i]),
                     form.row_lowest[i], form.row_highest[i]);
  }
  for (std::size_t k = 0; k < form.cost.size(); ++k) {
    const int column = static_cast<int>(k) + 1;
    glp_set_col_bnds(problem, column, kind(form.lowest[k], form.highest[k]), form.lowest[k], form.highest[k]);
    glp_set_obj_coef(problem, column, form.cost[k]);
    std::vector<int> row{0};
    std::vector<double> value{0.0};
    for (int e = form.start[k]; e < form.start[k + 1]; ++e) {
      row.push_back(form.row[static_cast<std::size_t>(e)] + 1);
      value.push_back(form.entry[static_cast<std::size_t>(e)]);
    }
    glp_set_mat_col(problem, column, static_cast<int>(row.size()) - 1, row.data(), value.data());
  }
  glp_set_obj_coef(problem, 0, form.constant);
  return problem;
}

// How the bounds of the rows and the constant go with the offset.
struct Moving {
  std::vector<double> lowest, highest, slope, offset;
  double constant;

  Moving(const math::LinearForm& form, const math::PiecewiseProgram& p)
      : lowest(form.row_lowest),
        highest(form.row_highest),
        slope(form.row_slope),
        offset(p.offset),
        constant(form.constant) {}
  double constant_at(std::span<const double> moved) const {
    double sum = constant;
    for (std::size_t i = 0; i < slope.size(); ++i) sum += slope[i] * (moved[i] - offset[i]);
    return sum;
  }
};

}  // namespace

struct GlpkLinear::State {
  Moving moving;
  glp_prob* problem;
  glp_smcp rules;
};

GlpkLinear::GlpkLinear(const math::PiecewiseProgram& program) {
  const math::LinearForm form = math::linear_form(program);
  state_ = std::make_unique<State>(State{Moving(form, program), glpk_problem(form), {}});
  glp_init_smcp(&state_->rules);
  state_->rules.msg_lev = GLP_MSG_OFF;
  state_->rules.meth = GLP_DUALP;
  glp_adv_basis(state_->problem, 0);
}

GlpkLinear::~GlpkLinear() { glp_delete_prob(state_->problem); }

double GlpkLinear::solve(std::span<const double> offset) {
  State& s = *state_;
  for (std::size_t i = 0; i < offset.size(); ++i) {
    const double by = offset[i] - s.moving.offset[i];
    const double lowest = s.moving.lowest[i] - by, highest = s.moving.highest[i] - by;
    glp_set_row_bnds(s.problem, static_cast<int>(i) + 1, kind(lowest, highest), lowest, highest);
  }
  if (glp_simplex(s.problem, &s.rules) != 0 || glp_get_status(s.problem) != GLP_OPT) return NAN;
  return glp_get_obj_val(s.problem) - s.moving.constant + s.moving.constant_at(offset);
}

struct ClpLinear::State {
  Moving moving;
  ClpSimplex model;
  bool warm = false;
};

ClpLinear::ClpLinear(const math::PiecewiseProgram& program) {
  const math::LinearForm form = math::linear_form(program);
  state_ = std::make_unique<State>(State{.moving = Moving(form, program), .model = {}});
  state_->model.setLogLevel(0);
  state_->model.loadProblem(static_cast<int>(form.cost.size()), static_cast<int>(form.row_lowest.size()),
                            form.start.data(), form.row.data(), form.entry.data(), form.lowest.data(),
                            form.highest.data(), form.cost.data(), form.row_lowest.data(), form.row_highest.data());
}

ClpLinear::~ClpLinear() = default;

double ClpLinear::solve(std::span<const double> offset) {
  State& s = *state_;
  for (std::size_t i = 0; i < offset.size(); ++i) {
    const double by = offset[i] - s.moving.offset[i];
    s.model.setRowBounds(static_cast<int>(i), s.moving.lowest[i] - by, s.moving.highest[i] - by);
  }
  s.model.dual(0, s.warm ? 7 : 1);  // 7: keep work areas and factorisation, initialise as little as can be
  s.warm = true;
  if (s.model.status() != 0) return NAN;
  return s.model.objectiveValue() + s.moving.constant_at(offset);
}

double clp_barrier(const math::PiecewiseProgram& p, std::span<const double> offset, std::span<const double> tilt) {
  const std::size_t n = p.n(), m = p.m();
  std::vector<double> lowest, highest, cost, row_lowest, row_highest;
  std::vector<int> start{0}, row, quadratic_start{0}, quadratic_row;
  for (std::size_t j = 0; j < n; ++j) {
    lowest.push_back(p.columns[j].lowest);
    highest.push_back(p.columns[j].highest);
    cost.push_back(p.columns[j].slopes[0] + tilt[j]);
    for (std::size_t i = 0; i < m; ++i) row.push_back(static_cast<int>(i));
    for (std::size_t k = 0; k < n; ++k) quadratic_row.push_back(static_cast<int>(k));
    start.push_back(static_cast<int>(row.size()));
    quadratic_start.push_back(static_cast<int>(quadratic_row.size()));
  }
  for (std::size_t i = 0; i < m; ++i) {
    row_lowest.push_back(p.rows[i].lowest - offset[i]);
    row_highest.push_back(p.rows[i].highest - offset[i]);
  }
  ClpSimplex model;
  model.setLogLevel(0);
  model.loadProblem(static_cast<int>(n), static_cast<int>(m), start.data(), row.data(), p.matrix.data(), lowest.data(),
                    highest.data(), cost.data(), row_lowest.data(), row_highest.data());
  model.loadQuadraticObjective(static_cast<int>(n), quadratic_start.data(), quadratic_row.data(), p.hessian.data());
  model.barrier(false);
  // Its own objective value is of the scaled problem: the point counts.
  const double* x = model.primalColumnSolution();
  double objective = 0.0;
  for (std::size_t j = 0; j < n; ++j) {
    double gradient = 0.0;
    for (std::size_t k = 0; k < n; ++k) gradient += p.hessian[j * n + k] * x[k];
    objective += x[j] * (cost[j] + 0.5 * gradient);
  }
  return objective;
}

struct PlainActiveSet::State {
  // minimise g'x + x'Gx/2 with normal_k'x >= bound_k: bounds of columns, then of rows, low and high.
  Eigen::MatrixXd hessian, inverse, normals, pushed;  // pushed = G^-1 normals
  Eigen::VectorXd slope, bound;
  std::vector<double> row_lowest, row_highest;
  std::size_t n = 0, m = 0;
};

PlainActiveSet::PlainActiveSet(const math::PiecewiseProgram& p) : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.n = p.n(), s.m = p.m();
  const auto n = static_cast<Eigen::Index>(s.n), m = static_cast<Eigen::Index>(s.m);
  s.hessian = Eigen::Map<const Eigen::MatrixXd>(p.hessian.data(), n, n);
  s.inverse = s.hessian.llt().solve(Eigen::MatrixXd::Identity(n, n));
  s.normals = Eigen::MatrixXd::Zero(n, 2 * (n + m));
  s.bound = Eigen::VectorXd::Zero(2 * (n + m));
  s.slope = Eigen::VectorXd::Zero(n);
  for (Eigen::Index j = 0; j < n; ++j) {
    const auto& column = p.columns[static_cast<std::size_t>(j)];
    s.slope[j] = column.slopes[0];
    s.normals(j, 2 * j) = 1.0, s.bound[2 * j] = column.lowest;
    s.normals(j, 2 * j + 1) = -1.0, s.bound[2 * j + 1] = -column.highest;
  }
  const Eigen::Map<const Eigen::MatrixXd> matrix(p.matrix.data(), m, n);
  for (Eigen::Index i = 0; i < m; ++i) {
    s.normals.col(2 * (n + i)) = matrix.row(i).transpose();
    s.normals.col(2 * (n + i) + 1) = -matrix.row(i).transpose();
    s.row_lowest.push_back(p.rows[static_cast<std::size_t>(i)].lowest);
    s.row_highest.push_back(p.rows[static_cast<std::size_t>(i)].highest);
  }
  s.pushed = s.inverse * s.normals;
}

PlainActiveSet::~PlainActiveSet() = default;

double PlainActiveSet::solve(std::span<const double> offset, std::span<const double> tilt) {
  State& s = *state_;
  const auto n = static_cast<Eigen::Index>(s.n);
  const Eigen::VectorXd g = s.slope + Eigen::Map<const Eigen::VectorXd>(tilt.data(), n);
  for (std::size_t i = 0; i < s.m; ++i) {
    const auto k = static_cast<Eigen::Index>(2 * (s.n + i));
    s.bound[k] = s.row_lowest[i] - offset[i], s.bound[k + 1] = offset[i] - s.row_highest[i];
  }
  Eigen::VectorXd x = -s.inverse * g;
  std::vector<Eigen::Index> active;
  std::vector<double> price;
  for (int guard = 0; guard < 10'000; ++guard) {
    Eigen::Index worst = 0;
    const double gap = (s.normals.transpose() * x - s.bound).minCoeff(&worst);
    if (gap >= -1e-11) return g.dot(x) + 0.5 * x.dot(s.hessian * x);
    double added = 0.0;
    for (;;) {  // go along the new constraint; those whose price falls to 0 on the way leave
      const auto q = static_cast<Eigen::Index>(active.size());
      Eigen::VectorXd direction = s.pushed.col(worst), rates = Eigen::VectorXd::Zero(q);
      if (q > 0) {
        const Eigen::MatrixXd among = s.normals(Eigen::all, active).transpose() * s.pushed(Eigen::all, active);
        rates = among.llt().solve(s.pushed(Eigen::all, active).transpose() * s.normals.col(worst));
        direction -= s.pushed(Eigen::all, active) * rates;
      }
      const double speed = direction.dot(s.normals.col(worst));
      double length = infinity;
      Eigen::Index leaves = -1;
      for (Eigen::Index k = 0; k < q; ++k) {
        if (rates[k] > 0.0 && price[static_cast<std::size_t>(k)] / rates[k] < length) {
          length = price[static_cast<std::size_t>(k)] / rates[k], leaves = k;
        }
      }
      const bool moves = speed > 1e-13;
      const double full = moves ? (s.bound[worst] - s.normals.col(worst).dot(x)) / speed : infinity;
      const double step = std::min(length, full);
      if (!std::isfinite(step)) return NAN;
      if (moves) x += step * direction;
      for (Eigen::Index k = 0; k < q; ++k) price[static_cast<std::size_t>(k)] -= step * rates[k];
      added += step;
      if (full <= length) {
        active.push_back(worst), price.push_back(added);
        break;
      }
      active.erase(active.begin() + leaves), price.erase(price.begin() + leaves);
    }
  }
  return NAN;
}

PeerLots cbc_lots(const math::LotProgram& program, double gap, double seconds) {
  const auto model = math::internal::LotModel::make(program).value();
  const auto form = math::internal::mixed_form(program, model);
  OsiClpSolverInterface linear;
  linear.messageHandler()->setLogLevel(0);
  linear.getModelPtr()->setLogLevel(0);
  linear.setHintParam(OsiDoReducePrint, true, OsiHintTry);
  linear.loadProblem(static_cast<int>(form.cost.size()), static_cast<int>(form.row_lowest.size()), form.start.data(),
                     form.row.data(), form.entry.data(), form.lowest.data(), form.highest.data(), form.cost.data(),
                     form.row_lowest.data(), form.row_highest.data());
  for (std::size_t k = 0; k < form.whole.size(); ++k) {
    if (form.whole[k] != 0) linear.setInteger(static_cast<int>(k));
  }
  linear.setDblParam(OsiObjOffset, -form.constant);
  CbcModel search(linear);
  search.setLogLevel(0);
  search.setMaximumSeconds(seconds);
  search.setAllowableFractionGap(gap);
  CbcStrategyDefault strategy(1, 5, 5, 0);  // without Cgl's preprocessing, which has wrong answers among them
  search.setStrategy(strategy);
  search.branchAndBound();
  return {search.bestSolution() != nullptr ? search.getObjValue() : NAN, search.getBestPossibleObjValue()};
}

PeerLots glpk_lots(const math::LotProgram& program, double gap, double seconds) {
  const auto model = math::internal::LotModel::make(program).value();
  const auto form = math::internal::mixed_form(program, model);
  glp_prob* problem = glpk_problem(form);
  for (std::size_t k = 0; k < form.whole.size(); ++k) {
    if (form.whole[k] != 0) glp_set_col_kind(problem, static_cast<int>(k) + 1, GLP_IV);
  }
  glp_iocp rules;
  glp_init_iocp(&rules);
  rules.msg_lev = GLP_MSG_OFF;
  rules.presolve = GLP_ON;
  rules.gmi_cuts = rules.mir_cuts = rules.cov_cuts = GLP_ON;
  rules.fp_heur = GLP_ON;
  rules.mip_gap = gap;
  rules.tm_lim = static_cast<int>(1000.0 * seconds);
  glp_intopt(problem, &rules);
  const int status = glp_mip_status(problem);
  const PeerLots found{status == GLP_OPT || status == GLP_FEAS ? glp_mip_obj_val(problem) : NAN, NAN};
  glp_delete_prob(problem);
  return found;
}

}  // namespace ballast::bench
