#pragma once
#include <span>

#include "ballast/hedge/optimise.h"

namespace ballast::hedge {

/// What one coin of an instrument adds to a Greek, in the numeraire, its premium paid from the book's own cash.
double per_coin(Greek greek, const market::Instrument& instrument, const risk::Valuation& unit, Numeraire numeraire);

/// The Greek of a book that a goal is on: of the whole of it, or of what expires in its days.
Result<double> before(const Goal& goal, const risk::Exposure& exposure, Numeraire numeraire, Time as_of);
bool counts(const Goal& goal, const market::Instrument& instrument, Time as_of);

/// The three independent risks whose squares add up to a variance: coin and vols along it, vols alone, gamma. USD.
struct Risks {
  double coin = 0.0, vols = 0.0, gamma = 0.0;
  void add(double coins, const Risks& r) { coin += coins * r.coin, vols += coins * r.vols, gamma += coins * r.gamma; }
  double variance() const { return coin * coin + vols * vols + gamma * gamma; }
};
Risks risks_of(const market::Instrument& instrument, const risk::Valuation& unit, const RiskRules& rules, Vol vol);

/// A candidate with all that the program needs of it. Per lot, in USD where nothing else is said.
struct Tradable {
  market::Instrument instrument;
  risk::Valuation unit;
  CostCurve curve;
  double coins = 0.0;                  ///< in one lot
  double position = 0.0;               ///< lots held
  double lowest = 0.0, highest = 0.0;  ///< lots that may be traded, whole, lowest <= 0 <= highest unless a limit forces
  double carry = 0.0;                  ///< what a lot long pays until the horizon
  double notional = 0.0;               ///< > 0
  double margin_long = 0.0, margin_short = 0.0;  ///< initial margin
  std::vector<double> goals;                     ///< what a lot adds to each goal
  Risks risks;
  std::vector<double> pnl;  ///< gain in each scenario
};

/// Faults  those of optimise(), by candidate.
Result<std::vector<Tradable>> tradables(const risk::Exposure& exposure, const market::Snapshot& snapshot,
                                        const vol::QuotedChain& surface, const Problem& problem, Numeraire numeraire,
                                        const risk::Smiles* smiles);

/// Initial margin of one coin held, long and short, USD: Deribit's standard model for options; futures by `rate`.
/// Source  docs/sources.md: deribit margin 2.
std::pair<double, double> standard_margin(const market::Instrument& instrument, const risk::Valuation& unit,
                                          double rate);

/// Gains of a book in the rules' scenarios, USD.
Result<std::vector<double>> tail_pnl(const risk::Exposure& exposure, const TailRules& tail);

/// The coin's vol that risk is measured with.
Vol risk_vol(const RiskRules& rules, const market::Snapshot& snapshot, const vol::QuotedChain& surface,
             const std::string& underlying);

}  // namespace ballast::hedge
