#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/sim/backtest.h"
#include "ballast/sim/market_path.h"
#include "ballast/sim/modelled_chain.h"
#include "ballast/sim/series.h"
#include "ballast/venue/bars_csv.h"

namespace ballast::app {

/// Option chains as they were recorded.
struct RecordedMarket {
  std::vector<std::string> chains;              ///< folders, archives, files: app/archive.h
  std::optional<std::string> perpetual_prices;  ///< a table of prices over time; absent: the one in the chains' folder
  sim::PerpetualPrice perpetual = sim::PerpetualPrice::quoted;
};

/// A market that a model draws, with chains made from it.
struct DrawnMarket {
  sim::MarketModel model;
  sim::ChainShape shape;
  Time start;
  double days = 60.0;       ///< > 0
  double step_hours = 4.0;  ///< > 0
  std::uint64_t seed = 1;
};

/// Recorded prices with chains made from them.
struct PricedMarket {
  std::string file;  ///< a table of bars, plain, gz or zst
  venue::BarColumns columns;
  double bar_minutes = 0.0;  ///< >= 0: added to a bar's time, where that is its begin
  sim::SeriesRules rules;
  sim::ChainShape shape;
};

/// Recorded order books (`ballast levels`): the perpetual with its depth, the index as the middle of another book, and
/// chains made from it.
struct LevelsMarket {
  std::string file;       ///< an archive
  std::string perpetual;  ///< its instruments: an inverse perpetual
  std::string index;      ///< whose middle is the index; the same as `perpetual` will do
  double every_s = 1.0;   ///< > 0, in the venue's time
  double vol = 0.6;       ///< > 0: at the money
  sim::ChainShape shape;
};

using MarketSource = std::variant<RecordedMarket, DrawnMarket, PricedMarket, LevelsMarket>;

/// A run as a user writes it.
struct RunFile {
  sim::Run run;
  MarketSource market;
  std::optional<std::string> base;  ///< the rule that others are compared with; absent: the first that hedges
  std::optional<Time> from, to;     ///< instants within
  std::uint64_t seed = 1;           ///< of bootstraps
  std::vector<std::string> read;    ///< files that were read with it: books, problems, recorded hedges
};

/// Reads a run from TOML; docs/backtest.md has its keys. Paths in it are from `folder`; the files of a held or recorded
/// book, of a problem and of recorded hedges are read here.
/// Faults   as parse_problem(); those of the files that it names, with their names.
Result<RunFile> parse_run(const std::string& text, const std::string& folder);

}  // namespace ballast::app
