#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ballast/base/units.h"
#include "ballast/pricing/columns.h"
#include "ballast/pricing/grid_columns.h"

namespace ballast::risk {

/// The unique options of one underlying, one row each; units as pricing::ForwardColumns.
struct OptionRows {
  std::vector<double> forward, strike, vol, years, sign;

  std::size_t size() const { return forward.size(); }
  pricing::ForwardColumns columns() const { return {forward, strike, vol, years, sign}; }
};

/// Positions: signed coins of the option in row `row`. Any number of positions may name one row.
struct OptionPositions {
  std::vector<std::uint32_t> row;
  std::vector<double> quantity;  ///< coin
};

/// The positions gathered into one quantity a row: what a revaluation needs, however many positions there are.
/// Domain   every row below `rows`, else the program stops.
/// Error    1 ulp a row: sums are carried in two parts, so legs that cancel leave nothing.
std::vector<double> net_quantities(const OptionPositions& positions, std::size_t rows);

/// Sums over a book of options, long quantities positive. A row outside its domain makes every sum NaN.
struct BookSums {
  Usd value;         ///< undiscounted
  Coin delta;        ///< sum of quantity times Black delta
  Coin net_delta;    ///< delta less the premium in coin: neutral point of an account counted in coin
  double gamma = 0;  ///< coin per USD
  Usd vega;          ///< per 1.00 of vol
};

/// A book made ready for spot ticks: constants of its rows at the anchor spot, and room for their results, so that a
/// tick allocates nothing. A value: copy it, save it. A change of vols, times or quantities makes a new one.
class TickBook {
 public:
  /// `spot` is the anchor: where the forwards of `options` stand. One net quantity a row.
  TickBook(const OptionRows& options, std::span<const double> net_quantity, Price spot);

  /// Every row revalued at `spot`, forwards moving in proportion, and summed.
  /// Domain   spot within 1/100 and 100 times the anchor, else NaN.
  /// Error    rows as pricing::black_tick, sums as math::dot.
  /// Cost     one tick kernel and five sums over the rows; the number of positions does not enter.
  BookSums at(Price spot);

  std::size_t size() const { return quantity_.size(); }
  std::span<const double> price() const { return price_; }  ///< of the rows, at the last spot; USD per coin
  std::span<const double> delta() const { return delta_; }
  std::span<const double> gamma() const { return gamma_; }
  std::span<const double> vega() const { return vega_; }

 private:
  double anchor_;
  std::vector<double> quantity_, per_forward_;  // per_forward_: quantity over the forward at the anchor
  std::vector<double> log_moneyness_, per_stdev_, half_stdev_, root_years_, forward_per_spot_, spot_per_forward_,
      strike_, sign_;
  std::vector<double> price_, delta_, gamma_, vega_;
};

/// The profit of a book of options in every cell of a grid or on a ladder, against no move at all: in USD, and in coin,
/// V/F, which is what a coin-settled account sees. One net quantity a row.
/// Error    as pricing::black_grid; a cell without a move is 0.
std::vector<double> grid_profit_usd(const OptionRows& options, std::span<const double> net_quantity,
                                    std::span<const pricing::Scenario> scenarios);
std::vector<double> grid_profit_coin(const OptionRows& options, std::span<const double> net_quantity,
                                     std::span<const pricing::Scenario> scenarios);

/// price moves x vol moves, price outer: `price_moves` relative (-0.1 is minus ten percent), `vol_moves` relative too.
std::vector<pricing::Scenario> scenario_grid(std::span<const double> price_moves, std::span<const double> vol_moves);

/// Four figures of one long coin of a row, or of an account; see BookSums.
struct alignas(32) Figures {
  double value = 0, delta = 0, gamma = 0, vega = 0;
};

/// Positions of many accounts, sorted by account: those of account a are [first[a], first[a + 1]).
struct AccountPositions {
  std::vector<std::uint32_t> first;  ///< accounts + 1 entries, ascending, from 0 to the number of positions
  std::vector<std::uint32_t> row;
  std::vector<double> quantity;  ///< coin
};

/// The figures of every account from those of the rows.
/// Domain   as the structs say; a row or a bound out of range stops the program.
/// Error    n 2^-52 of the account's gross: plain multiply-adds in the order of the positions.
/// Cost     one gathered line of 32 bytes and one multiply-add a position.
void account_figures(const AccountPositions& positions, std::span<const Figures> rows, std::span<Figures> accounts);

}  // namespace ballast::risk
