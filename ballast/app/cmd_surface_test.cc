// `ballast surface` as a user meets it, and the page that it writes.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <doctest/doctest.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include "ballast/app/commands.h"
#include "ballast/app/page_files.h"
#include "ballast/app/skew_history.h"
#include "ballast/app/surface_page.h"
#include "tests/folder.h"
#include "tests/support.h"

using namespace ballast;
using nlohmann::ordered_json;

namespace {

using Words = std::vector<std::string>;

struct Ran {
  int code;
  std::string out, err;
};

std::string example(const std::string& name) { return std::string(BALLAST_SOURCE_DIR) + "/examples/" + name; }

Ran surface(Words more, Words chain = {example("btc-chain.json")}) {
  Words words = {"surface", "--chain"};
  words.insert(words.end(), chain.begin(), chain.end());
  words.insert(words.end(), more.begin(), more.end());
  std::ostringstream out, err;
  const int code = app::run(words, {out, err});
  return {code, out.str(), err.str()};
}

std::size_t count(const std::string& text, const std::string& word) {
  std::size_t n = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++n;
  return n;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::string replaced_all(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

/// What stands between the tags of the page's data.
std::string data_of(const std::string& page) {
  const std::string open = "<script type=\"application/json\" id=\"data\">";
  const std::size_t from = page.find(open) + open.size();
  return page.substr(from, page.find("</script>", from) - from);
}

}  // namespace

TEST_CASE("surface: the sample in every format") {
  const Ran text = surface({});
  CAPTURE(text.err);
  REQUIRE(text.code == 0);
  CHECK(text.out.rfind("btc_usd volatility surface as of 2026-11-20T11:59:59", 0) == 0);
  CHECK(text.out.find("2027-06-25") != std::string::npos);
  CHECK(text.err.find("7 expiries") != std::string::npos);
  CHECK(text.err.find("1 too_near") != std::string::npos);

  CHECK(first_line(surface({"-o", "csv"}).out) ==
        "index,expiry,days,forward_usd,quotes,dropped,form,parameters,atm_vol,atm_slope,atm_curvature,rr25,bf25,"
        "rmse_points,worst_points,within_spread,least_butterfly,calendar_margin,iterations,repaired,warnings");
  CHECK(first_line(surface({"-o", "csv", "--quotes"}).out) ==
        "instrument,expiry,days,strike_usd,log_moneyness,vol,bid_vol,ask_vol,weight,model_vol,residual_points");
  CHECK(first_line(surface({"-o", "csv", "--dropped"}).out) == "instrument,expiry,strike_usd,vol,reason,detail");
  CHECK(first_line(surface({"-o", "csv", "--grid"}).out) ==
        "expiry,days,log_moneyness,strike_usd,vol,total_variance,butterfly,density");
  CHECK(surface({"-o", "markdown"}).out.rfind("| index", 0) == 0);
  CHECK(count(surface({"-o", "jsonl"}).out, "\n") == 7);

  const ordered_json j = ordered_json::parse(surface({"--json"}).out);
  for (const char* field : {"index", "underlying", "as_of", "index_price", "model", "target", "weight", "arithmetic",
                            "units", "slices", "skew", "dropped"})
    CHECK(j.contains(field));
  CHECK(j["underlying"] == "BTC");
  CHECK(j["slices"].size() == 7);
  CHECK_FALSE(j.contains("grid"));
  CHECK(j["as_of"] == "2026-11-20T11:59:59.521Z");
  CHECK(j["dropped"].at(0)["reason"] == "too_near");
  for (const ordered_json& s : j["slices"]) {
    CHECK(s["health"]["quotes"] == s["quotes"].size());
    CHECK(s["parameters"].is_object());
    double square = 0.0;
    for (const ordered_json& q : s["quotes"]) {
      const double residual = q["residual_points"], model = q["model_vol"], vol = q["vol"], k = q["log_moneyness"];
      CHECK(residual == doctest::Approx(100.0 * (model - vol)));
      CHECK(std::exp(k) * s["forward"].get<double>() == doctest::Approx(q["strike"].get<double>()));
      square += residual * residual;
    }
    CHECK(std::sqrt(square / static_cast<double>(s["quotes"].size())) ==
          doctest::Approx(s["health"]["rmse_points"].get<double>()));
    CHECK(s["health"]["rmse_points"] < 1.0);
  }
}

TEST_CASE("surface: the grid is a smile whose density has mass one and whose total variance rises with time") {
  const ordered_json j = ordered_json::parse(surface({"--json", "--grid", "--underlying", "BTC"}).out);
  for (const ordered_json& s : j["slices"]) {
    const ordered_json& g = s["grid"];
    const std::size_t n = g["log_moneyness"].size();
    double mass = 0.0;
    for (std::size_t i = 1; i < n; ++i) {
      const double step = g["log_moneyness"][i].get<double>() - g["log_moneyness"][i - 1].get<double>();
      mass += 0.5 * step * (g["density"][i].get<double>() + g["density"][i - 1].get<double>());
      const double vol = g["vol"][i], years = s["years"];
      CHECK(vol * vol * years == doctest::Approx(g["total_variance"][i].get<double>()));
    }
    CHECK(mass > 0.95);  // the grid ends a little beyond 2.5 standard deviations
    CHECK(mass < 1.0 + 1e-3);
  }
  const ordered_json& grid = j["grid"];
  CHECK(grid["days"].size() == grid["vol"].size());
  for (std::size_t i = 1; i < grid["days"].size(); ++i) CHECK(grid["days"][i] > grid["days"][i - 1]);
}

TEST_CASE("surface: what it refuses, and why") {
  const test::Folder folder;
  const std::string eth = folder.file("eth.json", replaced_all(test::slurp("examples/btc-chain.json"), "BTC", "ETH"));
  ordered_json near = ordered_json::parse(test::slurp("examples/btc-chain.json"));
  std::erase_if(near["result"].get_ref<ordered_json::array_t&>(), [](const ordered_json& quote) {
    return quote["instrument_name"].get<std::string>().find("21NOV26") == std::string::npos;
  });
  struct Case {
    std::string what;
    Words more;
    int code;
    std::string word;
    Words chain = {example("btc-chain.json")};
  };
  const Case cases[] = {
      {"every expiry too near",
       {},
       1,
       "btc_usd: no usable expiry: 2026-11-21T08:00:00Z: too_near",
       {folder.file("near.json", near.dump())}},
      {"an old chain", {"--as-of", "2026-11-20T14:00:00Z"}, 1, "stale"},
      {"an index that is not there", {"--index", "sol_usdc"}, 1, "--index 'sol_usdc': the chain has options"},
      {"a coin that is not there", {"--underlying", "SOL"}, 1, "--underlying 'SOL': the chain has options"},
      {"two indices", {}, 2, "choose with --index", {example("btc-chain.json"), eth}},
      {"index and coin", {"--index", "btc_usd", "--underlying", "BTC"}, 2, "--help"},
      {"an unknown model", {"--model", "heston"}, 2, "'heston' is not one of essvi, sabr, spline, svi"},
      {"an unknown target", {"--target", "last"}, 2, "'last' is not one of mark, mid"},
      {"an unknown weight", {"--weight", "x"}, 2, "'x' is not one of equal, spread, vega"},
      {"two lists", {"--quotes", "--dropped"}, 2, "--help"},
      {"a chain that is not there", {}, 3, "/no/such/file", {"/no/such/file"}},
      {"a page that cannot be written", {"--html", "/no/such/folder/x.html"}, 3, "cannot be written"},
      {"a history that is not there", {"--skew-history", "/no/such/history"}, 3, "/no/such/history"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    const Ran ran = surface(c.more, c.chain);
    CAPTURE(ran.err);
    CHECK(ran.code == c.code);
    CHECK(ran.out.empty());
    CHECK(ran.err.find(c.word) != std::string::npos);
    CHECK(count(ran.err, "\n") == 1);
  }
  CHECK(surface({"--index", "eth_usd", "-o", "csv"}, {example("btc-chain.json"), eth}).out.find("\neth_usd,") !=
        std::string::npos);
  std::ostringstream out, err;
  CHECK(app::run({"surface", "--help"}, {out, err}) == 0);
  CHECK(out.str().rfind("Example: ballast surface --chain examples/btc-chain.json", 0) == 0);
}

TEST_CASE("surface: history is what an earlier run printed, and a bad one is named") {
  const test::Folder folder;
  const std::string earlier =
      folder.file("earlier.json", replaced_all(surface({"--json"}).out, "2026-11-20T11", "2026-11-19T11"));
  const ordered_json j = ordered_json::parse(surface({"--json", "--skew-history", earlier}).out);
  CHECK(j["history"].size() == j["skew"].size());
  CHECK(j["history"][0]["as_of"] == "2026-11-19T11:59:59.521Z");
  CHECK(j["history"][0]["rr25"] == j["skew"][0]["rr25"]);

  const std::string good = R"({"as_of":"2026-11-19T00:00:00Z","days":30,"atm_vol":0.5,"rr25":-0.05,"bf25":null})";
  const auto points = app::read_skew_history({folder.file("a", "[" + good + "]")}, "btc_usd");
  REQUIRE(points);
  CHECK(points.value().at(0).rr25 == -0.05);
  CHECK(std::isnan(points.value().at(0).bf25));
  const std::string other = replaced_all(good, "{", "{\"index\":\"eth_usd\",");
  CHECK(app::read_skew_history({folder.file("b", "[" + other + "]")}, "btc_usd").value().empty());

  struct Case {
    std::string content, word;
  };
  const Case cases[] = {
      {"{", "not well-formed"},
      {"7", "an array of readings is due"},
      {"{}", "an array of readings is due"},
      {"[7]", "reading 1: an object is due, found '7'"},
      {"[" + good + "," + replaced_all(good, "30", "\"x\"") + "]", "reading 2: days: a number is due, found '\"x\"'"},
      {"[" + replaced_all(good, "30", "-1") + "]", "days: a number over 0 is due, found -1"},
      {"[" + replaced_all(good, ":0.5", ":0") + "]", "atm_vol: a number over 0 is due, found 0"},
      {"[" + replaced_all(good, "2026-11-19T00", "yesterday") + "]", "yesterday"},
      {"[" + replaced_all(good, "\"rr25\"", "\"rr\"") + "]", "rr25 is missing"},
      {"[" + replaced_all(good, "as_of", "time") + "]", "as_of"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.content);
    const std::string path = folder.file("bad.json", c.content);
    const Ran ran = surface({"--skew-history", path});
    CAPTURE(ran.err);
    CHECK(ran.code == 1);
    CHECK(ran.out.empty());
    CHECK(ran.err.rfind("error: " + path, 0) == 0);
    CHECK(ran.err.find(c.word) != std::string::npos);
  }
}

TEST_CASE("surface: its 25 deltas are those of ballast skew, whose series is its history") {
  const ordered_json j = ordered_json::parse(surface({"--json"}).out);
  CHECK(j["delta_convention"] == "premium-adjusted");  // the sample settles in the coin
  std::ostringstream out, err;
  REQUIRE(app::run({"skew", "--chain", example("btc-chain.json"), "--series", "--json"}, {out, err}) == 0);
  const ordered_json series = ordered_json::parse(out.str());
  REQUIRE(series.size() == j["skew"].size());
  for (std::size_t i = 0; i < series.size(); ++i) {
    for (const char* field : {"days", "atm_vol", "rr25", "bf25"})
      CHECK(series[i][field].get<double>() == doctest::Approx(j["skew"][i][field].get<double>()).epsilon(1e-12));
    CHECK(series[i]["extrapolated"] == j["skew"][i]["extrapolated"]);
  }
  const test::Folder folder;
  const ordered_json with =
      ordered_json::parse(surface({"--json", "--skew-history", folder.file("series.json", out.str())}).out);
  CHECK(with["history"].size() == series.size());
}

TEST_CASE("the page holds everything itself") {
  const test::Folder folder;
  const Ran ran = surface({"--html", folder.file("page.html")});
  REQUIRE(ran.code == 0);
  CHECK(ran.err.find("page: " + folder.file("page.html")) != std::string::npos);
  const std::string page = test::slurp(folder.file("page.html"));
  CHECK(page.rfind("<!doctype html>", 0) == 0);
  for (const char* word : {"http://", "https://", "src=", "href=", "@import", "url(http", "fetch(", "XMLHttpRequest",
                           "WebSocket", "{{", "innerHTML", "eval("}) {
    CAPTURE(word);
    CHECK(page.find(word) == std::string::npos);
  }
  CHECK(page.find("content=\"default-src 'none'; script-src 'sha256-") != std::string::npos);
  CHECK(page.find(std::string(app::page_surface_js.sha256)) != std::string::npos);
  CHECK(app::page_surface_js.sha256.size() == 44);
  for (const auto& style : {app::page_frame_css, app::page_surface_css})
    CHECK(page.find("'sha256-" + std::string(style.sha256) + "'") != std::string::npos);
  for (const auto& style : {app::page_frame_css, app::page_surface_css, app::page_frontier_css})
    CHECK(count(std::string(style.content), "{") == count(std::string(style.content), "}"));  // or its rules are lost
  CHECK(page.find("unsafe-inline") == std::string::npos);
  const ordered_json shown = ordered_json::parse(data_of(page)),
                     printed = ordered_json::parse(surface({"--json", "--grid"}).out);
  CHECK(shown["slices"].size() == printed["slices"].size());
  CHECK(shown["slices"][0]["quotes"][0]["instrument"] == printed["slices"][0]["quotes"][0]["instrument"]);
  CHECK(shown["slices"][0]["atm_vol"].get<double>() ==
        doctest::Approx(printed["slices"][0]["atm_vol"].get<double>()).epsilon(1e-7));
  CHECK(page.size() < 400'000);
}

TEST_CASE("no name in the data breaks out of the page") {
  ordered_json data = ordered_json::parse(surface({"--json", "--grid"}).out);
  const std::string plain = app::surface_page(data);
  const std::string hostile[] = {"</script><script>alert(1)</script>",
                                 "<!--<script>",
                                 "]]>",
                                 "{{data}}{{script}}",
                                 "\"};alert(1);//",
                                 "&lt;/script&gt;",
                                 "\u2028\u2029",
                                 "<img src=x onerror=alert(1)>",
                                 "\xff\xfe</SCRIPT >"};
  for (const std::string& name : hostile) {
    CAPTURE(name);
    ordered_json bad = data;
    bad["index"] = name;
    bad["as_of"] = name;
    bad["underlying"] = name;
    bad["slices"][0]["quotes"][0]["instrument"] = name;
    bad["slices"][0]["warnings"] = {name};
    bad["dropped"][0]["detail"] = name;
    const std::string page = app::surface_page(bad);
    const std::string inside = data_of(page);
    CHECK(inside.find_first_of("<>&") == std::string::npos);
    CHECK(std::all_of(inside.begin(), inside.end(), [](char c) { return c >= ' ' && c <= '~'; }));
    for (const char* word : {"<script", "</script", "</SCRIPT", "<!--", "<img"})
      CHECK(count(page, word) == count(plain, word));
    if (name[0] != '\xff') CHECK(ordered_json::parse(inside)["slices"][0]["quotes"][0]["instrument"] == name);
    CHECK(ordered_json::parse(inside)["slices"].size() == data["slices"].size());
  }
}
