#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "ballast/app/output.h"
#include "ballast/app/skew_history.h"
#include "ballast/market/snapshot.h"
#include "ballast/vol/fit.h"
#include "ballast/vol/quoted.h"
#include "ballast/vol/smile_quotes.h"
#include "ballast/vol/surface.h"

namespace ballast::app {

/// One quote beside the model. Vols a year, NaN where a side is not quoted or has no vol.
struct FittedQuote {
  std::string instrument;
  double strike = 0.0;         ///< USD per coin
  double log_moneyness = 0.0;  ///< ln(strike/forward)
  double vol = 0.0;            ///< what was fitted to
  double bid_vol = 0.0, ask_vol = 0.0;
  double weight = 0.0;
  double model_vol = 0.0;
  double residual_points() const { return 100.0 * (model_vol - vol); }
};

/// A quote that was set aside, with its place in the picture where it has one: NaN where it has not.
struct SetAside {
  std::string instrument, reason, detail;
  std::optional<Time> expiry;
  double strike = 0.0, log_moneyness = 0.0, vol = 0.0, bid_vol = 0.0, ask_vol = 0.0;
};

struct SliceReport {
  vol::Slice slice;
  double days = 0.0;
  double atm_vol = 0.0, atm_slope = 0.0, atm_curvature = 0.0;  ///< at the forward: vol, dvol/dk, d²vol/dk²
  TenorSkew skew;
  std::vector<FittedQuote> quotes;    ///< by rising log-moneyness
  std::vector<std::string> warnings;  ///< in words, empty when all is well
};

/// A fitted surface and everything that a person wants to know of it.
struct SurfaceReport {
  std::string index, underlying;
  double index_price = 0.0;  ///< USD per coin, NaN when the data have none
  vol::QuoteRules quote_rules;
  vol::FitRules fit_rules;
  vol::SmileDelta delta = vol::SmileDelta::forward;  ///< of the 25-delta strikes: natural to the options' settlement
  vol::Surface surface;
  std::vector<SliceReport> slices;
  std::vector<SetAside> dropped;
  std::vector<TenorSkew> tenors;   ///< of this surface, at fixed tenors
  std::vector<TenorSkew> history;  ///< earlier readings, by rising time
};

/// `raw` is the snapshot as read: a quote that cleaning took away still says where it stood.
/// Domain   `surface` is the fit of `quotes`, which came from `market` = clean(raw) and its `chain`.
SurfaceReport surface_report(const market::Snapshot& raw, const market::Snapshot& market, const vol::QuotedChain& chain,
                             const vol::SmileQuotes& quotes, vol::Surface surface, const vol::QuoteRules& quote_rules,
                             const vol::FitRules& fit_rules);

/// "svi" and {a, b, rho, m, sigma}: the numbers of a slice by name.
std::string form(const vol::Shape& shape);
std::vector<std::pair<std::string, double>> parameters(const vol::Shape& shape);

// One row for each slice, quote, quote set aside, or point of the slices' grids.
Table slices_table(const SurfaceReport& report);
Table quotes_table(const SurfaceReport& report);
Table set_aside_table(const SurfaceReport& report);
Table grid_table(const SurfaceReport& report);

/// The report for people: slices without their parameters, then those.
std::string surface_text(const SurfaceReport& report);

/// The stable form of docs/surface-json.md. `grid` adds the model between the quotes: what the page draws.
nlohmann::ordered_json surface_json(const SurfaceReport& report, bool grid);

}  // namespace ballast::app
