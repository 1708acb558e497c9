// The commands as a user meets them: words in, text and exit code out.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include <doctest/doctest.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include "ballast/app/commands.h"
#include "ballast/base/text.h"
#include "ballast/store/chain_archive.h"
#include "ballast/store/file.h"
#include "tests/support.h"

using namespace ballast;
using nlohmann::json;

namespace {

struct Ran {
  int code;
  std::string out, err;
};

Ran ballast_cli(const std::string& words) {
  std::vector<std::string> list;
  for (const auto word : split(words, ' ')) {
    if (!word.empty()) list.emplace_back(word);
  }
  std::ostringstream out, err;
  const int code = app::run(list, {out, err});
  return {code, out.str(), err.str()};
}

std::string example(const std::string& name) { return BALLAST_SOURCE_DIR "/examples/" + name; }

/// A file that lives as long as the test.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content, const std::string& suffix = ".txt")
      : path_(std::filesystem::temp_directory_path() /
              ("ballast-" + std::to_string(::getpid()) + "-" + std::to_string(count_++) + suffix)) {
    std::ofstream(path_, std::ios::binary) << content;
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  std::string path() const { return path_.string(); }

 private:
  static inline int count_ = 0;
  std::filesystem::path path_;
};

const std::string chain_words = "--chain " + example("btc-chain.json") + " " + example("btc-instruments.json") + " " +
                                example("btc-perpetual.json");
const std::string header = "venue,instrument,quantity,unit,average_price\n";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("ratio: the first number without any file") {
  const Ran text = ballast_cli("ratio --position-delta 3.4 --hedge-delta 0.5");
  CHECK(text.code == 0);
  CHECK(text.out == "ratio 6.800000: sell 6.800000 of the hedge instrument\n");
  const Ran as_json = ballast_cli("ratio --position-delta -3.4 --hedge-delta 0.5 --json");
  CHECK(json::parse(as_json.out)["ratio"] == -6.8);
  CHECK(json::parse(as_json.out)["trade"] == 6.8);
}

TEST_CASE("ratio: from prices, by every method and in every format") {
  const std::string words = "ratio --prices " + example("daily-prices.csv") + " --of ETH --with BTC";
  // The sample moves ETH by 1.2 and, from day 250 on, by 1.5 times BTC's return with a standard deviation of 1.5 %
  // beside it: tools/make_sample.
  for (const char* method : {"ols", "ewma", "ridge", "ecm", "ccc", "dcc"}) {
    CAPTURE(method);
    const Ran ran = ballast_cli(words + " --method " + method + " --json");
    CAPTURE(ran.err);
    REQUIRE(ran.code == 0);
    const json j = json::parse(ran.out);
    const json& hedge = j["hedges"].at(0);
    CHECK(hedge["with"] == "BTC");
    CHECK(hedge["ratio"].get<double>() > 1.1);
    CHECK(hedge["ratio"].get<double>() < 1.7);
    CHECK(hedge["low"].get<double>() < hedge["ratio"].get<double>());
    CHECK(hedge["high"].get<double>() > hedge["ratio"].get<double>());
    CHECK(j["observations"] == 399);
    CHECK(j["effectiveness"]["value"].get<double>() > 0.7);
    CHECK(j["effectiveness"]["low"].get<double>() < j["effectiveness"]["value"].get<double>());
    CHECK(j["out_of_sample"]["observations"] == 99);
    CHECK(j["stability"]["p"].get<double>() < 0.01);
    CHECK(std::abs(j["stability"]["line"].get<double>() - 252.0) <= 20.0);
  }
  const Ran table = ballast_cli(words);
  CHECK(table.out.find("the ratio has changed") != std::string::npos);
  CHECK(table.out == ballast_cli(words + " --seed 1").out);
  CHECK(table.out != ballast_cli(words + " --seed 2").out);
  const Ran csv = ballast_cli(words + ",BTC-FUTURE --holdout 0 -o csv");
  CHECK(csv.out.rfind("of,with,method,observations,ratio,error,low,high,effectiveness", 0) == 0);
  CHECK(std::count(csv.out.begin(), csv.out.end(), '\n') == 3);
  CHECK(json::parse(ballast_cli(words + " --holdout 0 --json").out)["out_of_sample"].is_null());
}

TEST_CASE("ratio: Hull's cross hedge from a table of prices") {
  // The changes of the table as levels: 20 USD is no part of the example, differences do not see it.
  std::string csv = "month,fuel,oil\n0,20,20\n";
  double fuel = 20.0, oil = 20.0;
  for (const test::Row& row : test::read_csv("tests/data/minvar_hull_data.csv")) {
    csv += std::to_string(row["i"]) + "," + std::to_string(fuel += row["dS"]) + "," + std::to_string(oil += row["dF"]) +
           "\n";
  }
  const TemporaryFile file(csv);
  const json j = json::parse(
      ballast_cli("ratio --prices " + file.path() + " --of fuel --with oil --changes difference --holdout 5 --json")
          .out);
  CHECK(j["hedges"][0]["ratio"].get<double>() == doctest::Approx(0.777650674241175729).epsilon(1e-9));
  CHECK(j["effectiveness"]["value"].get<double>() == doctest::Approx(0.861875212572941964).epsilon(1e-9));
  CHECK(j["out_of_sample"]["value"].get<double>() == doctest::Approx(0.945297917526201881).epsilon(1e-9));
}

TEST_CASE("ratio: bad prices are refused by line, bad words by name") {
  const TemporaryFile zero("a,b\n1,2\n0,2\n");
  const auto refused = [](const std::string& words, const std::string& what) {
    const Ran ran = ballast_cli("ratio --prices " + words);
    CAPTURE(ran.err);
    CHECK(ran.code == 1);
    CHECK(ran.out.empty());
    CHECK(ran.err.find(what) != std::string::npos);
  };
  refused(zero.path() + " --of a --with b", "line 3: 'a': 0 is not above 0");
  refused(zero.path() + " --of a --with c", "the column c is missing");
  refused(zero.path() + " --of a --with a", "asked for twice");
  refused(zero.path() + " --of a --with b --changes difference", "1 changes, 0 of them held out");
  CHECK(ballast_cli("ratio --prices no-such-file --of a --with b").code == 3);
  const std::string sample = "ratio --prices " + example("daily-prices.csv");
  for (const char* more :
       {"", " --of ETH", " --of ETH --with BTC --method frob", " --of ETH --with BTC --changes sideways",
        " --of ETH --with BTC --lambda 1", " --of ETH --with BTC --holdout -3", " --of ETH --with BTC --confidence nan",
        " --of ETH --with BTC --position-delta 1", " --of ETH --with BTC --seed x"}) {
    CAPTURE(more);
    CHECK(ballast_cli(sample + more).code == 2);
  }
  CHECK(ballast_cli("ratio").code == 2);
  CHECK(ballast_cli("ratio --position-delta 1").code == 2);
}

TEST_CASE("hedge: the sample in every format") {
  const std::string words = "hedge " + chain_words + " --book " + example("btc-book.csv");
  const Ran table = ballast_cli(words);
  CHECK(table.code == 0);
  CHECK(table.err.empty());
  CHECK(table.out.find("quality OK") != std::string::npos);
  CHECK(table.out.find("coin-neutral") != std::string::npos);
  CHECK(table.out == test::slurp("examples/expected/hedge.txt"));  // what the README and quickstart show

  const Ran as_json = ballast_cli(words + " --json");
  const json j = json::parse(as_json.out);
  for (const char* field : {"as_of", "quality", "arithmetic", "reasons", "exposure", "legs", "residual", "dropped"})
    CHECK(j.contains(field));
  const json& btc = j["exposure"]["BTC"];
  for (const char* field : {"black_delta", "net_delta", "gamma", "vega", "theta", "units"}) CHECK(btc.contains(field));
  const json& leg = j["legs"].at(0);
  for (const char* field :
       {"instrument", "side", "amount", "unit", "contracts", "price", "ratio", "convention", "cost"})
    CHECK(leg.contains(field));
  CHECK(leg["unit"] == "usd");
  CHECK(leg["contracts"].get<double>() * 10.0 == leg["amount"].get<double>());
  CHECK(leg["ratio"] == btc["net_delta"]);
  const double after = btc["net_delta"].get<double>() - leg["amount"].get<double>() / leg["price"].get<double>();
  CHECK(j["residual"]["BTC"]["delta"].get<double>() == doctest::Approx(after).epsilon(1e-9));

  const Ran csv = ballast_cli(words + " -o csv");
  CHECK(csv.out.rfind("instrument,side,amount,unit,contracts,price", 0) == 0);
  CHECK(ballast_cli(words + " -o markdown").out.rfind("| instrument", 0) == 0);
  CHECK(ballast_cli(words + " --explain").out.find("ratio = position delta / hedge delta") != std::string::npos);
  CHECK(ballast_cli(words + " --exit-code").code == 1);  // a trade is needed
}

TEST_CASE("hedge: the two neutral points differ by the equity") {
  const std::string words = "hedge " + chain_words + " --book " + example("btc-book.csv") + " --json";
  const json coin = json::parse(ballast_cli(words).out);
  const json usd = json::parse(ballast_cli(words + " --numeraire usd --equity BTC=2.5").out);
  CHECK(usd["legs"][0]["ratio"].get<double>() ==
        doctest::Approx(coin["legs"][0]["ratio"].get<double>() + 2.5).epsilon(1e-12));
  CHECK(usd["legs"][0]["convention"] != coin["legs"][0]["convention"]);
  const json account =
      json::parse(ballast_cli(words + " --numeraire usd --account " + example("btc-account.json")).out);
  CHECK(account["exposure"]["BTC"]["equity"].is_number());
}

TEST_CASE("hedge: smile dynamics by name") {
  const std::string words = "hedge " + chain_words + " --book " + example("btc-book.csv");
  const auto hedge = [&](const std::string& dynamics) {
    return json::parse(ballast_cli(words + " --json --dynamics " + dynamics).out);
  };
  const json plain = json::parse(ballast_cli(words + " --json").out);
  CHECK(plain["dynamics"] == "net");
  CHECK(plain["smiles"].empty());
  CHECK(plain["exposure"]["BTC"]["smile"].is_null());
  CHECK(hedge("net") == plain);

  const json strike = hedge("sticky-strike"), moneyness = hedge("sticky-moneyness"), tree = hedge("local-vol"),
             ssr = hedge("ssr=1.4");
  CHECK(ssr["dynamics"] == "ssr=1.4");
  CHECK(strike["legs"][0]["ratio"] == plain["legs"][0]["ratio"]);
  CHECK(strike["smiles"].size() == 8);
  const auto added = [](const json& j) { return j["exposure"]["BTC"]["smile"]["delta"].get<double>(); };
  const double by_r = strike["exposure"]["BTC"]["smile"]["delta_by_stickiness"].get<double>();
  CHECK(by_r != 0.0);
  CHECK(added(strike) == 0.0);
  CHECK(strike["exposure"]["BTC"]["smile"]["theta"] == 0.0);
  CHECK(moneyness["exposure"]["BTC"]["smile"]["theta"] != 0.0);
  CHECK(added(moneyness) == doctest::Approx(-by_r).epsilon(1e-12));
  CHECK(added(tree) == doctest::Approx(by_r).epsilon(1e-12));
  CHECK(added(ssr) == doctest::Approx(0.4 * by_r).epsilon(1e-12));
  for (const json& j : {strike, moneyness, tree, ssr}) {
    const json& btc = j["exposure"]["BTC"];
    CHECK(btc["net_delta"] == plain["exposure"]["BTC"]["net_delta"]);  // the venue's number does not change
    CHECK(j["legs"][0]["ratio"].get<double>() ==
          doctest::Approx(btc["net_delta"].get<double>() + added(j)).epsilon(1e-12));
    CHECK(j["legs"][0]["ratio"] == btc["in_coin"]["delta"]);
    CHECK(btc["in_usd"]["theta"].get<double>() ==
          doctest::Approx(btc["theta"].get<double>() + btc["smile"]["theta"].get<double>()).epsilon(1e-12));
    CHECK(j["legs"][0]["convention"].get<std::string>().find(j["dynamics"].get<std::string>()) != std::string::npos);
  }
  const std::string table = ballast_cli(words + " --dynamics local-vol --explain").out;
  for (const char* line : {"smile local-vol: delta", "one more of R", "slope dvol/dk", "smiles, local-vol"})
    CHECK(table.find(line) != std::string::npos);
  CHECK(ballast_cli(words + " -o csv --dynamics local-vol").out.find("local-vol") != std::string::npos);
  const Ran wrong = ballast_cli(words + " --dynamics sticky");
  CHECK(wrong.code == 2);
  CHECK(wrong.err.find("'sticky'") != std::string::npos);
}

TEST_CASE("hedge: the adaptive rule says what it needs") {
  const std::string words = "hedge " + chain_words + " --book " + example("btc-book.csv");
  const Ran bare = ballast_cli(words + " --dynamics adaptive");
  CHECK(bare.code == 2);
  CHECK(bare.err.find("--history PATH") != std::string::npos);
  CHECK(ballast_cli(words + " --history " + example("btc-chain.json")).code == 2);
  // The sample alone is not before itself: there is no step to learn from.
  const Ran none = ballast_cli(words + " --dynamics adaptive --history " + example("btc-chain.json"));
  CHECK(none.code == 1);
  CHECK(none.out.empty());
  CHECK(none.err.find("4 to 9 hours") != std::string::npos);
}

TEST_CASE("hedge: the adaptive rule on recorded chains") {
  const std::string folder = "data/deribit-optionchain-20251230-20260331/";
  const auto january = test::shared(folder + "snapshots-202601.tar.zst"),
             february = test::shared(folder + "snapshots-202602.tar.zst"),
             crash = test::shared(folder + "sample_deribit_options_snapshot_20260205T212937Z.csv.gz");
  if (!january || !february || !crash) return;
  const TemporaryFile book(header + "deribit,BTC-27FEB26-60000-P,10,coin,\nderibit,BTC-27MAR26-70000-C,-20,coin,\n",
                           ".csv");
  const auto hedge = [&](const std::string& chain, const std::string& more) {
    const Ran ran = ballast_cli("hedge --max-age 3600 --json --chain " + chain + " --book " + book.path() + more);
    CAPTURE(ran.err);
    REQUIRE(ran.code == 0);
    return json::parse(ran.out);
  };
  const auto ratio = [](const json& j) { return j["legs"].at(0)["ratio"].get<double>(); };

  // In the crash of February vols rise as the forward falls, in every tenor, and the rule had been proving itself.
  const json net = hedge(*crash, ""),
             used = hedge(*crash, " --dynamics adaptive --history " + *january + " " + *february);
  const json& learned = used["adaptive"]["BTC"];
  CHECK(net["adaptive"].is_null());
  CHECK(learned["steps"] == 135);
  CHECK(learned["learned_to"].get<std::string>() < used["as_of"].get<std::string>());
  for (const json& tenor : learned["tenors"]) {
    CHECK(tenor["verdict"] == "used");
    CHECK(tenor["level"] < 0.0);
  }
  const double added = used["exposure"]["BTC"]["smile"]["delta"].get<double>();
  CHECK(added > 0.1);  // long 10 puts, short 20 calls: short vega, so more delta
  CHECK(ratio(used) == doctest::Approx(ratio(net) + added).epsilon(1e-12));
  CHECK(used["smiles"].at(0)["stickiness"].is_null());
  MESSAGE("net ", ratio(net), ", adaptive adds ", added, ", t ", learned["tenors"][0]["t"].get<double>());

  // Two days after it the rule would have lost: the very ratio of the net delta, and it says so.
  std::string after;
  const auto read =
      store::for_each_member(*february, store::file_limit, [&](const std::string& name, const std::string& bytes) {
        if (name.find("20260208T153449Z") != std::string::npos) after = bytes;
        return true;
      });
  REQUIRE(read);
  REQUIRE_FALSE(after.empty());
  const TemporaryFile chain(after, ".csv");
  const std::string words = " --dynamics adaptive --history " + *february;
  const json idle = hedge(chain.path(), words);
  CHECK(ratio(idle) == ratio(hedge(chain.path(), "")));
  CHECK(idle["exposure"]["BTC"]["smile"]["delta"] == 0.0);
  for (const json& tenor : idle["adaptive"]["BTC"]["tenors"]) {
    CHECK(tenor["verdict"] == "not significant, net delta");
    CHECK(tenor["t"] < 1.0);
    CHECK(tenor["instants"] > 8.0);
  }
  const Ran table =
      ballast_cli("hedge --max-age 3600 --explain --chain " + chain.path() + " --book " + book.path() + words);
  CHECK(table.out.find("adaptive: not significant, net delta (t -") != std::string::npos);
  CHECK(table.err.find("learned from 27 steps") != std::string::npos);

  // January alone ends five days before the crash.
  const Ran old = ballast_cli("hedge --max-age 3600 --chain " + *crash + " --book " + book.path() +
                              " --dynamics adaptive --history " + *january);
  CHECK(old.code == 1);
  CHECK(old.out.empty());
  CHECK(old.err.find("at most 2 are allowed") != std::string::npos);
  const Ran back = ballast_cli("hedge --max-age 3600 --chain " + chain.path() + " --book " + book.path() +
                               " --dynamics adaptive --history " + *february + " " + *january);
  CHECK(back.code == 1);
  CHECK(back.err.find("in time order") != std::string::npos);
}

TEST_CASE("hedge: vega by expiry and delta") {
  const std::string words = "hedge " + chain_words + " --book " + example("btc-book.csv");
  const json btc = json::parse(ballast_cli(words + " --json").out)["exposure"]["BTC"], vega = btc["vega_buckets"];
  CHECK(vega["total"].get<double>() == doctest::Approx(btc["vega"].get<double>()).epsilon(1e-12));
  CHECK(vega["reference_days"] == 30.0);
  double total = 0.0, weighted = 0.0;
  for (const auto& [expiry, row] : vega["by_expiry"].items()) {
    double cells = 0.0;
    for (const char* bucket : {"put_wing", "put", "atm", "call", "call_wing"}) cells += row[bucket].get<double>();
    CHECK(cells == doctest::Approx(row["total"].get<double>()).epsilon(1e-12));
    CHECK(row["total"].get<double>() == doctest::Approx(btc["by_expiry"][expiry]["vega"].get<double>()).epsilon(1e-12));
    total += row["total"].get<double>();
    weighted += row["total"].get<double>() * row["weight"].get<double>();
  }
  CHECK(total == doctest::Approx(vega["total"].get<double>()).epsilon(1e-12));
  CHECK(weighted == doctest::Approx(vega["weighted"].get<double>()).epsilon(1e-12));
  const json longer =
      json::parse(ballast_cli(words + " --json --vega-reference 120").out)["exposure"]["BTC"]["vega_buckets"];
  CHECK(longer["weighted"].get<double>() == doctest::Approx(2.0 * vega["weighted"].get<double>()).epsilon(1e-12));
  CHECK(ballast_cli(words + " --explain").out.find("call_wing") != std::string::npos);
  CHECK(ballast_cli(words + " --vega-reference 0").code == 2);
}

TEST_CASE("hedge: delta, gamma and vega at once") {
  const Ran ran =
      ballast_cli("hedge " + chain_words + " --book " + example("btc-book.csv") +
                  " --neutral delta,gamma,vega --with BTC-PERPETUAL,BTC-27NOV26-96000-C,BTC-26MAR27-100000-C --json");
  CAPTURE(ran.err);
  REQUIRE(ran.code == 0);
  const json j = json::parse(ran.out);
  CHECK(j["legs"].size() == 3);
  CHECK(std::abs(j["residual"]["BTC"]["delta"].get<double>()) <=
        j["residual"]["BTC"]["half_lot_delta"].get<double>() * (1 + 1e-9));
}

TEST_CASE("usage faults exit 2 and say where help is") {
  for (const char* words :
       {"", "frob", "hedge", "ratio --position-delta x --hedge-delta 1", "hedge --chain", "chain --chain a -o xml",
        "hedge --chain a --book b --neutral theta", "check --format nonsense a", "greeks --nonsense",
        "check --as-of yesterday a", "greeks --forward 60000", "instruments",
        "greeks --forward 1 --strike 1 --vol 1 --days 1 --type sideways"}) {
    CAPTURE(words);
    const Ran ran = ballast_cli(words);
    CHECK(ran.code == 2);
    CHECK(ran.out.empty());
    CHECK(ran.err.rfind("usage: ", 0) == 0);
    CHECK(ran.err.find("--help") != std::string::npos);
  }
  const std::string sample = "hedge " + chain_words + " --book " + example("btc-book.csv");
  for (const char* more : {" --as-of yesterday", " --max-age nan", " --max-age -1", " --equity BTC=x", " --equity 3",
                           " --equity BTC=1 BTC=2"}) {
    CAPTURE(more);
    const Ran ran = ballast_cli(sample + more);
    CHECK(ran.code == 2);
    CHECK(ran.out.empty());
    CHECK(ran.err.rfind("usage: --", 0) == 0);
  }
  CHECK(ballast_cli("--help").code == 0);
  CHECK(ballast_cli("hedge --help").out.rfind("Example: ", 0) == 0);
  const std::string version = ballast_cli("--version").out;
  CHECK(version.rfind("ballast ", 0) == 0);
  CHECK((version.find("(fused arithmetic, ") != std::string::npos ||
         version.find("(separate arithmetic, ") != std::string::npos));
  CHECK(ballast_cli("hedge --chain /no/such/file --book b").code == 3);
}

TEST_CASE("scenarios: the sample book in a grid, no move no profit, and moves that no market makes") {
  const std::string sample = "scenarios " + chain_words + " --book " + example("btc-book.csv");
  const Ran table = ballast_cli(sample);
  CHECK(table.code == 0);
  CHECK(table.out.rfind("BTC: profit in BTC (coin account)", 0) == 0);
  CHECK(std::count(table.out.begin(), table.out.end(), '*') == 2);  // the legend and the worst cell
  const Ran csv = ballast_cli(sample + " -o csv --price-moves=-0.1,0 --vol-moves 0");
  CHECK(csv.code == 0);
  CHECK(csv.out.find("BTC,0,0,coin,0,OK\n") != std::string::npos);
  // The first order of the profit is the hedge's own delta in coin.
  const Ran small = ballast_cli(sample + " -o csv --price-moves=-0.0001,0.0001 --vol-moves 0");
  const auto profit = [&](const std::string& move) {
    const std::string key = "BTC," + move + ",0,coin,";
    return std::stod(small.out.substr(small.out.find(key) + key.size()));
  };
  const auto decision = nlohmann::json::parse(
      ballast_cli("hedge " + chain_words + " --book " + example("btc-book.csv") + " -o json").out);
  const double slope = (profit("0.0001") - profit("-0.0001")) / 0.0002;
  // The hedge's delta takes the premium from the mark, which is rounded to 1e-4 coin; the grid takes it from the vol.
  CHECK(std::abs(slope - decision["exposure"]["BTC"]["in_coin"]["delta"].get<double>()) <= 20.0 * 0.5e-4);
  // Without the perpetual's quote the hedge is DEGRADED, and so is the grid; a stale market has neither.
  const Ran degraded =
      ballast_cli("scenarios --chain " + example("btc-chain.json") + " --book " + example("btc-book.csv"));
  CHECK(degraded.code == 0);
  CHECK(degraded.out.find("quality DEGRADED") != std::string::npos);
  CHECK(degraded.err.rfind("warning: ", 0) == 0);
  const Ran stale = ballast_cli(sample + " --as-of 2026-11-20T14:00:00Z");
  CHECK(stale.code == 1);
  CHECK(stale.out.empty());
  CHECK(stale.err.rfind("error: ", 0) == 0);
  const Ran bad = ballast_cli(sample + " --price-moves=-2,0");
  CHECK(bad.code == 1);
  CHECK(bad.out.empty());
  CHECK(bad.err.find("prices times -1,") != std::string::npos);
  CHECK(ballast_cli(sample + " --vol-moves=x").code == 2);
  CHECK(ballast_cli("scenarios --help").out.rfind("Example: ", 0) == 0);
}

TEST_CASE("bad input: one clear line, exit 1, nothing published") {
  const std::string chain = test::slurp("examples/btc-chain.json"),
                    instruments = test::slurp("examples/btc-instruments.json");
  const std::string perpetual = test::slurp("examples/btc-perpetual.json");
  const std::string book = header + "deribit,BTC-27NOV26-100000-C,-6.0,coin,0.0085\n";
  struct Case {
    std::string what;
    std::string word;  ///< that the line must hold
    std::string chain, book;
    std::string more = "";
  };
  const std::string csv_header =
      "timestamp,instrument_name,underlying,underlying_name,option_type,strike,expiry_datetime,bid_price,ask_price,"
      "mark_price,"
      "implied_volatility,index_price,currency\n";
  const std::string csv_row =
      "2026-11-20T12:00:00Z,BTC-27NOV26-100000-C,96000,X,call,100000,2026-11-27T08:00:00+00:00,";
  const Case cases[] = {
      {"empty chain", "empty", "", book},
      {"chain of white space", "byte", "   \n", book},
      {"empty book", "empty", chain, ""},
      {"book of a header only", "no positions", chain, header},
      {"truncated chain", "byte", chain.substr(0, chain.size() / 2), book},
      {"truncated book line", "line 2", chain, header + "deribit,BTC-27NOV26-100000-C"},
      {"chain with a string for a number", "bid_price",
       replaced(chain, "\"bid_price\": ", "\"bid_price\": \"x\", \"was\": "), book},
      {"chain with a number for a name", "instrument_name",
       replaced(chain, "\"instrument_name\": ", "\"instrument_name\": 7, \"was\": "), book},
      {"chain with NaN", "byte", replaced(chain, "\"bid_price\": ", "\"bid_price\": NaN, \"was\": "), book},
      {"chain with 1e999", "1e999", replaced(chain, "\"mark_price\": ", "\"mark_price\": 1e999, \"was\": "), book},
      {"chain with a duplicate key", "bid_price",
       replaced(chain, "\"bid_price\": ", "\"bid_price\": 1, \"bid_price\": "), book},
      {"chain with a negative price", "ask_price", replaced(chain, "\"ask_price\": ", "\"ask_price\": -1, \"was\": "),
       book},
      {"chain with seconds for milliseconds", "creation_timestamp",
       replaced(chain, "\"creation_timestamp\": ", "\"creation_timestamp\": 1764000000, \"was\": "), book},
      {"an error reply of the venue", "10028",
       R"({"jsonrpc":"2.0","error":{"code":10028,"message":"too_many_requests"}})", book},
      {"a message of no use", "heartbeat", R"({"jsonrpc":"2.0","method":"heartbeat","params":{"type":"test_request"}})",
       book},
      {"bytes that are no text", "byte", std::string("\xff\xfe\x00\x01", 4), book},
      {"CSV with NaN", "bid_price", csv_header + csv_row + "nan,0.01,0.008,0.5,96000,BTC\n", book},
      {"CSV with words for a number", "'abc'", csv_header + csv_row + "abc,0.01,0.008,0.5,96000,BTC\n", book},
      {"CSV with a missing column", "mark_price",
       replaced(csv_header, "mark_price,", "") + csv_row + "0.01,0.008,0.5,96000,BTC\n", book},
      {"CSV with a duplicate row", "line 3",
       csv_header + csv_row + "0.007,0.01,0.008,0.5,96000,BTC\n" + csv_row + "0.007,0.01,0.008,0.5,96000,BTC\n", book},
      {"CSV with a short row", "line 2", csv_header + csv_row + "0.007\n", book},
      {"book with NaN", "nan", chain, header + "deribit,BTC-27NOV26-100000-C,nan,coin,\n"},
      {"book with a zero quantity", "quantity", chain, header + "deribit,BTC-27NOV26-100000-C,0,coin,\n"},
      {"book with a missing column", "unit", chain,
       "venue,instrument,quantity,average_price\nderibit,BTC-27NOV26-100000-C,1,\n"},
      {"book with a duplicate line", "line 3", chain, book + "deribit,BTC-27NOV26-100000-C,1.0,coin,\n"},
      {"book with an unknown venue", "nowhere", chain, header + "nowhere,BTC-27NOV26-100000-C,1,coin,\n"},
      {"book with an unknown unit", "dollars", chain, header + "deribit,BTC-27NOV26-100000-C,1,dollars,\n"},
      {"book with a name that is none", "BTC-27NOV", chain, header + "deribit,BTC-27NOV,1,coin,\n"},
      {"book with a combo", "combo", chain, header + "deribit,BTC-CS-27NOV26-100000_110000,1,coin,\n"},
      {"book with a strike that is not listed", "BTC-27NOV26-123456-C", chain,
       header + "deribit,BTC-27NOV26-123456-C,1,coin,\n"},
      {"book with an expired option", "expired", chain, header + "deribit,BTC-13NOV26-100000-C,1,coin,\n"},
      {"book with an option in usd", "sized in coin", chain, header + "deribit,BTC-27NOV26-100000-C,1000,usd,\n"},
      {"book with an inverse future in coin", "sized in usd", chain, header + "deribit,BTC-PERPETUAL,1,coin,\n"},
      {"an old chain", "stale", chain, book, " --as-of 2026-11-20T12:10:00Z"},
      {"a chain from the future", "future", chain, book, " --as-of 2026-11-20T11:00:00Z"},
      {"an unknown hedge instrument", "BTC-FOREVER", chain, book, " --with BTC-FOREVER"},
      {"a hedge on another coin", "ETH", chain, book, " --with ETH-PERPETUAL"},
      {"gamma with futures only", "gamma", chain, book, " --neutral delta,gamma --with BTC-PERPETUAL,BTC-25DEC26"},
      {"two targets, one instrument", "one instrument for each", chain, book, " --neutral delta,gamma"},
      {"the USD point without equity", "equity", chain, book, " --numeraire usd"},
      {"a chain for a book", "book-summary", chain, chain},
      {"strict on a chain without the perpetual", "BTC-PERPETUAL", chain, book, " --strict"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    const TemporaryFile chain_file(c.chain), book_file(c.book);
    const Ran ran =
        ballast_cli("hedge --chain " + chain_file.path() + " --book " + book_file.path() + c.more + " --json");
    CHECK(ran.code == 1);
    CHECK(ran.out.empty());
    CAPTURE(ran.err);
    CHECK(ran.err.find(c.word) != std::string::npos);
    CHECK(ran.err.find('\n') == ran.err.size() - 1);  // one line
    CHECK(ran.err.rfind("error: ", 0) == 0);
    MESSAGE(c.what, " | ", replaced(replaced(ran.err, "error: ", ""), "\n", ""));
  }
  // A crossed quote of the only option held is refused; of another option it is dropped with its reason.
  const std::string crossed = replaced(chain, "\"ask_price\": ", "\"ask_price\": 0.0001, \"was\": ");
  const TemporaryFile crossed_file(crossed), instruments_file(instruments), perpetual_file(perpetual), book_file(book);
  const Ran ran = ballast_cli("hedge --chain " + crossed_file.path() + " " + instruments_file.path() + " " +
                              perpetual_file.path() + " --book " + book_file.path() + " --json");
  REQUIRE(ran.code == 0);
  CHECK(json::parse(ran.out)["dropped"].at(0)["reason"] == "crossed");
}

TEST_CASE("greeks, chain and instruments") {
  const json worked =
      json::parse(ballast_cli("greeks --forward 60000 --strike 65000 --vol 0.6 --days 30 --json").out).at(0);
  CHECK(std::abs(worked["black_delta"].get<double>() - 0.352226) < 1e-6);  // the venue reference's worked example
  CHECK(std::abs(worked["net_delta"].get<double>() - 0.314928) < 1e-6);
  CHECK(std::abs(worked["vega_usd_per_point"].get<double>() - 63.860) < 1e-3);
  CHECK(std::abs(worked["theta_usd_per_day"].get<double>() + 63.860) < 1e-3);
  CHECK(ballast_cli("greeks --forward -1 --strike 65000 --vol 0.6 --days 30").code == 1);

  const json chain = json::parse(ballast_cli("chain " + chain_words + " --json").out);
  CHECK(chain.size() == 360);
  const json forwards = json::parse(ballast_cli("chain " + chain_words + " --forwards --json").out);
  CHECK(forwards.size() == 8);
  for (const json& f : forwards) {
    CHECK(f["source"] == "parity of marks");
    const double price = f["forward"].get<double>();
    CHECK(f["basis_usd"].get<double>() == doctest::Approx(price - 96214.37).epsilon(1e-12));
    CHECK(f["discount"] == 1.0);
    CHECK(std::abs(f["discount_estimate"].get<double>() - 1.0) < 3.0 * f["discount_error"].get<double>());
    CHECK(f["quotes_low"].get<double>() < price);
    CHECK(f["quotes_high"].get<double>() > price);
    CHECK(f["violations"] == 0);
    CHECK(f["arbitrages"] == 0);
    CHECK(f["notes"] == "");
  }
  CHECK(json::parse(ballast_cli("chain " + chain_words + " --violations --json").out).empty());

  const json list = json::parse(ballast_cli("instruments XRP_USDC-25SEP26-1d52-C BTC-PERPETUAL --json").out);
  CHECK(list.size() == 2);
  CHECK(list.at(1)["strike"] == 1.52);
  CHECK(list.at(0)["size_unit"] == "usd");
  CHECK(ballast_cli("instruments --chain " + example("btc-instruments.json")).code == 0);
  const Ran combo = ballast_cli("instruments BTC-FS-25DEC26_PERP");
  CHECK(combo.code == 1);
  CHECK(combo.err.find("combo") != std::string::npos);
}

TEST_CASE("chain: what does not agree, and expiries without a forward") {
  // A call bought for next to nothing: parity, verticals and the interval of the forward all say so.
  const std::string rows = test::slurp("examples/btc-chain.json");
  const std::size_t at = rows.find("BTC-27NOV26-96000-C");
  REQUIRE(at != std::string::npos);
  const std::size_t from = rows.rfind('{', at), to = rows.find('}', at);
  json option = json::parse(rows.substr(from, to - from + 1));
  option["bid_price"] = 0.0001;
  option["ask_price"] = 0.0002;
  option["mark_price"] = nullptr;
  const TemporaryFile file(rows.substr(0, from) + option.dump() + rows.substr(to + 1));
  const json list = json::parse(ballast_cli("chain --chain " + file.path() + " --violations --json").out);
  const auto count = [&list](const std::string& kind) {
    return std::count_if(list.begin(), list.end(), [&kind](const json& row) { return row["kind"] == kind; });
  };
  CHECK(count("parity") == 1);
  CHECK(count("vertical") >= 1);
  CHECK(count("butterfly") >= 1);
  CHECK(count("quotes_disagree") == 1);
  for (const json& row : list) {
    CHECK(row["expiry"] == "2026-11-27T08:00:00Z");
    if (row["kind"] == "parity") CHECK(row["buy"] == "synthetic");  // the call is too cheap
    if (row["kind"] == "vertical") CHECK(row["buy"] == "96000");
  }
  const json forwards = json::parse(ballast_cli("chain --chain " + file.path() + " --forwards --json").out);
  CHECK(forwards.at(1)["notes"] == "quotes_disagree");
  CHECK(forwards.at(1)["violations"] == 1);

  // One call alone gives no forward: a row that says so, and no curve.
  const std::string lone =
      "timestamp,instrument_name,underlying,underlying_name,option_type,strike,expiry_datetime,bid_price,ask_price,"
      "mark_price,implied_volatility,index_price,currency\n"
      "2026-11-20T12:00:00Z,BTC-27NOV26-100000-C,,,call,100000,2026-11-27T08:00:00+00:00,0.007,0.0075,0.0072,0.5,96000,"
      "BTC\n";
  const TemporaryFile lone_file(lone);
  const json absent = json::parse(ballast_cli("chain --chain " + lone_file.path() + " --forwards --json").out);
  REQUIRE(absent.size() == 1);
  CHECK(absent.at(0)["forward"].is_null());
  CHECK(absent.at(0)["notes"] == "no_pair no_forward");
  const Ran none = ballast_cli("curve --chain " + lone_file.path());
  CHECK(none.code == 1);
  CHECK(none.out.empty());
  CHECK(none.err.rfind("error: no curve: btc_usd: no forward", 0) == 0);
}

TEST_CASE("curve: basis, carry and funding of the sample in every format") {
  const Ran table = ballast_cli("curve " + chain_words);
  CHECK(table.code == 0);
  CHECK(table.out.rfind("index ", 0) == 0);
  CHECK(table.err.find("--funding-mean") != std::string::npos);
  const json plain = json::parse(ballast_cli("curve " + chain_words + " --json").out);
  REQUIRE(plain.size() == 9);  // the perpetual and eight expiries
  CHECK(plain.at(0)["source"] == "funding of BTC-PERPETUAL");
  CHECK(plain.at(0)["expiry"].is_null());
  CHECK(plain.at(0)["funding_per_year"].get<double>() == doctest::Approx(1.913e-5 * 1095.0).epsilon(1e-12));
  double before = 0.0, sum = 0.0;
  for (std::size_t i = 1; i < plain.size(); ++i) {
    const json& row = plain.at(i);
    const double years = row["years"].get<double>(), f = row["forward"].get<double>();
    CHECK(row["carry_per_year"].get<double>() == doctest::Approx(std::log(f / 96214.37) / years).epsilon(1e-9));
    CHECK(row["basis_per_year"].get<double>() == doctest::Approx((f / 96214.37 - 1.0) / years).epsilon(1e-9));
    CHECK(row["basis_usd"].get<double>() == doctest::Approx(f - 96214.37).epsilon(1e-12));
    CHECK(row["basis01_usd"].get<double>() == doctest::Approx(f * years / 1e4).epsilon(1e-12));
    sum += row["forward_carry_per_year"].get<double>() * (years - before);  // forward carries add up to the carry
    CHECK(sum == doctest::Approx(row["carry_per_year"].get<double>() * years).epsilon(1e-12));
    CHECK(row["discount"].is_null());
    CHECK(row["funding_per_year"].is_null());
    before = years;
  }
  const json more = json::parse(ballast_cli("curve " + chain_words + " --days 0,3000 --funding-mean 0.05 --json").out);
  REQUIRE(more.size() == 11);
  CHECK(more.at(9)["forward"] == 96214.37);
  CHECK(more.at(9)["funding_per_year"] == more.at(0)["funding_per_year"]);
  CHECK(more.at(10)["source"] == "extrapolated");
  CHECK(more.at(10)["forward_carry_per_year"] == more.at(8)["forward_carry_per_year"]);
  CHECK(std::abs(more.at(10)["funding_per_year"].get<double>() - 0.05) < 1e-4);
  const Ran csv = ballast_cli("curve " + chain_words + " -o csv");
  CHECK(csv.out.rfind("index,expiry,years,forward,basis_usd,basis_per_year,carry_per_year,forward_carry_per_year,",
                      0) == 0);
  CHECK(ballast_cli("curve " + chain_words + " -o markdown").out.rfind("| index", 0) == 0);
  const Ran lines = ballast_cli("curve " + chain_words + " -o jsonl");
  CHECK(std::count(lines.out.begin(), lines.out.end(), '\n') == 9);
  // The options alone have no perpetual: the same curve without its row.
  CHECK(json::parse(ballast_cli("curve --chain " + example("btc-chain.json") + " --json").out).size() == 8);
  for (const char* words :
       {" --days -1", " --days x", " --days 1e9", " --funding-mean nan", " --funding-half-life 0"}) {
    CAPTURE(words);
    const Ran bad = ballast_cli("curve " + chain_words + words);
    CHECK(bad.code == 2);
    CHECK(bad.err.rfind("usage: --", 0) == 0);
  }
  CHECK(ballast_cli("curve").code == 2);
  CHECK(ballast_cli("curve --help").out.rfind("Example: ", 0) == 0);
  CHECK(ballast_cli("curve " + chain_words + " --as-of 2026-11-20T14:00:00Z").code == 1);
}

TEST_CASE("check names the class of an input") {
  struct Case {
    const char* form;
    std::string content;
    const char* outcome;
  };
  const std::string ticker =
      R"({"instrument_name":"BTC-27NOV26-100000-C","timestamp":1764000000000,"state":"open","best_bid_price":0.007,"best_ask_price":0.0075,"mark_price":0.0072,"mark_iv":50.0})";
  const std::string change =
      R"({"jsonrpc":"2.0","method":"subscription","params":{"channel":"book.BTC-PERPETUAL.100ms","data":{"type":"change","instrument_name":"BTC-PERPETUAL","timestamp":1764000000000,"change_id":2,"prev_change_id":1,"bids":[],"asks":[]}}})";
  const Case cases[] = {
      {"ticker", ticker, "OK"},
      {"auto", ticker, "OK"},
      {"ticker", replaced(ticker, "0.007,", "null,"), "OK_ABSENT"},
      {"ticker", ticker.substr(0, 40), "REJECT_SYNTAX"},
      {"ticker", replaced(ticker, "0.007,", "\"0.007\","), "REJECT_FIELD"},
      {"ticker", replaced(ticker, "0.007,", "0.0075,"), "QUARANTINE"},            // locked: bid = ask
      {"ticker", replaced(ticker, "1764000000000", "1764000000"), "QUARANTINE"},  // seconds
      {"ticker", replaced(ticker, "\"open\"", "\"dancing\""), "QUARANTINE"},
      {"order-book", change, "RESYNC"},
      {"auto", R"({"jsonrpc":"2.0","method":"heartbeat","params":{"type":"test_request"}})", "IGNORE"},
      {"positions-csv", header + "deribit,BTC-PERPETUAL,100,usd,\n", "OK"},
      {"positions-csv", header + "deribit,BTC-PERPETUAL,100,coin,\n", "REFUSE"},
      {"positions-csv", header + "deribit,BTC-PERPETUAL,x,usd,\n", "REJECT_FIELD"},
      {"auto", "", "REJECT_SYNTAX"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.content);
    const TemporaryFile file(c.content);
    const Ran ran = ballast_cli(std::string("check --format ") + c.form + " " + file.path());
    CAPTURE(ran.out);
    CHECK(ran.out.rfind(std::string("outcome: ") + c.outcome + "\n", 0) == 0);
    const std::string outcome = c.outcome;
    CHECK(ran.code == (outcome == "OK" || outcome == "OK_ABSENT" || outcome == "IGNORE" ? 0 : 1));
  }
  const TemporaryFile file(ticker);
  CHECK(ballast_cli("check --format ticker --as-of 2025-12-31 " + file.path()).out.find("stale") != std::string::npos);
}

namespace {

/// The sample chain some hours later, every mark vol moved by so many points: enough to be a move, too little to
/// contradict its price.
std::string later_chain(int hours, double points) {
  json chain = json::parse(test::slurp("examples/btc-chain.json"));
  for (json& row : chain["result"]) {
    row["creation_timestamp"] = row["creation_timestamp"].get<std::int64_t>() + hours * 3'600'000LL;
    if (row.contains("mark_iv")) row["mark_iv"] = row["mark_iv"].get<double>() + points;
  }
  return chain.dump();
}

/// A folder that lives as long as the test.
class TemporaryFolder {
 public:
  TemporaryFolder() : path_(std::filesystem::temp_directory_path() / ("ballast-folder-" + std::to_string(::getpid()))) {
    std::filesystem::create_directory(path_);
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string add(const std::string& name, const std::string& content) const {
    std::ofstream(path_ / name, std::ios::binary) << content;
    return (path_ / name).string();
  }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace

TEST_CASE("skew: the sample's surface is read back") {
  const Ran ran = ballast_cli("skew --chain " + example("btc-chain.json") + " --json");
  CAPTURE(ran.err);
  REQUIRE(ran.code == 0);
  std::map<std::string, json> expiries;
  std::map<double, json> tenors;
  json index;
  for (const json& row : json::parse(ran.out)) {
    CHECK(row["index"] == "btc_usd");
    if (row["kind"] == "expiry") expiries[row["expiry"].get<std::string>().substr(0, 10)] = row;
    if (row["kind"] == "tenor") tenors[row["days"].get<double>()] = row;
    if (row["kind"] == "index") index = row;
  }
  // tools/make_sample made the chain from these vols at the money; mark_iv is rounded to 0.0001.
  for (const auto& [expiry, vol] :
       {std::pair("2026-11-27", 0.385), std::pair("2026-12-04", 0.400), std::pair("2026-12-11", 0.412),
        std::pair("2026-12-25", 0.428), std::pair("2027-01-29", 0.445), std::pair("2027-03-26", 0.458),
        std::pair("2027-06-25", 0.468)}) {
    CAPTURE(expiry);
    const json& row = expiries.at(expiry);
    CHECK(std::abs(row["atm_vol"].get<double>() - vol) <= 2e-4);
    CHECK(row["delta_convention"] == "premium-adjusted");
    CHECK(row["rr25"].get<double>() < 0.0);  // SKEW is -0.28
    CHECK(row["bf10"].get<double>() > row["bf25"].get<double>());
    CHECK(row["strike_10p"] < row["strike_25p"]);
    CHECK(row["strike_25p"] < row["strike_straddle"]);
    CHECK(row["strike_straddle"] < row["strike_25c"]);
    CHECK(row["strike_25c"] < row["strike_10c"]);
    CHECK(row["quotes"].is_number());
    CHECK(row["quote_age_s"].get<double>() < 10.0);
  }
  REQUIRE(tenors.size() == 6);
  CHECK(tenors[30.0]["expiry"].is_null());
  CHECK(tenors[30.0]["atm_vol"] > expiries["2026-12-11"]["atm_vol"]);
  CHECK(tenors[30.0]["atm_vol"] < expiries["2026-12-25"]["atm_vol"]);
  // Two ways to one number: the chain's own prices summed over its strikes, and the fitted smiles integrated.
  CHECK(std::abs(index["vol_index"].get<double>() - tenors[30.0]["variance_swap"].get<double>()) <= 0.003);

  const json forward = json::parse(
      ballast_cli("skew --chain " + example("btc-chain.json") + " --tenors 20,40 --delta forward --json").out);
  for (const json& row : forward) {
    if (row["kind"] == "expiry") {  // the other delta moves the strikes up, not the vol at the money
      const json& adjusted = expiries.at(row["expiry"].get<std::string>().substr(0, 10));
      CHECK(row["delta_convention"] == "forward");
      CHECK(row["atm_vol"] == adjusted["atm_vol"]);
      CHECK(row["strike_25c"] > adjusted["strike_25c"]);
      CHECK(row["strike_25p"] > adjusted["strike_25p"]);
    }
  }
  const Ran table = ballast_cli("skew --chain " + example("btc-chain.json"));
  CHECK(table.out.find("premium-adjusted deltas") != std::string::npos);
  CHECK(table.out.find("z-scores") == std::string::npos);  // of one snapshot there are none
  CHECK(ballast_cli("skew --chain " + example("btc-chain.json") + " -o csv").out.rfind("index,as_of,kind", 0) == 0);
  CHECK(ballast_cli("skew --chain " + example("btc-chain.json") + " -o markdown").out.rfind("| index", 0) == 0);
  CHECK(ballast_cli("skew --help").out.rfind("Example: ballast skew --chain examples/btc-chain.json", 0) == 0);
}

TEST_CASE("skew: a history has scores and alerts, in whatever order it comes") {
  const TemporaryFolder folder;
  const std::string a = folder.add("a.json", later_chain(0, 0.0)), b = folder.add("b.json", later_chain(6, 0.2)),
                    c = folder.add("c.json", later_chain(12, -0.2)), d = folder.add("d.json", later_chain(18, 6.0));
  folder.add("notes.txt", "not market data");
  const Ran alerts = ballast_cli("skew --history " + folder.path() + " --alerts --json");
  CAPTURE(alerts.err);
  REQUIRE(alerts.code == 0);
  const json told = json::parse(alerts.out);
  REQUIRE(told.size() == 1);
  CHECK(told[0]["rule"] == "atm-jump");
  CHECK(told[0]["kind"] == "iv_jump");
  CHECK(told[0]["subject"] == "30 d");
  CHECK(told[0]["state"] == "raised");
  CHECK(told[0]["time"].get<std::string>().rfind("2026-11-21T05:59:59", 0) == 0);
  // 6.2 points over the lowest of the day before; the time that passed took nothing worth mentioning.
  CHECK(std::abs(told[0]["value"].get<double>() - told[0]["reference"].get<double>() - 0.062) <= 0.002);
  CHECK(ballast_cli("skew --history " + d + " " + b + " " + a + " " + c + " --alerts --json").out == alerts.out);
  CHECK(ballast_cli("skew --history " + a + " " + b + " " + c + " --chain " + d + " --alerts --json").out ==
        alerts.out);

  const json series = json::parse(ballast_cli("skew --history " + folder.path() + " --least 3 --series --json").out);
  REQUIRE(series.size() == 4 * 6);
  std::size_t scored = 0;
  for (const json& row : series) {
    CHECK(row["atm_vol"].is_number());
    const bool last = row["as_of"] == told[0]["time"];
    CHECK(row["atm_vol_z"].is_number() == last);
    if (!last) continue;
    ++scored;
    CHECK(row["atm_vol_z"].get<double>() > 10.0);
    CHECK(row["straddle_vol_z"].get<double>() > 10.0);
  }
  CHECK(scored == 6);
  const Ran table = ballast_cli("skew --history " + folder.path() + " --least 3");
  CHECK(table.out.find("z-scores against the mean") != std::string::npos);
  CHECK(table.out.find("iv_jump") != std::string::npos);

  CHECK(ballast_cli("skew --history " + folder.path() + " --exit-code").code == 1);
  CHECK(ballast_cli("skew --history " + a + " " + b + " --exit-code").code == 0);
  const Ran twice = ballast_cli("skew --history " + folder.path() + " " + a + " --alerts --json");
  CHECK(twice.out == alerts.out);
  CHECK(twice.err.find("1 snapshots of an instant") != std::string::npos);

  // Rules of one's own, by flag and by file: 10 points never came, 0.3 points did three times.
  const std::string words = "skew --history " + folder.path() + " --alerts --json ";
  CHECK(json::parse(ballast_cli(words + "--rule jump:kind=iv_jump,threshold=0.1").out).empty());
  const std::string fine = ballast_cli(words + "--rule fine:kind=iv_jump,threshold=0.003,within_hours=7").out;
  CHECK(json::parse(fine).size() == 2);
  const std::string file = folder.add(
      "rules.txt", R"([{"name": "fine", "kind": "iv_jump", "threshold": 0.003, "within_hours": 7, "tenor_days": 30}])");
  CHECK(ballast_cli(words + "--rules " + file).out == fine);
}

TEST_CASE("skew: what is wrong is named") {
  const TemporaryFolder folder;
  const std::string chain = " --chain " + example("btc-chain.json");
  const std::string rules = folder.add("rules.json", R"([{"name": "a", "kind": "iv_jump", "treshold": 0.1}])");
  const std::string list = folder.add("list.json", R"({"kind": "iv_jump"})");
  struct Case {
    int code;
    const char* word;
    std::string words;
  };
  const Case cases[] = {
      {2, "--chain FILE or --history PATH", ""},
      {2, "choose one", chain + " --series --alerts"},
      {2, "--as-of", " --history " + folder.path() + " --as-of 2026-11-20"},
      {2, "tenor 7 does not rise", chain + " --tenors 30,7"},
      {2, "tenor -1", chain + " --tenors -1"},
      {2, "'spot' is not one of forward, premium-adjusted", chain + " --delta spot"},
      {2, "did you mean threshold", chain + " --rule a:kind=iv_jump,treshold=0.1"},
      {2, "'iv_jmp' is not one of", chain + " --rule a:kind=iv_jmp,threshold=0.1"},
      {2, "a threshold is due", chain + " --rule a:kind=iv_jump"},
      {2, "NAME:key=value", chain + " --rule iv_jump"},
      {2, "'x'", chain + " --rule a:kind=iv_jump,threshold=x"},
      {2, "tenor 31", chain + " --rule a:kind=iv_jump,threshold=0.1,tenor_days=31"},
      {2, "rule 1: no such key: 'treshold'", chain + " --rules " + rules},
      {2, "a JSON list", chain + " --rules " + list},
      {3, "missing.json", " --history " + folder.path() + "/missing.json"},
      {1, "'eth_usd'", chain + " --index eth_usd"},
      {1, "rules.json", " --history " + rules},
  };
  for (const Case& c : cases) {
    CAPTURE(c.words);
    const Ran ran = ballast_cli("skew" + c.words);
    CAPTURE(ran.err);
    CHECK(ran.code == c.code);
    CHECK(ran.out.empty());
    CHECK(ran.err.find(c.word) != std::string::npos);
  }
  const TemporaryFile old(later_chain(0, 0.0));
  const Ran stale = ballast_cli("skew --chain " + old.path() + " --as-of 2026-11-20T12:10:00Z");
  CHECK(stale.code == 1);
  CHECK(stale.err.find("no surface") != std::string::npos);
}

TEST_CASE("skew: three months of recorded chains") {
  const auto folder = test::shared("data/deribit-optionchain-20251230-20260331");
  if (!folder) return;
  const std::string february = *folder + "/snapshots-202602.tar.zst";
  const Ran series =
      ballast_cli("skew --history " + february + " --underlying BTC --tenors 30 --least 10 --series --json");
  CAPTURE(series.err);
  REQUIRE(series.code == 0);
  const json rows = json::parse(series.out);
  CHECK(rows.size() > 100);
  double worst = 0.0, mean = 0.0, z = 0.0;
  for (const json& row : rows) {
    CHECK(row["index"] == "btc_usd");
    CHECK(row["atm_vol"].get<double>() > 0.3);
    CHECK(row["atm_vol"].get<double>() < 1.0);
    CHECK(row["rr25"].get<double>() < 0.0);  // puts stayed dearer than calls all month
    // The chain's strikes end where the smile goes on, which counts for most on the worst day.
    const double gap = std::abs(row["variance_swap"].get<double>() - row["vol_index"].get<double>());
    worst = std::max(worst, gap);
    mean += gap / static_cast<double>(rows.size());
    if (row["atm_vol_z"].is_number()) z = std::max(z, row["atm_vol_z"].get<double>());
  }
  MESSAGE("30-day swap against the chain's index: ", mean, " apart on average, at most ", worst, "; largest z ", z);
  CHECK(mean <= 0.01);
  CHECK(z > 4.0);
  // 5 February 2026, the sharpest fall of the set: vol at 30 days rose over 10 points within a day.
  const json alerts = json::parse(ballast_cli("skew --history " + february + " --index btc_usd --alerts --json").out);
  const auto on = [&](const std::string& day, const std::string& kind) {
    return std::count_if(alerts.begin(), alerts.end(), [&](const json& alert) {
      return alert["kind"] == kind && alert["state"] == "raised" && alert["time"].get<std::string>().rfind(day, 0) == 0;
    });
  };
  CHECK(on("2026-02-05", "iv_jump") >= 1);
  CHECK(on("2026-02-20", "iv_jump") == 0);
}

namespace {

const std::string sample_words = chain_words + " --book " + example("btc-book.csv");

}  // namespace

TEST_CASE("hedge: a problem from a file, and what it rests on") {
  const std::string words = "hedge " + sample_words + " --problem " + example("problem.toml");
  const Ran ran = ballast_cli(words + " --json");
  REQUIRE_MESSAGE(ran.code == 0, ran.err);
  const json j = json::parse(ran.out);
  const json& o = j["optimum"]["BTC"];
  CHECK(j["legs"].size() >= 1);
  CHECK(j["legs"].size() <= 4);  // the file's limit
  REQUIRE(o["goals"].size() == 3);
  // The bounds come back as the file has them: vega a point.
  CHECK(o["goals"][1]["what"] == "vega");
  CHECK(o["goals"][1]["highest"].get<double>() == doctest::Approx(0.005));
  CHECK(std::abs(o["goals"][1]["after"].get<double>()) <= 0.005 * (1.0 + 1e-6));
  CHECK(std::abs(o["goals"][1]["before"].get<double>()) > 0.005);
  CHECK(o["goals"][1]["after"].get<double>() == doctest::Approx(j["residual"]["BTC"]["vega"].get<double>()));
  CHECK(o["goals"][0]["after"].get<double>() == doctest::Approx(j["residual"]["BTC"]["delta"].get<double>()));
  double paid = 0.0;
  for (const json& leg : j["legs"]) paid += leg["cost"]["total_usd"].get<double>();
  const json& cost = o["cost"];
  CHECK(cost["leg_costs_usd"].get<double>() == doctest::Approx(5.0 * static_cast<double>(j["legs"].size())));
  CHECK(cost["total_usd"].get<double>() ==
        doctest::Approx(paid + cost["carry_usd"].get<double>() + cost["leg_costs_usd"].get<double>()));
  CHECK(o["bound_usd"].get<double>() <= o["objective_usd"].get<double>());
  CHECK(o["do_nothing_usd"].is_null());  // a must forbids it
  const Ran text = ballast_cli(words);
  CHECK(text.code == 0);
  for (const char* part : {"goal", "USD a unit", "vega", "cost ", "spread", "no whole lots are below", "next best"}) {
    CAPTURE(part);
    CHECK(text.out.find(part) != std::string::npos);
  }
  // Without a problem nothing is optimised.
  CHECK(json::parse(ballast_cli("hedge " + sample_words + " --json").out)["optimum"].empty());
}

TEST_CASE("hedge: a problem from flags is the exact solve where only the delta counts") {
  const Ran solved = ballast_cli("hedge " + sample_words + " --json");
  const Ran optimised =
      ballast_cli("hedge " + sample_words + " --optimise --goal delta=0 --candidates BTC-PERPETUAL --json");
  REQUIRE_MESSAGE(optimised.code == 0, optimised.err);
  const json a = json::parse(solved.out)["legs"], b = json::parse(optimised.out)["legs"];
  REQUIRE(b.size() == 1);
  CHECK(b[0]["instrument"] == "BTC-PERPETUAL");
  CHECK(b[0]["side"] == a[0]["side"]);
  CHECK(b[0]["lots"] == a[0]["lots"]);
}

TEST_CASE("hedge: a problem that cannot be had, or is not one") {
  const std::string words = "hedge " + sample_words;
  const Ran turnover = ballast_cli(words + " --optimise --goal delta=0 --candidates BTC-PERPETUAL --turnover 100");
  CHECK(turnover.code == 1);
  CHECK(turnover.out.empty());
  CHECK(turnover.err.find("no trade keeps every must") != std::string::npos);
  for (const char* wrong :
       {" --goal delta=0", " --optimise", " --optimise --goal delta", " --optimise --goal delta=0 --most-legs 0",
        " --optimise --goal delta=0 --depth-share 2", " --optimise --goal delta=0 --neutral delta",
        " --optimise --goal delta=0 --with BTC-PERPETUAL", " --problem x.toml --optimise"}) {
    CAPTURE(wrong);
    const Ran ran = ballast_cli(words + wrong);
    CHECK(ran.code == 2);
    CHECK(ran.out.empty());
  }
  CHECK(ballast_cli(words + " --problem no-such-file.toml").code == 3);
  const TemporaryFile typo("candidates = ['all']\n[[goal]]\ngreek = 'delta'\nexact = 0\n[limits]\nmost_leg = 2\n",
                           ".toml");
  const Ran named = ballast_cli(words + " --problem " + typo.path());
  CHECK(named.code == 1);
  CHECK(named.err.find("line 6, column 1: unknown key limits.most_leg; did you mean 'most_legs'?") !=
        std::string::npos);
  const TemporaryFile empty("[[goal]]\ngreek = 'delta'\nexact = 0\n", ".toml");
  CHECK(ballast_cli(words + " --problem " + empty.path()).err.find("no candidates") != std::string::npos);
}

TEST_CASE("frontier: less risk costs more, and the page holds every point") {
  const TemporaryFile page("", ".html");
  const Ran ran =
      ballast_cli("frontier " + sample_words + " --candidates futures --points 6 --json --html " + page.path());
  REQUIRE_MESSAGE(ran.code == 0, ran.err);
  const json j = json::parse(ran.out);
  REQUIRE(j["points"].size() == 6);
  CHECK(j["points"][0]["legs"].empty());
  CHECK(j["points"][0]["risk_usd"].get<double>() == doctest::Approx(j["risk_before_usd"].get<double>()));
  CHECK(j["points"][5]["risk_usd"].get<double>() < j["risk_before_usd"].get<double>());
  for (std::size_t k = 1; k < 6; ++k) {
    CHECK(j["points"][k]["risk_usd"].get<double>() <= j["points"][k - 1]["risk_usd"].get<double>());
    CHECK(j["points"][k]["cost_usd"].get<double>() >= j["points"][k - 1]["cost_usd"].get<double>());
  }
  const std::string html = store::read_bytes(page.path()).value();
  CHECK(html.find("BTC hedge frontier") != std::string::npos);
  CHECK(html.find("{{") == std::string::npos);
  CHECK(html.find("\"points\"") != std::string::npos);
  for (const char* outside : {"http:", "https:", "@import", "url("}) CHECK(html.find(outside) == std::string::npos);
  const Ran csv = ballast_cli("frontier " + sample_words + " --candidates futures --points 4 -o csv");
  CHECK(csv.out.rfind("aversion,risk_usd,cost_usd,penalties_usd,legs,proved,trade", 0) == 0);
  CHECK(std::count(csv.out.begin(), csv.out.end(), '\n') == 5);
  CHECK(ballast_cli("frontier " + sample_words + " --points 1").code == 2);
}

TEST_CASE("archive: what reads recorded chains says the same of their archive") {
  const TemporaryFolder folder;
  const std::string a = folder.add("a.json", later_chain(0, 0.0)), b = folder.add("b.json", later_chain(6, 0.2)),
                    c = folder.add("c.json", later_chain(12, -0.2));
  const std::string month = folder.path() + "/month.chains";
  const Ran made = ballast_cli("archive --chain " + a + " " + b + " " + c + " --output " + month + " --json");
  CAPTURE(made.err);
  REQUIRE(made.code == 0);
  CHECK(json::parse(made.out)[0]["snapshots"] == 3);
  CHECK(json::parse(made.out)[0]["quotes"].get<int>() > 900);
  const std::string words = " --least 2 --series --json";
  const Ran files = ballast_cli("skew --history " + a + " " + b + " " + c + words);
  const Ran archive = ballast_cli("skew --history " + month + words);
  CHECK(archive.code == 0);
  CHECK(archive.out == files.out);
  CHECK(ballast_cli("skew --history " + folder.path() + words).out == files.out);  // a folder's archive comes first

  const std::string renamed = folder.path() + "/renamed.bin";  // known by its content
  std::filesystem::rename(month, renamed);
  CHECK(ballast_cli("skew --history " + renamed + words).out == files.out);
  CHECK(ballast_cli("archive --chain " + renamed + " --output " + month + " --json").code == 0);
  CHECK(store::read_bytes(month).value() == store::read_bytes(renamed).value());  // an archive of it is the same again

  CHECK(ballast_cli("chain --chain " + month).err ==
        "error: " + month + ": an archive of chains, many snapshots where one is due (--history takes it)\n");
  std::string bytes = store::read_bytes(month).value();
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  const Ran damaged = ballast_cli("skew --history " + folder.add("bad.chains", bytes) + words);
  CHECK(damaged.code == 1);
  CHECK(damaged.out.empty());
  CHECK(damaged.err.find("bad.chains: byte ") != std::string::npos);
  CHECK(ballast_cli("archive --chain " + folder.add("empty.txt", "x") + " --output " + month).code == 1);
  CHECK(store::is_chain_archive(month));  // what was there stays
  CHECK(ballast_cli("archive --chain " + a + " --output /no/such/folder/x.chains").code == 3);
  CHECK(ballast_cli("archive --chain " + a).code == 2);
  CHECK(ballast_cli("archive --help").out.rfind("Example: ballast archive --chain examples/btc-chain.json", 0) == 0);
}

TEST_CASE("simulate: the same bytes for any number of threads") {
  const std::string words = "simulate --steps 30 --paths 3000 --rules time:1d,band:0.05,ww:1,zak:1 --seed 7 -o csv";
  const Ran one = ballast_cli(words);
  CHECK(one.code == 0);
  CHECK(ballast_cli(words + " --threads 2").out == one.out);
  CHECK(ballast_cli(words + " --threads 3").out == one.out);
  CHECK(ballast_cli("simulate --steps 30 --paths 3000 --rules time:1d --seed 8 -o csv").out != one.out);
}

TEST_CASE("simulate: every format says the same, each mean with its error") {
  const std::string words = "simulate --steps 60 --paths 500 --rules time:12h,leland:12h,move:0.03,band:0.05:middle";
  const Ran text = ballast_cli(words);
  CHECK(text.code == 0);
  CHECK(text.out.find("sold 1 coin of a 30-day call at 100") == 0);
  CHECK(text.out.find("leland:12h") != std::string::npos);
  const json result = json::parse(ballast_cli(words + " --json").out);
  CHECK(std::abs(result["premium_usd"].get<double>() - 6.8539) <= 5e-5);  // tests/data/hedge_strategy_mc.csv
  REQUIRE(result["rules"].size() == 4);
  const json& daily = result["rules"][0];
  CHECK(daily["rule"] == "time:12h");
  CHECK(daily["trades"].get<double>() > 59.5);  // a delta of 1 needs no trade any more
  CHECK(daily["trades"].get<double>() <= 60.0);
  // A standard error is the deviation over the root of the paths.
  CHECK(std::abs(daily["pnl_error"].get<double>() * std::sqrt(500.0) - daily["pnl_std_usd"].get<double>()) <= 1e-12);
  CHECK(daily["pnl_q05_usd"].get<double>() < daily["pnl_q50_usd"].get<double>());
  const Ran csv = ballast_cli(words + " -o csv");
  CHECK(csv.out.find("rule,cost_usd,cost_error,pnl_usd,pnl_error,") == 0);
}

TEST_CASE("simulate: a put bought at 65000 is the same in percent as one at 100") {
  const std::string words = "simulate --type put --quantity 1 --steps 30 --paths 256 --rules band:0.05 --json";
  const json percent = json::parse(ballast_cli(words).out);
  const json coin = json::parse(ballast_cli(words + " --forward 65000").out);
  for (const char* name : {"cost_usd", "pnl_usd", "es95_usd"}) {
    CAPTURE(name);
    const double small = percent["rules"][0][name], large = coin["rules"][0][name];
    CHECK(std::abs(large - 650.0 * small) <= 1e-8 * std::abs(large));
  }
}

TEST_CASE("simulate: what makes no sense is refused") {
  CHECK(ballast_cli("simulate --rules daily:1").code == 2);
  CHECK(ballast_cli("simulate --rules daily:1").err.find("'daily:1'") != std::string::npos);
  CHECK(ballast_cli("simulate --rules band:2").code == 2);
  CHECK(ballast_cli("simulate --vol 0").code == 2);
  CHECK(ballast_cli("simulate --paths 1").code == 2);
  CHECK(ballast_cli("simulate --type straddle").code == 2);
  const Ran odd = ballast_cli("simulate --steps 30 --rules time:7h");
  CHECK(odd.code == 1);
  CHECK(odd.err.find("7.0") != std::string::npos);
  CHECK(ballast_cli("simulate --quantity 0 --steps 30 --rules time:1d").code == 1);
  CHECK(ballast_cli("simulate --cost-bps 10000 --steps 30 --rules time:1d").code == 2);
  CHECK(ballast_cli("simulate --paths 90000000 --rules time:1d").code == 1);
  CHECK(ballast_cli("simulate --help").out.find("Example: ballast simulate") == 0);
}

TEST_CASE("levels: a recording becomes an archive, and the archive its books") {
  const TemporaryFile recording(
      R"(10 {"stream":"b@depth","data":{"e":"depthUpdate","E":1723161256010,"s":"BTCUSDT","U":1,"u":5,"b":[["99.5","1"]],"a":[]}})"
      "\n"
      R"(11 {"lastUpdateId":4,"bids":[["99","2"],["98","1"]],"asks":[["101","2"]]})"
      "\n"
      R"(12 {"stream":"b@depth","data":{"e":"depthUpdate","E":1723161256012,"s":"BTCUSDT","U":6,"u":6,"b":[["99","0"]],"a":[["100.5","3"]]}})"
      "\n");
  for (const char* ending : {".levels", ".levels.zst"}) {
    const TemporaryFile archive("", ending);
    const Ran written = ballast_cli("levels --depth " + recording.path() + " --archive " + archive.path() + " --json");
    CHECK(written.code == 0);
    const json row = json::parse(written.out)[0];
    CHECK(row["instrument"] == "spot:BTCUSDT");
    CHECK(row["updates"] == 2);
    CHECK(row["applied"] == 2);
    CHECK(row["changes"] == 3);
    CHECK(row["gaps"] == 0);
    const Ran replayed = ballast_cli("levels --replay " + archive.path() + " --json");
    CHECK(replayed.code == 0);
    const json book = json::parse(replayed.out)[0];
    CHECK(book["best_bid"] == 99.5);
    CHECK(book["best_ask"] == 100.5);
    CHECK(book["bid_levels"] == 2);
    CHECK(book["levels"] == 6);
    CHECK(book["crossed"] == 0);
    CHECK(book["sent"] == "2024-08-08T23:54:16.012Z");
    CHECK(replayed.err.find("6 levels in 3 updates") != std::string::npos);
  }
  CHECK(ballast_cli("levels --replay " + recording.path()).code == 1);
  CHECK(ballast_cli("levels --replay " + recording.path()).err.find(": byte 0: no level archive") != std::string::npos);
  CHECK(ballast_cli("levels --depth " + example("btc-chain.json")).code == 1);
  CHECK(ballast_cli("levels --depth no-such-file").code == 3);
  CHECK(ballast_cli("levels").code == 2);
  CHECK(ballast_cli("levels --archive x").code == 2);
  CHECK(ballast_cli("levels --help").out.rfind("Example: ballast levels --depth", 0) == 0);
}
