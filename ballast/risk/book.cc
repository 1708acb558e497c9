#include "ballast/risk/book.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "ballast/base/result.h"
#include "ballast/math/sums.h"
#include "ballast/pricing/tick_columns.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ballast/risk/book.cc"
#include <hwy/foreach_target.h>
// After foreach_target, which includes this file once per instruction set.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace ballast::risk::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

void AccountSums(const std::uint32_t* first, std::size_t accounts, const std::uint32_t* row, const double* quantity,
                 const Figures* figures, Figures* out) {
  // The four figures of a position are one vector where vectors have four lanes, else two or four.
  const hn::CappedTag<double, 4> d;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t part = 0; part < 4; part += lanes)
    for (std::size_t a = 0; a < accounts; ++a) {
      auto sum = hn::Zero(d);
      for (std::size_t i = first[a]; i < first[a + 1]; ++i)
        sum = hn::MulAdd(hn::Set(d, quantity[i]), hn::LoadU(d, &figures[row[i]].value + part), sum);
      hn::StoreU(sum, d, &out[a].value + part);
    }
}

}  // namespace ballast::risk::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ballast::risk {
namespace {

void require(bool good, const char* what) {
  if (!good) abort_with({Fault::bad_input, what});
}

// The weighted worth in every scenario and, last, in none: one call, so that a cell without a move has no profit at
// all.
std::vector<double> worth(const OptionRows& options, std::span<const double> weight,
                          std::span<const pricing::Scenario> scenarios) {
  std::vector<pricing::Scenario> cells(scenarios.begin(), scenarios.end());
  cells.emplace_back();
  std::vector<double> value(cells.size());
  pricing::black_grid(options.columns(), weight, cells, value);
  return value;
}

}  // namespace

std::vector<double> net_quantities(const OptionPositions& positions, std::size_t rows) {
  require(positions.row.size() == positions.quantity.size(), "net_quantities: columns of two lengths");
  std::vector<double> net(rows, 0.0), rest(rows, 0.0);
  for (std::size_t i = 0; i < positions.row.size(); ++i) {
    const std::size_t row = positions.row[i];
    if (row >= rows)
      abort_with({Fault::bad_input, "net_quantities: row " + std::to_string(row) + " of " + std::to_string(rows)});
    // Two-sum: what the addition lost goes to `rest`.
    const double a = net[row], b = positions.quantity[i], sum = a + b, seen = sum - a;
    rest[row] += (a - (sum - seen)) + (b - seen);
    net[row] = sum;
  }
  for (std::size_t row = 0; row < rows; ++row) net[row] += rest[row];
  return net;
}

TickBook::TickBook(const OptionRows& options, std::span<const double> net_quantity, Price spot)
    : anchor_(spot.value), quantity_(net_quantity.begin(), net_quantity.end()), per_forward_(options.size()) {
  const std::size_t n = options.size();
  require(net_quantity.size() == n, "TickBook: one net quantity a row");
  for (auto* column : {&log_moneyness_, &per_stdev_, &half_stdev_, &root_years_, &forward_per_spot_, &spot_per_forward_,
                       &strike_, &sign_, &price_, &delta_, &gamma_, &vega_})
    column->resize(n);
  pricing::prepare_tick(
      options.columns(), spot.value,
      {log_moneyness_, per_stdev_, half_stdev_, root_years_, forward_per_spot_, spot_per_forward_, strike_, sign_});
  for (std::size_t i = 0; i < n; ++i) per_forward_[i] = quantity_[i] / options.forward[i];
}

BookSums TickBook::at(Price spot) {
  pricing::black_tick(
      {log_moneyness_, per_stdev_, half_stdev_, root_years_, forward_per_spot_, spot_per_forward_, strike_, sign_},
      anchor_, spot.value, price_, delta_, gamma_, vega_);
  BookSums sums;
  const double delta = math::dot(quantity_, delta_);
  sums.value = Usd(math::dot(quantity_, price_));
  sums.delta = Coin(delta);
  sums.net_delta = Coin(delta - math::dot(per_forward_, price_) * (anchor_ / spot.value));
  sums.gamma = math::dot(quantity_, gamma_);
  sums.vega = Usd(math::dot(quantity_, vega_));
  return sums;
}

std::vector<pricing::Scenario> scenario_grid(std::span<const double> price_moves, std::span<const double> vol_moves) {
  std::vector<pricing::Scenario> scenarios;
  scenarios.reserve(price_moves.size() * vol_moves.size());
  for (const double price : price_moves)
    for (const double vol : vol_moves) scenarios.push_back({.price_factor = 1.0 + price, .vol_factor = 1.0 + vol});
  return scenarios;
}

std::vector<double> grid_profit_usd(const OptionRows& options, std::span<const double> net_quantity,
                                    std::span<const pricing::Scenario> scenarios) {
  std::vector<double> profit = worth(options, net_quantity, scenarios);
  const double base = profit.back();
  profit.pop_back();
  for (double& p : profit) p -= base;
  return profit;
}

std::vector<double> grid_profit_coin(const OptionRows& options, std::span<const double> net_quantity,
                                     std::span<const pricing::Scenario> scenarios) {
  require(net_quantity.size() == options.size(), "grid_profit_coin: one net quantity a row");
  std::vector<double> per_forward(options.size());
  for (std::size_t i = 0; i < options.size(); ++i) per_forward[i] = net_quantity[i] / options.forward[i];
  std::vector<double> profit = worth(options, per_forward, scenarios);
  const double base = profit.back();
  profit.pop_back();
  for (std::size_t j = 0; j < profit.size(); ++j) profit[j] = profit[j] / scenarios[j].price_factor - base;
  return profit;
}

HWY_EXPORT(AccountSums);

void account_figures(const AccountPositions& positions, std::span<const Figures> rows, std::span<Figures> accounts) {
  const std::size_t n = positions.row.size();
  require(positions.quantity.size() == n, "account_figures: columns of two lengths");
  require(positions.first.size() == accounts.size() + 1, "account_figures: one bound more than accounts");
  require(positions.first.front() == 0 && positions.first.back() == n,
          "account_figures: bounds from 0 to the positions");
  require(std::ranges::is_sorted(positions.first), "account_figures: bounds ascend");
  std::uint32_t most = 0;
  for (const std::uint32_t row : positions.row) most = std::max(most, row);
  require(n == 0 || most < rows.size(), "account_figures: a row out of range");
  HWY_DYNAMIC_DISPATCH(AccountSums)
  (positions.first.data(), accounts.size(), positions.row.data(), positions.quantity.data(), rows.data(),
   accounts.data());
}

}  // namespace ballast::risk
#endif  // HWY_ONCE
