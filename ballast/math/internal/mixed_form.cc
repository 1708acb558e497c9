#include "ballast/math/internal/mixed_form.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <utility>

#include "ballast/math/internal/linear_form.h"

namespace ballast::math::internal {

MixedForm mixed_form(const LotProgram& program, const LotModel& model) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  constexpr auto nowhere = std::numeric_limits<std::size_t>::max();
  PiecewiseProgram widened = program.program;
  const std::size_t n = widened.n(), m = widened.m();
  for (std::size_t i = 0; i < m; ++i) {
    widened.rows[i].lowest -= model.tolerance[i];
    widened.rows[i].highest += model.tolerance[i];
  }
  const LinearForm form = linear_form(widened);

  MixedForm mixed;
  mixed.constant = form.constant;
  mixed.row_lowest = form.row_lowest;
  mixed.row_highest = form.row_highest;
  mixed.owner = form.owner;
  mixed.lots_of.assign(n, nowhere);
  std::vector<std::vector<std::pair<int, double>>> entries;
  const auto add = [&](double lowest, double highest, double cost, bool whole) {
    mixed.lowest.push_back(lowest);
    mixed.highest.push_back(highest);
    mixed.cost.push_back(cost);
    mixed.whole.push_back(whole ? 1 : 0);
    entries.emplace_back();
    return entries.size() - 1;
  };
  const auto add_row = [&](double lowest, double highest) {
    mixed.row_lowest.push_back(lowest);
    mixed.row_highest.push_back(highest);
    return static_cast<int>(mixed.row_lowest.size() - 1);
  };

  std::vector<std::vector<std::size_t>> pieces_of(n);
  for (std::size_t k = 0; k < form.cost.size(); ++k) {
    if (form.owner[k] < n) pieces_of[form.owner[k]].push_back(k);
    add(form.lowest[k], form.highest[k], form.cost[k], false);
    for (int e = form.start[k]; e < form.start[k + 1]; ++e) {
      entries[k].emplace_back(form.row[static_cast<std::size_t>(e)], form.entry[static_cast<std::size_t>(e)]);
    }
  }
  for (std::size_t j = 0; j < n; ++j) {
    if (!model.stepped(j)) continue;
    if (pieces_of[j].size() == 1) {
      for (auto& [row, value] : entries[j]) value *= model.step[j];
      mixed.cost[j] *= model.step[j];
      mixed.lowest[j] = model.low[j];
      mixed.highest[j] = model.high[j];
      mixed.whole[j] = 1;
      mixed.lots_of[j] = j;
      continue;
    }
    // The pieces in lots too, so that a lot is 1 everywhere.
    const std::size_t lots = add(model.low[j], model.high[j], 0.0, true);
    const int row = add_row(0.0, 0.0);
    for (const std::size_t k : pieces_of[j]) entries[k].emplace_back(row, 1.0 / model.step[j]);
    entries[lots].emplace_back(row, -1.0);
    mixed.lots_of[j] = lots;
  }

  const bool limited = model.most_legs < model.leg_cost.size();
  const int count = limited ? add_row(-infinity, static_cast<double>(model.most_legs)) : 0;
  for (std::size_t l = 0; l < model.leg_cost.size(); ++l) {
    if (model.columns_of[l].empty() || (!limited && model.leg_cost[l] == 0.0)) continue;
    bool always = false;
    for (const std::size_t j : model.columns_of[l]) always = always || model.low[j] > 0.0 || model.high[j] < 0.0;
    const std::size_t used = add(always ? 1.0 : 0.0, 1.0, model.leg_cost[l], true);
    if (limited) entries[used].emplace_back(count, 1.0);
    if (always) continue;
    for (const std::size_t j : model.columns_of[l]) {
      const auto within = [&](int row, double reach) {
        if (model.stepped(j)) {
          entries[mixed.lots_of[j]].emplace_back(row, 1.0);
        } else {
          for (const std::size_t k : pieces_of[j]) entries[k].emplace_back(row, 1.0);
        }
        if (reach != 0.0) entries[used].emplace_back(row, -reach);
      };
      within(add_row(-infinity, 0.0), model.high[j]);
      within(add_row(0.0, infinity), model.low[j]);
    }
  }

  if (mixed.row_lowest.empty()) add_row(-infinity, infinity);  // Cbc falls over a program without rows
  mixed.start.push_back(0);
  for (const auto& column : entries) {
    for (const auto& [row, value] : column) {
      mixed.row.push_back(row);
      mixed.entry.push_back(value);
    }
    mixed.start.push_back(static_cast<int>(mixed.row.size()));
  }
  return mixed;
}

std::vector<double> MixedForm::lots(const double* v, const LotModel& model) const {
  std::vector<double> lots(model.n);
  for (std::size_t k = 0; k < owner.size(); ++k) {
    if (owner[k] < model.n && !model.stepped(owner[k])) lots[owner[k]] += v[k];
  }
  for (std::size_t j = 0; j < model.n; ++j) {
    lots[j] = std::clamp(model.stepped(j) ? std::nearbyint(v[lots_of[j]]) : lots[j], model.low[j], model.high[j]);
  }
  return lots;
}

}  // namespace ballast::math::internal
