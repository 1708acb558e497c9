// A whole run from its file: the same bytes twice, for any number of threads, and however often it was killed.
#include <algorithm>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <sstream>
#include <string>

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include "ballast/app/backtest_run.h"
#include "ballast/app/commands.h"
#include "ballast/app/run_toml.h"
#include "ballast/base/rng.h"
#include "ballast/store/file.h"
#include "ballast/store/run_store.h"
#include "tests/folder.h"
#include "tests/support.h"

using namespace ballast;

namespace {

constexpr const char* run_text = R"(
name = "four rules"
equity = 20.0
[market.model]
start_vol = 0.6
days = 12
step_hours = 6
jumps_a_year = 40
jump_deviation = 0.03
premium_deviation = 0.0005
chain = { days = [7, 14], strikes = 11, skew = -0.08, convexity = 0.02 }
[book]
kind = "maker"
trades_a_day = 12
most_days = 14
[venue]
latency_s = 3600
[[rule]]
name = "net"
[[rule]]
name = "band"
band = "whalley-wilmott"
aversion = 1e-4
cost_bps = 5
[[rule]]
name = "smile"
delta = "adaptive"
)";

app::RunFile run_file() {
  auto file = app::parse_run(run_text, "");
  if (!file) FAIL(file.error().what);
  return std::move(file).value();
}

/// Every row of every rule as text: what a run is, to the last bit.
Result<std::string> rows_of(const app::RunFile& file, const app::RunSettings& settings) {
  std::ostringstream err;
  const auto ran = app::run_backtest(file, run_text, settings, err);
  if (!ran) return ran.error();
  std::string all;
  for (const sim::RuleRows& rule : ran.value().rules) {
    for (const sim::Row& row : rule.rows) all += app::row_line(rule.name, row) + "\n";
  }
  return all;
}

}  // namespace

TEST_CASE("a run: the same bytes twice, with 1, 2 and 3 threads, with a store and without") {
  const test::Folder folder;
  const app::RunFile file = run_file();
  const auto once = rows_of(file, {});
  REQUIRE(once);
  CHECK(std::count(once.value().begin(), once.value().end(), '\n') == 4 * 49);  // and the book without hedges
  CHECK(rows_of(file, {}).value() == once.value());
  CHECK(rows_of(file, {.threads = 2}).value() == once.value());
  CHECK(rows_of(file, {.threads = 3}).value() == once.value());
  const app::RunSettings stored{.store = folder.file("runs.sqlite"), .checkpoint_s = 0.0};
  CHECK(rows_of(file, stored).value() == once.value());
  CHECK(rows_of(file, stored).value() == once.value());  // from the store alone
}

TEST_CASE("a run: killed at random times and gone on with, it has the same bytes") {
  const test::Folder folder;
  const app::RunFile file = run_file();
  const std::string whole = rows_of(file, {}).value();
  const app::RunSettings stored{.store = folder.file("runs.sqlite"), .checkpoint_s = 0.0};
  Rng rng(31);
  int kills = 0;
  for (int attempt = 0; attempt < 12; ++attempt) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      (void)rows_of(file, stored);
      ::_exit(0);
    }
    ::usleep(static_cast<useconds_t>(20'000 + rng.below(60'000)));
    ::kill(child, SIGKILL);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    kills += WIFSIGNALED(status) ? 1 : 0;
  }
  MESSAGE("killed ", kills, " times");
  const auto last = rows_of(file, stored);
  if (!last) FAIL(last.error().what);
  CHECK(last.value() == whole);
}

TEST_CASE("a run: another text is another run, and a store keeps both") {
  const test::Folder folder;
  const std::string store = folder.file("runs.sqlite"), toml = folder.file("run.toml"), html = folder.file("run.html"),
                    result = folder.file("run.json"), rows = folder.file("run.csv");
  const auto run = [&](const std::string& text) {
    REQUIRE(!store::write_bytes(toml, text));
    std::ostringstream out, err;
    const int code =
        app::run({"backtest", toml, "--store", store, "--html", html, "--result", result, "--rows", rows, "-o", "csv"},
                 {out, err});
    CAPTURE(err.str());
    CHECK(code == 0);
    return out.str();
  };
  const std::string first = run(run_text);
  CHECK(run(run_text) == first);
  CHECK(first.find("rule,") == 0);
  CHECK(run(std::string(run_text) + "# the same\n") == first);  // another text, though it says the same
  const auto opened = store::RunStore::open(store);
  REQUIRE(opened);
  const auto runs = opened.value().runs();
  REQUIRE(runs);
  CHECK(runs.value().size() == 2);
  for (const store::RunInfo& info : runs.value()) {
    CHECK(info.finished);
    const auto json = nlohmann::json::parse(info.result_json);
    CHECK(json["schema"] == 1);
    CHECK(json["instants"] == 49);
    CHECK(json["base"] == "net");
    CHECK(json["rules"].size() == 4);
    CHECK(std::abs(json["rules"][1]["worst_gap_coin"].get<double>()) <= 1e-9);
    CHECK(json["rules"][1]["rmse_reduction_percent"].get<double>() > 25.0);
  }
  CHECK(store::read_bytes(html).value().find("four rules") != std::string::npos);
  CHECK(store::read_bytes(rows).value().find("at,rule,index,equity_coin") == 0);
}

TEST_CASE("a run over recorded order books trades at what they showed") {
  const auto perpetual = test::shared("data/binance-l2-btc-20240808/cm_btcusd_perp_20240808.gz"),
             spot = test::shared("data/binance-l2-btc-20240808/spot_btcusdt_20240808.gz");
  if (!perpetual || !spot) return;
  const test::Folder folder;
  std::ostringstream out, err;
  REQUIRE(app::run({"levels", "--depth", *perpetual, *spot, "--archive", folder.file("day.levels")}, {out, err}) == 0);
  const std::string text = R"(
equity = 50.0
[market.levels]
file = "day.levels"
perpetual = "coin-m:BTCUSD_PERP"
index = "spot:BTCUSDT"
every_s = 10
chain = { days = [7], strikes = 9 }
[book]
kind = "straddle"
coins = 100
days = 7
[venue]
impact = false
[[rule]]
name = "every look"
)";
  const auto file = app::parse_run(text, folder.file(""));
  if (!file) FAIL(file.error().what);
  const auto ran = app::run_backtest(file.value(), text, {}, err);
  if (!ran) FAIL(ran.error().what);
  const auto& rows = ran.value().rules.at(1).rows;
  CHECK(rows.size() >= 30);
  int fills = 0;
  double paid = 0.0, traded = 0.0;
  for (const sim::Row& row : rows) {
    CHECK(std::abs(row.gap_coin) <= 1e-9);
    // The index of that minute: 61,536 to 61,845 (data/README.md).
    CHECK(row.index > 61'500.0);
    CHECK(row.index < 61'900.0);
    CHECK(row.change.coin[sim::slippage] <= 1e-12);
    if (&row != &rows.front()) paid -= row.change.coin[sim::slippage] * row.index, traded += row.turnover_usd;
    fills += row.fills;
  }
  CHECK(fills >= 10);
  // Half a spread of the recorded book, 0.1 USD, is a hundredth of a basis point; with walks into it, under one.
  CHECK(paid > 1e-6 * traded);
  CHECK(paid < 1e-4 * traded);
  const auto wrong = app::parse_run(text, folder.file("nowhere"));
  REQUIRE(wrong);
  CHECK(!app::run_backtest(wrong.value(), text, {}, err));
}

TEST_CASE("a run's file: what is wrong is named with its line") {
  const auto fault = [](std::string text) {
    const auto file = app::parse_run(text, "");
    return file ? std::string("read") : file.error().what;
  };
  const std::string market = "[market.model]\ndays = 3\n", book = "[book]\nkind = \"strangle\"\n",
                    rule = "[[rule]]\nname = \"a\"\n";
  CHECK(fault(market + book + rule) == "read");
  CHECK(fault(book + rule).find("a run has a [market]") != std::string::npos);
  CHECK(fault(market + rule).find("a run has a [book]") != std::string::npos);
  CHECK(fault(market + book).find("at least one [[rule]]") != std::string::npos);
  CHECK(fault(market + book + rule + "bend = \"fixed\"\n")
            .find("line 7, column 1: unknown key rule.bend; did you mean 'band'?") == 0);
  CHECK(fault(market + book + rule + "band = \"fixed\"\n").find("width") != std::string::npos);
  CHECK(fault(market + book + rule + "width = 0.1\n").find("rule.width stands without rule.band") != std::string::npos);
  CHECK(fault(market + book + rule + "delta = \"vega\"\n").find("rule.delta is 'vega'") != std::string::npos);
  CHECK(fault(market + book + rule + rule).find("two rules have the name 'a'") != std::string::npos);
  CHECK(fault("base = \"b\"\n" + market + book + rule).find("base is 'b', which is no rule") != std::string::npos);
  CHECK(fault(market + "[book]\nkind = \"strange\"\n" + rule).find("book.kind is one of held") != std::string::npos);
  CHECK(fault(market + "[book]\nkind = \"trades\"\nfile = \"no-such.csv\"\n" + rule).find("no-such.csv: ") !=
        std::string::npos);
  CHECK(
      fault("[market]\nchains = [\"a\"]\n[market.model]\ndays = 3\n" + book + rule).find("has one of market.chains") !=
      std::string::npos);
  CHECK(fault("[market.model]\nstart_vol = 9\n" + book + rule).find("market.model: ") != std::string::npos);
  CHECK(fault("from = \"noon\"\n" + market + book + rule).find("from: ") != std::string::npos);
}

TEST_CASE("backtest: its faults have their exit codes, and the bundled run works") {
  const auto run = [](std::vector<std::string> words) {
    std::ostringstream out, err;
    const int code = app::run(std::move(words), {out, err});
    return std::pair(code, out.str() + err.str());
  };
  const test::Folder folder;
  CHECK(run({"backtest", "no-such.toml"}).first == 3);
  CHECK(run({"backtest"}).first == 2);
  REQUIRE(!store::write_bytes(folder.file("bad.toml"), "nme = 1\n"));
  const auto bad = run({"backtest", folder.file("bad.toml")});
  CHECK(bad.first == 2);
  CHECK(bad.second.find("bad.toml: line 1, column 1: unknown key nme; did you mean 'name'?") != std::string::npos);
  CHECK(run({"backtest", "--help"}).second.find("Example: ballast backtest examples/backtest.toml") == 0);
  const auto bundled =
      run({"backtest", std::string(BALLAST_SOURCE_DIR) + "/examples/backtest.toml", "--result", folder.file("r.json")});
  CHECK(bundled.first == 0);
  CHECK(bundled.second.find("net delta") != std::string::npos);
  CHECK(run({"compare", folder.file("r.json")}).first == 0);
}
