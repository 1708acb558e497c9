#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "ballast/app/backtest_json.h"
#include "ballast/app/commands.h"
#include "ballast/store/file.h"
#include "tests/synthetic_run.h"

using namespace ballast;
using nlohmann::ordered_json;

namespace {

struct Ran {
  int code;
  std::string out, err;
};

Ran compare(std::vector<std::string> words) {
  words.insert(words.begin(), "compare");
  std::ostringstream out, err;
  const int code = app::run(words, {out, err});
  return {code, out.str(), err.str()};
}

/// A file that lives as long as the test.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content, const std::string& suffix = ".json")
      : path_(std::filesystem::temp_directory_path() /
              ("ballast-compare-" + std::to_string(::getpid()) + "-" + std::to_string(count_++) + suffix)) {
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

ordered_json result(const std::string& name, const std::vector<sim::RuleRows>& rules,
                    Numeraire numeraire = Numeraire::coin) {
  const auto summary = sim::summarise(numeraire, rules, {}, Rng(1));
  REQUIRE_MESSAGE(summary, summary.error().what);
  return app::backtest_json({"hash of " + name, name, "BTC"}, summary.value(), rules);
}

// The same accounts looked at every second time: what happened in between is summed up.
std::vector<sim::RuleRows> every_second(const std::vector<sim::RuleRows>& rules) {
  std::vector<sim::RuleRows> out;
  for (const sim::RuleRows& rule : rules) {
    sim::RuleRows coarse{rule.name, rule.hedges, {}};
    for (std::size_t i = 0; i < rule.rows.size(); i += 2) {
      sim::Row row = rule.rows[i];
      for (std::size_t l = 0; i > 0 && l < sim::lines; ++l) {
        row.change.coin[l] += rule.rows[i - 1].change.coin[l];
        row.change.usd[l] += rule.rows[i - 1].change.usd[l];
      }
      coarse.rows.push_back(row);
    }
    out.push_back(std::move(coarse));
  }
  return out;
}

const ordered_json& rule_of(const ordered_json& result, const std::string& name) {
  for (const auto& rule : result["rules"]) {
    if (rule["name"] == name) return rule;
  }
  FAIL("no rule " << name);
  return result;
}

}  // namespace

TEST_CASE("compare: one result beside nothing is that result") {
  const ordered_json own = result("own", test::synthetic_rules(20260810, 120));
  const TemporaryFile file(own.dump());
  const Ran ran = compare({file.path(), "--json"});
  REQUIRE_MESSAGE(ran.code == 0, ran.err);
  CHECK(ordered_json::parse(ran.out) == own);
  CHECK(ran.err.find("own: 5 rules over 120 instants") != std::string::npos);
}

TEST_CASE("compare: rules of two runs stand beside one another as if of one") {
  const auto all = test::synthetic_rules(20260811, 150);
  const TemporaryFile first(result("first", {all[0], all[1], all[2]}).dump());
  const TemporaryFile second(result("second", {all[0], all[3], all[4]}).dump());
  const TemporaryFile page("", ".html");
  const Ran ran = compare({first.path(), second.path(), "-o", "jsonl", "--html", page.path()});
  REQUIRE_MESSAGE(ran.code == 0, ran.err);
  ordered_json joined = ordered_json::parse(ran.out), one = result("first, second", all);
  CHECK(joined["run"] == "hash of first+hash of second");
  joined.erase("run");
  one.erase("run");
  CHECK(joined == one);  // the book left alone is there once; p-values know of all four rules
  const std::string html = store::read_bytes(page.path()).value();
  CHECK(html.find("<title>BTC backtest, first, second</title>") != std::string::npos);
  CHECK(html.find("{{") == std::string::npos);
  // Another base, by name; and in every format.
  const Ran based = compare({first.path(), second.path(), "--base", "band", "-o", "csv"});
  REQUIRE_MESSAGE(based.code == 0, based.err);
  CHECK(based.out.rfind("rule,rmse,rmse_reduction_percent,", 0) == 0);
  CHECK(std::count(based.out.begin(), based.out.end(), '\n') == 6);
  CHECK(based.err.find("against band") != std::string::npos);
  CHECK(compare({first.path(), second.path(), "-o", "markdown"}).out.rfind("| rule", 0) == 0);
  CHECK(compare({first.path(), second.path()}).out.rfind("rule", 0) == 0);
  // Another seed moves the bootstrap and nothing else.
  const ordered_json other = ordered_json::parse(compare({first.path(), second.path(), "--json", "--seed", "2"}).out);
  CHECK(other["rules"][2]["rmse"] == one["rules"][2]["rmse"]);
  CHECK(other["rules"][2]["against_base"]["ratio_low"] != one["rules"][2]["against_base"]["ratio_low"]);
}

TEST_CASE("compare: runs of different pace meet where both have been") {
  const auto fine = test::synthetic_rules(20260812, 201);
  for (const Numeraire numeraire : {Numeraire::coin, Numeraire::usd}) {
    const TemporaryFile first(result("fine", fine, numeraire).dump());
    const ordered_json own = result("coarse", every_second(fine), numeraire);
    const TemporaryFile second(own.dump());
    const Ran ran = compare({first.path(), second.path(), "--base", "coarse: net delta", "--json"});
    REQUIRE_MESSAGE(ran.code == 0, ran.err);
    const ordered_json j = ordered_json::parse(ran.out);
    CHECK(j["instants"] == 101);
    CHECK(ran.err.find("100 of 201 instants are not common to all") != std::string::npos);
    for (const char* name : {"net delta", "black delta", "band", "weekly"}) {
      CAPTURE(name);
      const auto& a = rule_of(j, std::string("fine: ") + name);
      const auto& b = rule_of(j, std::string("coarse: ") + name);
      for (const char* key : {"rmse", "std", "worst", "es95", "variance_reduction_percent"}) {
        CAPTURE(key);
        const double x = a[key], y = rule_of(own, name)[key];
        CHECK(b[key] == rule_of(own, name)[key]);
        CHECK(std::abs(x - y) <= 1e-9 * std::abs(y));  // sums of steps against one step, in double
      }
      CHECK(a["fees"].is_null());
      CHECK(a["attribution_coin"].is_null());
      CHECK(b["fees"] == rule_of(own, name)["fees"]);
      const auto& equity = own["series"]["rules"][1][numeraire == Numeraire::coin ? "equity_coin" : "equity_usd"];
      if (std::string(name) == "net delta")
        CHECK(a["pnl"] == equity.back().get<double>() - equity.front().get<double>());
    }
    CHECK(std::abs(rule_of(j, "fine: net delta")["against_base"]["ratio"].get<double>() - 1.0) <= 1e-9);
  }
}

TEST_CASE("compare: what is wrong is named") {
  const auto rules = test::synthetic_rules(20260813, 40);
  const ordered_json own = result("own", rules);
  const TemporaryFile good(own.dump());
  const auto fault = [&](auto change, int code = 1) {
    ordered_json wrong = own;
    change(wrong);
    const TemporaryFile file(wrong.dump());
    const Ran ran = compare({good.path(), file.path()});
    CHECK(ran.code == code);
    CHECK(ran.out.empty());
    CHECK(std::count(ran.err.begin(), ran.err.end(), '\n') == 1);
    return ran.err;
  };
  const auto has = [](const std::string& text, const char* part) {
    CAPTURE(text);
    CHECK(text.find(part) != std::string::npos);
  };
  has(fault([](auto& j) { j["schema"] = 2; }), "schema: this program reads 1, found '2'");
  has(fault([](auto& j) { j.erase("schema"); }), "schema: the number 1 is due");
  has(fault([](auto& j) { j = 7; }), "schema: the number 1 is due");
  has(fault([](auto& j) { j["numeraire"] = "usd"; }), "numeraire 'usd', 'coin' in ");
  has(fault([](auto& j) { j["numeraire"] = "eur"; }), "numeraire: coin or usd is due");
  has(fault([](auto& j) { j["underlying"] = "ETH"; }), "underlying 'ETH', 'BTC' in ");
  has(fault([](auto& j) { j["rules"] = ordered_json::array(); }), "rules: a list is due");
  has(fault([](auto& j) { j["rules"][1].erase("hedges"); }), "rules[1].hedges: true or false is due");
  has(fault([](auto& j) { j["series"]["index"].erase(0); }), "series.index: a list of 40 numbers is due");
  has(fault([](auto& j) { j["series"]["rules"][2]["pnl"][5] = nullptr; }), "series.rules[2].pnl[5]: a number is due");
  has(fault([](auto& j) { j["series"]["rules"][2]["equity_usd"][5] = nullptr; }), "series.rules[2].equity_usd");
  has(fault([](auto& j) { j["series"]["rules"].erase(0); }), "series.rules: a list of 5 is due");
  has(fault([](auto& j) { std::swap(j["series"]["time"][3], j["series"]["time"][4]); }), "follows");
  has(fault([](auto& j) { j["series"]["time"][3] = "soon"; }), "series.time: ");
  has(fault([](auto& j) { j["series"]["index"][3] = 1.0; }), "another market");
  has(fault([](auto& j) {
        for (auto& t : j["series"]["time"]) t = "1" + t.template get<std::string>().substr(1);
      }),
      "0 common instants of 2 results");
  const TemporaryFile cut(own.dump().substr(0, 100));
  has(compare({cut.path()}).err, "no JSON");
  CHECK(compare({cut.path()}).code == 1);
  CHECK(compare({good.path() + ".absent"}).code == 3);
  CHECK(compare({}).code == 2);
  CHECK(compare({good.path(), "-o", "xml"}).code == 2);
  const Ran base = compare({good.path(), "--base", "net dleta"});
  CHECK(base.code == 1);
  has(base.err, "no rule 'net dleta'; did you mean 'net delta'?");
  has(compare({good.path(), "--base", "the best of all"}).err, "there are 'no hedge', 'net delta'");
  CHECK(compare({good.path(), "--html", "/nowhere/page.html"}).code == 3);
  // A result beside itself: names are told apart.
  const Ran twice = compare({good.path(), good.path(), "--json"});
  REQUIRE_MESSAGE(twice.code == 0, twice.err);
  const ordered_json j = ordered_json::parse(twice.out);
  CHECK(j["rules"].size() == 9);
  CHECK(rule_of(j, "own: band (2)")["rmse"] == rule_of(j, "own: band")["rmse"]);
  CHECK(rule_of(j, "no hedge")["hedges"] == false);
}
