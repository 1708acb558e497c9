#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ballast/hedge/cost.h"
#include "ballast/hedge/greek.h"
#include "ballast/hedge/neutralise.h"
#include "ballast/risk/exposure.h"

namespace ballast::hedge {

enum class Side { buy, sell };

/// What to neutralise, in which money, and with what.
struct Choice {
  std::vector<std::string> instruments;  ///< as many as targets, or more: then they share; names in the snapshot
  std::vector<Target> targets = {Target::delta};  ///< each at most once
  Numeraire numeraire = Numeraire::coin;
  double delta = 0.0;  ///< coin: where the delta is to be, off neutral, when it is a target: the edge of a band
};

/// One order of the plan.
struct Leg {
  market::Instrument instrument;
  Side side = Side::buy;
  std::int64_t lots = 0;      ///< > 0, whole lots
  double amount = 0.0;        ///< > 0, the venue's size unit: USD for inverse futures, coin otherwise
  double contracts = 0.0;     ///< amount / contract size
  double exact_amount = 0.0;  ///< signed, of the exact solve
  double sized_amount = 0.0;  ///< signed, what was rounded: the closing leg takes up what the others' rounding left
  Coin coins;                 ///< signed, after rounding
  risk::Valuation unit;       ///< what one coin of it is worth and carries
  Greeks per_coin;
  double ratio = 0.0;  ///< coins of the instrument that carry the book's exposure; the trade is -ratio, rounded
  Cost cost;
};

/// A goal or a limit, before and after.
struct Held {
  std::optional<Greek> greek;          ///< of a goal
  std::string what;                    ///< "delta", "vega 7 to 30 days", "turnover"
  double before = 0.0, after = 0.0;    ///< in its unit
  double lowest = 0.0, highest = 0.0;  ///< may be infinite
  double price = 0.0;                  ///< USD saved by one unit more of room, of the relaxed problem; 0 = not felt
};

/// The plan without one of its instruments.
struct Alternative {
  std::string without;
  std::vector<std::pair<std::string, double>> trades;  ///< instrument and signed amount, its size unit
  double objective = 0.0;                              ///< USD
};

/// What an optimised plan rests on. USD where nothing else is said.
struct Optimum {
  std::vector<Held> goals, limits;
  double spread = 0.0, impact = 0.0, fee = 0.0, carry = 0.0, leg_costs = 0.0, penalties = 0.0;
  double risk_before = 0.0, risk_after = 0.0;     ///< standard deviation over the horizon
  std::optional<double> tail_before, tail_after;  ///< the tail measure
  double aversion = 0.0;
  double objective = 0.0, bound = 0.0;  ///< no plan in whole lots has an objective below the bound
  double do_nothing = 0.0;              ///< the objective of no trade; infinite where a must forbids it
  bool proved = false;                  ///< objective and bound are within the gap asked for
  int nodes = 0;
  double infeasibility = 0.0, stationarity = 0.0;  ///< of the relaxed solution: math::PiecewiseCheck
  std::optional<Alternative> next_best;            ///< the cheapest plan without one of the instruments

  double cost() const { return spread + impact + fee + carry + leg_costs; }
};

struct Plan {
  std::string underlying;
  Numeraire numeraire = Numeraire::coin;
  std::vector<Target> targets;
  Greeks before;          ///< the book's distance from neutral
  Greeks residual;        ///< what remains after the rounded legs
  std::vector<Leg> legs;  ///< without instruments that round to nothing
  double aim = 0.0;       ///< coin: where the delta was to be (Choice::delta); of a plan that keeps still, where it is
  /// coin: half a lot of the instrument that closes the delta; |residual.delta - aim| stays within it
  double half_lot_delta = 0.0;
  double condition = 1.0;          ///< of the equilibrated system, 1 = well posed
  bool least_norm = false;         ///< of solve(): many sizes do, the smallest are given (Neutral)
  std::optional<Optimum> optimum;  ///< of optimise()
};

/// The distance of an exposure from the neutral point of the numeraire.
/// Fault missing_data: USD-neutral without the equity of a coin-settled book.
Result<Greeks> distance(const risk::Exposure& exposure, Numeraire numeraire);

/// What one coin of an instrument adds, in the numeraire, when its premium is paid from the book's own cash: then the
/// trade's delta is the net delta for inverse options in both frames, and Black delta for the rest, along the smile
/// dynamics where the valuation has them.
Greeks per_coin(const risk::Valuation& unit, Numeraire numeraire);

/// Solves for the exact sizes, rounds to whole lots (the last instrument, a future rather than an option, closes the
/// delta that the rounding of the others left) and prices the legs. Faults  those of neutralise(), with the instruments
/// named; bad_input: an instrument that is unknown, of another
///         underlying or named twice; missing_data: no price, or no instrument with |delta| of 0.05 a coin.
/// Error   that of neutralise() before rounding; after it |residual delta - aim| <= half a lot of the closing
/// instrument. Cost    O(targets³ + depth). Source  docs/sources.md: hedge ratio 2, 3. `smiles` those of the exposure:
/// options of book and hedge are counted along the same dynamics.
Result<Plan> solve(const risk::Exposure& exposure, const market::Snapshot& snapshot, const vol::QuotedChain& surface,
                   const Choice& choice, const risk::Smiles* smiles = nullptr);

}  // namespace ballast::hedge
