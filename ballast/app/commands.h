#pragma once
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "ballast/app/output.h"
#include "ballast/base/time.h"
#include "ballast/base/units.h"
#include "ballast/hedge/minimum_variance.h"
#include "ballast/hedge/solve.h"
#include "ballast/model/paths.h"
#include "ballast/pricing/calibration.h"
#include "ballast/vol/fit.h"
#include "ballast/vol/skew.h"
#include "ballast/vol/smile_quotes.h"

namespace ballast::app {

/// Exit codes: what a script can rely on; 130 is what shells say of Ctrl-C.
enum Exit : int { done = 0, refused = 1, usage = 2, unavailable = 3, internal_fault = 4, interrupted = 130 };

struct Streams {
  std::ostream& out;  ///< data, nothing else
  std::ostream& err;  ///< everything a person should know
};

/// Where the market comes from: shared by all commands that read one.
struct MarketOptions {
  std::vector<std::string> chain;    ///< files of any form that we read, merged
  std::optional<std::string> as_of;  ///< absent: the latest time in the data
  std::optional<double> max_age_s;   ///< replaces every hard age limit
};

/// What an optimised hedge is to reach, as flags say it or a file.
struct ProblemOptions {
  std::optional<std::string> file;      ///< TOML; then no other flag of these
  bool optimise = false;                ///< the flags are the problem
  bool sweeps = false;                  ///< every aversion is tried: neither goal nor aversion is due
  std::vector<std::string> goals;       ///< "delta=0", "vega[7:30]=-10:10"
  std::vector<std::string> candidates;  ///< names, or futures, options, all; empty: all
  std::optional<int> most_legs;         ///< > 0
  std::optional<double> aversion;       ///< >= 0, 1/USD
  std::optional<double> turnover_usd;   ///< >= 0
  std::optional<double> carry_days;     ///< >= 0
  std::optional<double> depth_share;    ///< (0, 1]
};

struct HedgeOptions {
  MarketOptions market;
  std::string book;
  std::optional<std::string> account;  ///< account summary JSON
  std::vector<std::string> equity;     ///< "BTC=12.5"
  std::vector<std::string> with;
  std::vector<hedge::Target> neutral = {hedge::Target::delta};
  std::optional<Numeraire> numeraire;
  std::optional<vol::SmileDynamics> dynamics;  ///< absent: net delta at fixed vols
  std::vector<std::string> history;            ///< of adaptive: folders, archives, files, in time order
  ProblemOptions problem;
  double vega_reference_days = 30.0;  ///< > 0
  Format format = Format::table;
  bool explain = false;
  bool strict = false;     ///< refuse unless the quality is OK
  bool exit_code = false;  ///< exit 1 when a trade is needed
};

struct FrontierOptions {
  HedgeOptions hedge;  ///< its problem is asked for
  int points = 25;     ///< 2 to 200
  std::optional<std::string> html;
};

struct RatioOptions {
  std::optional<double> position_delta, hedge_delta;  ///< both, or `prices`
  std::optional<std::string> prices;                  ///< table of prices over time
  std::optional<std::string> of;                      ///< its column that is hedged
  std::vector<std::string> with;                      ///< its columns that hedge
  hedge::MinimumVarianceRules rules;
  hedge::Changes changes = hedge::Changes::log;
  std::optional<std::size_t> holdout;  ///< last changes that judge the ratio; absent: a quarter of them
  std::uint64_t seed = 1;              ///< of the bootstrap
  Format format = Format::table;
};

struct GreeksOptions {
  MarketOptions market;
  std::vector<std::string> instruments;  ///< of the chain; empty = all
  std::optional<double> forward, strike, vol, days;
  std::string type = "call";
  bool linear = false;
  bool venue_convention = false;
  Format format = Format::table;
};

struct ScenariosOptions {
  MarketOptions market;
  std::string book;
  std::vector<double> price_moves = {-0.15, -0.10, -0.05, 0.0, 0.05, 0.10, 0.15};  ///< relative, over -0.99
  std::vector<double> vol_moves = {-0.30, -0.15, 0.0, 0.15, 0.30};                 ///< relative, at least -1
  Format format = Format::table;
};

struct ChainOptions {
  MarketOptions market;
  bool dropped = false, forwards = false, violations = false;
  Format format = Format::table;
};

struct CurveOptions {
  MarketOptions market;
  std::vector<double> days;             ///< further times, >= 0
  std::optional<double> funding_mean;   ///< per year, what funding returns to
  double funding_half_life_days = 3.0;  ///< > 0; why 3: tests/recorded_curve_test.cc
  Format format = Format::table;
};

struct SurfaceOptions {
  MarketOptions market;
  std::optional<std::string> index, underlying;  ///< one of them where the chain has several
  vol::QuoteRules quotes;
  vol::FitRules fit;
  std::vector<std::string> skew_history;  ///< earlier readings of the skew, JSON files
  std::optional<std::string> html;        ///< the page is written there
  bool list_quotes = false, dropped = false, grid = false;
  Format format = Format::table;
};

struct CalibrateOptions {
  MarketOptions market;
  std::optional<std::string> index, underlying;  ///< one of them where the chain has several
  std::vector<std::string> models = {"heston"};  ///< model/parameters.h
  vol::QuoteRules quotes;
  pricing::CalibrationRules fit;
  std::optional<std::string> warm;  ///< JSON of an earlier calibration: start and prior
  std::optional<std::string> html;  ///< the page is written there
  bool list_quotes = false, expiries = false, dropped = false, grid = false;
  Format format = Format::table;
};

/// Which model, for the commands that take one: `model` and `parameters`, or a calibration.
struct ModelChoice {
  std::optional<std::string> model;        ///< "heston"; of a calibration with several, the one
  std::optional<std::string> parameters;   ///< "v0=0.36,kappa=3,..."
  std::optional<std::string> calibration;  ///< JSON file that `ballast calibrate --json` printed
};

struct PriceOptions {
  ModelChoice model;
  std::optional<double> forward;          ///< > 0, USD; absent: the calibration's of that expiry
  std::vector<double> strikes;            ///< > 0, USD
  std::optional<double> years;            ///< (0, 100]
  std::optional<std::string> expiry;      ///< a time, instead of years; of a chain, only these options
  std::string type = "otm";               ///< call, put, otm
  std::optional<std::string> settlement;  ///< inverse (default) or linear; a chain's options have their own
  MarketOptions market;                   ///< a chain: every listed option, beside its quote
  std::optional<std::string> index, underlying;
  Format format = Format::table;
};

struct PathsOptions {
  ModelChoice model;
  double years = 0.0;       ///< (0, 100]
  int steps = 1;            ///< >= 1, evenly spaced
  std::uint64_t paths = 1;  ///< >= 1
  model::Draws draws;
  std::optional<double> forward;  ///< > 0, USD: prices instead of log-ratios
  std::string out;                ///< .csv or .bin
  Format format = Format::table;
};

struct SimulateOptions {
  double forward = 100.0;           ///< > 0, USD; at 100 every figure in USD is per cent of the forward
  std::optional<double> strike;     ///< > 0; absent: the forward
  double vol = 0.6;                 ///< > 0, that the price moves with
  std::optional<double> hedge_vol;  ///< > 0, of premium and deltas; absent: vol
  double days = 30.0;               ///< > 0
  std::string type = "call";
  double quantity = -1.0;    ///< coins of the option, not 0
  double drift = 0.0;        ///< per year
  std::optional<int> steps;  ///< >= 1; absent: one every half hour
  std::size_t paths = 20'000;
  double cost_bps = 5.0;           ///< [0, 10^4), one way
  std::vector<std::string> rules;  ///< rule_words.h
  std::uint64_t seed = 1;
  int threads = 1;
  Format format = Format::table;
};

struct InstrumentsOptions {
  std::vector<std::string> names;
  std::vector<std::string> chain;
  Format format = Format::table;
};

struct SkewOptions {
  MarketOptions market;
  std::vector<std::string> history;            ///< folders, archives, files: each file or member is one snapshot
  std::vector<std::string> index, underlying;  ///< empty: all that the data have options of
  std::vector<double> tenors = {7.0, 14.0, 30.0, 60.0, 90.0, 180.0};  ///< days
  std::optional<vol::SmileDelta> delta;                               ///< absent: by settlement
  double window_days = 30.0;
  int least = 20;
  bool robust = false;
  std::optional<std::string> rules;  ///< JSON file
  std::vector<std::string> rule;     ///< NAME:key=value,key=value
  bool series = false, alerts = false;
  bool exit_code = false;  ///< exit 1 when the last snapshot raises an alert
  Format format = Format::table;
};

struct CompareOptions {
  std::vector<std::string> results;  ///< results of backtests, JSON
  std::optional<std::string> base;   ///< the rule that the others are compared with; absent: the first that hedges
  std::uint64_t seed = 1;            ///< of the bootstrap
  std::optional<std::string> html;   ///< the page is written there
  Format format = Format::table;
};

struct ArchiveOptions {
  std::vector<std::string> chain;  ///< folders, archives, files: each file or member is one snapshot
  std::string output;              ///< the archive to make
  Format format = Format::table;
};

struct LevelsOptions {
  std::vector<std::string> depth;      ///< recordings: lines of a time and a message; or `replay`
  std::optional<std::string> archive;  ///< written from them
  std::optional<std::string> replay;   ///< an archive
  Format format = Format::table;
};

struct CheckOptions {
  std::string form = "auto";
  std::optional<std::string> as_of;
  std::string file;
};

struct BacktestOptions {
  std::string run;                                ///< TOML: docs/backtest.md
  std::optional<std::string> store, journal;      ///< RunSettings
  std::optional<std::string> html, result, rows;  ///< files: the page, JSON, CSV of every instant
  int threads = 1;                                ///< >= 1
  Format format = Format::table;
};

struct ReplayOptions {
  std::string file;
  std::optional<std::string> folder;  ///< where the run's paths are from; absent: as recorded
  std::optional<std::uint64_t> at;    ///< > 0: this decision is printed, and nothing behind it looked at
  Format format = Format::table;
};

// Each command is a function of its options: it writes to the streams and gives the exit code.
int cmd_hedge(const HedgeOptions& options, Streams streams);
int cmd_frontier(const FrontierOptions& options, Streams streams);
int cmd_ratio(const RatioOptions& options, Streams streams);
int cmd_ratio_of_prices(const RatioOptions& options, Streams streams);  ///< ratio, where it is given prices
int cmd_greeks(const GreeksOptions& options, Streams streams);
int cmd_scenarios(const ScenariosOptions& options, Streams streams);
int cmd_chain(const ChainOptions& options, Streams streams);
int cmd_curve(const CurveOptions& options, Streams streams);
int cmd_surface(const SurfaceOptions& options, Streams streams);
int cmd_calibrate(const CalibrateOptions& options, Streams streams);
int cmd_price(const PriceOptions& options, Streams streams);
int cmd_paths(const PathsOptions& options, Streams streams);
int cmd_instruments(const InstrumentsOptions& options, Streams streams);
int cmd_skew(const SkewOptions& options, Streams streams);
int cmd_compare(const CompareOptions& options, Streams streams);
int cmd_archive(const ArchiveOptions& options, Streams streams);
int cmd_simulate(const SimulateOptions& options, Streams streams);
int cmd_levels(const LevelsOptions& options, Streams streams);
int cmd_check(const CheckOptions& options, Streams streams);

int cmd_backtest(const BacktestOptions& options, Streams streams);
int cmd_replay(const ReplayOptions& options, Streams streams);

/// `ballast WORDS`: parses, runs, and turns every fault into one line and an exit code.
int run(std::vector<std::string> words, Streams streams);

/// One line on err and the exit code that the fault stands for.
int fail(const Error& error, Streams streams);

/// "0.1.0 (fused arithmetic, AVX2)": the release, the class of arithmetic and the instruction set of this process.
std::string version();

}  // namespace ballast::app
