#include "ballast/model/return_bootstrap.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "ballast/math/columns.h"
#include "ballast/math/elementary.h"
#include "ballast/math/random_columns.h"
#include "ballast/math/stationary_bootstrap.h"
#include "ballast/model/internal/fine_numbers.h"

namespace ballast::model {

struct ReturnBootstrapPaths::Plan {
  ReturnBootstrap model;
  std::uint64_t seed = 0;
  double stop = 0.0;               // chance that a block stops before a row
  std::vector<std::size_t> after;  // rows walked when a date is reached
  std::vector<double> mean;        // log of E[S] at each date before the shift
};

namespace {

constexpr std::size_t block = 64;  // paths whose rows stay in the first cache

// Walks a block of paths row by row; emit(date, rows, sums).
template <class Emit>
void walk(const ReturnBootstrapPaths::Plan& plan, std::uint64_t first, Emit emit) {
  const std::size_t rows = plan.model.log_return.size();
  double stops[block], places[block], sum[block] = {};
  std::uint32_t at[block] = {};
  std::size_t date = 0;
  for (std::size_t t = 0; t < plan.after.back(); ++t) {
    math::uniform_draws(plan.seed, first, 2 * t, stops);
    math::uniform_draws(plan.seed, first, 2 * t + 1, places);
    for (std::size_t i = 0; i < block; ++i) {
      const auto place = static_cast<std::uint32_t>(places[i] * static_cast<double>(rows));  // below rows: u < 1
      const std::uint32_t next = at[i] + 1 == rows ? 0 : at[i] + 1;
      at[i] = t == 0 || stops[i] < plan.stop ? place : next;
      sum[i] += plan.model.log_return[at[i]];
    }
    if (t + 1 == plan.after[date]) emit(date++, at, sum);
  }
}

// ln E[S] at the dates: weight[row] is E[S; the last row was it], kept to a sum of 1 with the log of its scale beside.
std::vector<double> log_means(std::span<const double> log_return, double stop, std::span<const std::size_t> after) {
  const std::size_t n = log_return.size();
  std::vector<double> gain(n), weight(n), next(n), means;
  math::exp(log_return, gain);
  double scale = 0.0;
  for (std::size_t t = 0; t < after.back(); ++t) {
    const double keep = t == 0 ? 0.0 : 1.0 - stop, anew = (1.0 - keep) / static_cast<double>(n);
    double total = 0.0, before = weight[n - 1];
    for (std::size_t row = 0; row < n; ++row) {
      next[row] = gain[row] * (keep * before + anew);
      total += next[row];
      before = weight[row];
    }
    for (std::size_t row = 0; row < n; ++row) weight[row] = next[row] / total;
    scale += math::log(total);
    if (t + 1 == after[means.size()]) means.push_back(scale);
  }
  return means;
}

}  // namespace

std::optional<Error> fault(const ReturnBootstrap& m) {
  const auto refusal = [](std::string what) { return Error{Fault::bad_input, "bootstrap: " + std::move(what)}; };
  const std::size_t n = m.log_return.size();
  if (n < 2 || n > std::numeric_limits<std::uint32_t>::max())
    return refusal(std::to_string(n) + " returns, not 2 to 2^32 - 1");
  if (!m.vol.empty() && m.vol.size() != n)
    return refusal(std::to_string(m.vol.size()) + " vols for " + std::to_string(n) + " returns");
  for (std::size_t i = 0; i < n; ++i)
    if (!(std::abs(m.log_return[i]) <= 5.0))
      return refusal("return " + std::to_string(i) + " is " + std::to_string(m.log_return[i]) + ", outside [-5, 5]");
  for (std::size_t i = 0; i < m.vol.size(); ++i)
    if (!(m.vol[i] >= 0.0 && m.vol[i] <= 10.0))
      return refusal("vol " + std::to_string(i) + " is " + std::to_string(m.vol[i]) + ", outside [0, 10]");
  if (!(m.row_years > 0.0 && m.row_years <= 10.0))
    return refusal("row_years is " + std::to_string(m.row_years) + ", outside (0, 10]");
  if (!(m.mean_block == 0.0 || (m.mean_block >= 1.0 && std::isfinite(m.mean_block))))
    return refusal("mean_block is " + std::to_string(m.mean_block) + ", not 0 and below 1");
  return std::nullopt;
}

Result<ReturnBootstrapPaths> ReturnBootstrapPaths::prepare(const ReturnBootstrap& model, std::span<const double> years,
                                                           const Draws& draws) {
  if (auto wrong = fault(model)) return *wrong;
  const auto refusal = [](Fault fault, std::string what) {
    return Error{fault, "bootstrap paths: " + std::move(what)};
  };
  if (draws.source == DrawSource::sobol) return refusal(Fault::bad_input, "blocks of rows take no Sobol points");
  const std::size_t n = model.log_return.size();
  const double mean_block = model.mean_block > 0.0 ? model.mean_block : math::mean_block(n);
  Plan plan{.model = model, .seed = draws.seed, .stop = 1.0 / mean_block};
  auto dates = step_grid("bootstrap", years, std::numeric_limits<double>::infinity(), 0.0);
  if (!dates) return dates.error();
  std::size_t walked = 0;
  for (const double time : years) {
    const double whole = std::round(time / model.row_years);
    if (std::abs(time / model.row_years - whole) > 1e-6 || !(whole > static_cast<double>(walked)))
      return refusal(Fault::bad_input, "year " + std::to_string(time) + " is not a whole number of rows of " +
                                           std::to_string(model.row_years) + " years after the one before");
    if (whole * static_cast<double>(n) > 1e9)
      return refusal(Fault::limit, std::to_string(n) + " returns recorded times " + std::to_string(whole) +
                                       " rows walked, more than 1e9");
    walked = static_cast<std::size_t>(whole);
    plan.after.push_back(walked);
  }
  plan.mean = log_means(model.log_return, plan.stop, plan.after);
  ReturnBootstrapPaths paths;
  paths.plan_ = std::make_shared<const Plan>(std::move(plan));
  return paths;
}

std::size_t ReturnBootstrapPaths::steps() const { return plan_->after.size(); }

void ReturnBootstrapPaths::fill(std::uint64_t first, std::size_t paths, std::span<double> log_price,
                                std::span<double> variance) const {
  check_columns("bootstrap", steps(), paths, log_price, variance);
  const std::vector<double>& vol = plan_->model.vol;
  for (std::size_t done = 0; done < paths; done += block) {
    const std::size_t rows = std::min(block, paths - done);
    walk(*plan_, first + done, [&](std::size_t date, const std::uint32_t* at, const double* sum) {
      for (std::size_t i = 0; i < rows; ++i) log_price[date * paths + done + i] = sum[i] - plan_->mean[date];
      for (std::size_t i = 0; i < rows && !variance.empty(); ++i)
        variance[date * paths + done + i] =
            vol.empty() ? std::numeric_limits<double>::quiet_NaN() : vol[at[i]] * vol[at[i]];
    });
  }
}

void ReturnBootstrapPaths::rows(std::uint64_t first, std::size_t paths, std::span<std::uint32_t> out) const {
  if (out.size() != paths * steps())
    abort_with({Fault::bad_input, "bootstrap rows: a column of " + std::to_string(out.size()) + " for " +
                                      std::to_string(paths) + " paths"});
  for (std::size_t done = 0; done < paths; done += block) {
    const std::size_t rows = std::min(block, paths - done);
    walk(*plan_, first + done, [&](std::size_t date, const std::uint32_t* at, const double*) {
      std::copy_n(at, rows, out.data() + date * paths + done);
    });
  }
}

}  // namespace ballast::model
