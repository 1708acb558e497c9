#include <algorithm>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include "ballast/app/calibration_page.h"
#include "ballast/app/commands.h"
#include "ballast/app/interrupt.h"
#include "ballast/app/model_json.h"
#include "ballast/app/page_files.h"
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

std::string example(const std::string& name) { return BALLAST_SOURCE_DIR "/examples/" + name; }

Ran calibrate(Words more, Words chain = {example("btc-chain.json")}) {
  Words words = {"calibrate", "--chain"};
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

std::string data_of(const std::string& page) {
  const std::string open = "<script type=\"application/json\" id=\"data\">";
  const std::size_t from = page.find(open) + open.size();
  return page.substr(from, page.find("</script>", from) - from);
}

}  // namespace

TEST_CASE("calibrate: the sample in every format") {
  const Ran text = calibrate({"--model", "heston,bates"});
  CAPTURE(text.err);
  REQUIRE(text.code == 0);
  CHECK(text.out.rfind("btc_usd calibration as of 2026-11-20T11:59:59.521Z: heston, bates to mark", 0) == 0);
  CHECK(text.out.find("bates_rmse_points") != std::string::npos);
  CHECK(text.err.find("7 expiries") != std::string::npos);
  CHECK(text.err.find("1 too_near") != std::string::npos);

  CHECK(first_line(calibrate({"-o", "csv"}).out) == "model,parameter,value,standard_error,prior,at_bound,unit");
  CHECK(first_line(calibrate({"-o", "csv", "--expiries"}).out) ==
        "model,expiry,days,forward_usd,quotes,two_sided,without_vol,quoted_atm_vol,atm_vol,rmse_points,within_spread,"
        "worst_points,worst");
  CHECK(first_line(calibrate({"-o", "csv", "--quotes"}).out) ==
        "model,instrument,expiry,days,strike_usd,log_moneyness,vol,bid_vol,ask_vol,weight,model_vol,residual_points");
  CHECK(first_line(calibrate({"-o", "csv", "--dropped"}).out) == "instrument,reason,detail");
  CHECK(count(calibrate({"-o", "jsonl"}).out, "\n") == 5);
  CHECK(calibrate({"-o", "markdown"}).out.rfind("| model", 0) == 0);
}

TEST_CASE("calibrate: the JSON's figures are those of its own quotes, and come out the same twice") {
  const Words words = {"--model", "heston,black", "--weight", "vega", "--json", "--grid"};
  const std::string printed = calibrate(words).out;
  CHECK(printed == calibrate(words).out);
  const ordered_json j = ordered_json::parse(printed);
  for (const char* field : {"schema", "index", "underlying", "as_of", "index_price", "target", "weight", "prior_vol",
                            "arithmetic", "units", "expiries", "models", "term_days", "dropped"})
    CHECK(j.contains(field));
  CHECK(j["weight"] == "vega");
  REQUIRE(j["models"].size() == 2);
  REQUIRE(j["expiries"].size() == 7);
  for (const ordered_json& model : j["models"]) {
    double squares = 0.0, weighted = 0.0, weights = 0.0, worst = 0.0;
    std::size_t quotes = 0, sided = 0, within = 0;
    for (std::size_t e = 0; e < 7; ++e) {
      const ordered_json& expiry = j["expiries"][e];
      CHECK(model["expiries"][e]["expiry"] == expiry["expiry"]);
      for (std::size_t i = 0; i < expiry["quotes"].size(); ++i) {
        const ordered_json& q = expiry["quotes"][i];
        const double vol = model["expiries"][e]["model_vol"][i], error = vol - q["vol"].get<double>();
        squares += error * error, ++quotes;
        weighted += q["weight"].get<double>() * error * error, weights += q["weight"].get<double>();
        worst = std::max(worst, std::abs(error));
        if (q["bid_vol"].is_null() || q["ask_vol"].is_null()) continue;
        ++sided, within += vol >= q["bid_vol"].get<double>() && vol <= q["ask_vol"].get<double>() ? 1 : 0;
      }
      const ordered_json& k = expiry["grid"]["log_moneyness"];
      REQUIRE(k.size() == model["expiries"][e]["grid"].size());
      CHECK(k.front() < expiry["quotes"].front()["log_moneyness"]);
      CHECK(k.back() > expiry["quotes"].back()["log_moneyness"]);
    }
    CHECK(model["rmse_points"].get<double>() ==
          doctest::Approx(100.0 * std::sqrt(squares / static_cast<double>(quotes))));
    CHECK(model["rmse_vol"].get<double>() == doctest::Approx(std::sqrt(weighted / weights)));
    CHECK(model["worst_points"].get<double>() == doctest::Approx(100.0 * worst));
    CHECK(model["within_spread"].get<double>() ==
          doctest::Approx(static_cast<double>(within) / static_cast<double>(sided)));
    double length = 0.0;
    for (const auto& [name, part] : model["weakest"].items()) length += part.get<double>() * part.get<double>();
    CHECK(length == doctest::Approx(1.0));
    CHECK(model["term"].size() == j["term_days"].size());
  }
  const ordered_json &heston = j["models"][0], &black = j["models"][1];
  const auto value = [&](std::size_t i) { return heston["parameters"][i]["value"].get<double>(); };
  CHECK(heston["feller"].get<double>() == doctest::Approx(2.0 * value(1) * value(2) / (value(3) * value(3))));
  CHECK(black["feller"].is_null());
  CHECK(heston["rmse_points"].get<double>() < 1.5);
  // One vol for all: every vol of the model is that number.
  const double vol = black["parameters"][0]["value"];
  for (const ordered_json& e : black["expiries"])
    for (const ordered_json& v : e["grid"]) CHECK(v.get<double>() == doctest::Approx(vol).epsilon(1e-9));
}

TEST_CASE("calibrate: a warm start needs fewer evaluations and comes to the same fit") {
  const test::Folder folder;
  const std::string first = calibrate({"--json"}).out, file = folder.file("first.json", first);
  const Ran again = calibrate({"--json", "--warm", file});
  CAPTURE(again.err);
  REQUIRE(again.code == 0);
  const ordered_json cold = ordered_json::parse(first), warm = ordered_json::parse(again.out);
  CHECK(warm["warm"] == true);
  CHECK(warm["models"][0]["evaluations"] < cold["models"][0]["evaluations"]);
  CHECK(warm["models"][0]["rmse_points"].get<double>() ==
        doctest::Approx(cold["models"][0]["rmse_points"].get<double>()).epsilon(0.02));
  // What the fit was drawn to is the fit before.
  CHECK(warm["models"][0]["parameters"][1]["prior"].get<double>() ==
        doctest::Approx(cold["models"][0]["parameters"][1]["value"].get<double>()));
  const ordered_json held = ordered_json::parse(calibrate({"--json", "--feller"}).out);
  CHECK(held["models"][0]["feller"].get<double>() >= 1.0 - 1e-9);
  CHECK(cold["models"][0]["feller"].get<double>() < 1.0);
}

TEST_CASE("calibrate: what it refuses, and why") {
  const test::Folder folder;
  const std::string eth = folder.file("eth.json", replaced_all(test::slurp("examples/btc-chain.json"), "BTC", "ETH"));
  ordered_json few = ordered_json::parse(test::slurp("examples/btc-chain.json"));
  std::erase_if(few["result"].get_ref<ordered_json::array_t&>(), [](const ordered_json& quote) {
    return quote["instrument_name"].get<std::string>().find("21NOV26") == std::string::npos;
  });
  const std::string good = calibrate({"--json"}).out;
  const std::string warm = folder.file("warm.json", good);
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
       "no usable expiry: 2026-11-21T08:00:00Z: too_near",
       {folder.file("n.json", few.dump())}},
      {"an old chain", {"--as-of", "2026-11-20T14:00:00Z"}, 1, "stale"},
      {"an index that is not there", {"--index", "sol_usdc"}, 1, "--index 'sol_usdc': the chain has options"},
      {"two indices", {}, 2, "choose with --index", {example("btc-chain.json"), eth}},
      {"an unknown model", {"--model", "hestn"}, 2, "'hestn' is not one of black, merton, kou, heston"},
      {"a model twice", {"--model", "heston,heston"}, 2, "heston is given twice"},
      {"an unknown target", {"--target", "last"}, 2, "'last' is not one of mark, mid"},
      {"a prior over 1", {"--prior-vol", "2"}, 1, "prior_vol"},
      {"a prior under 0", {"--prior-vol", "-1"}, 2, "0 or more"},
      {"two lists", {"--quotes", "--expiries"}, 2, "--help"},
      {"a chain that is not there", {}, 3, "/no/such/file", {"/no/such/file"}},
      {"a page that cannot be written", {"--html", "/no/such/folder/x.html"}, 3, "cannot be written"},
      {"no earlier calibration", {"--warm", "/no/such/fit"}, 3, "/no/such/fit"},
      {"one of another model", {"--warm", warm, "--model", "bates"}, 1, "no 'bates': it has heston"},
      {"one of another index",
       {"--warm", folder.file("other.json", replaced_all(good, "btc_usd", "eth_usd"))},
       1,
       "is of 'eth_usd', the chain of btc_usd"},
      {"no calibration at all", {"--warm", example("btc-chain.json")}, 1, "schema: ballast.calibrate/1 is due"},
      {"no JSON", {"--warm", folder.file("cut.json", "{")}, 1, "not well-formed JSON"},
      {"a number that is missing",
       {"--warm", folder.file("less.json", replaced_all(good, "\"rho\"", "\"r\""))},
       1,
       "heston has no 'r'"},
      {"a number out of range",
       {"--warm", folder.file("far.json", replaced_all(good, "\"value\": -", "\"value\": -7"))},
       1,
       "rho is"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    const Ran ran = calibrate(c.more, c.chain);
    CAPTURE(ran.err);
    CHECK(ran.code == c.code);
    CHECK(ran.out.empty());
    CHECK(ran.err.find(c.word) != std::string::npos);
    CHECK(count(ran.err, "\n") == 1);
  }
  for (const char* command : {"calibrate", "price", "paths"}) {
    std::ostringstream out, err;
    CHECK(app::run({command, "--help"}, {out, err}) == 0);
    CHECK(out.str().rfind(std::string("Example: ballast ") + command, 0) == 0);
  }
}

TEST_CASE("calibrate: the page holds everything itself, and no name in the data breaks out of it") {
  const test::Folder folder;
  const Ran ran = calibrate({"--model", "heston,bates", "--html", folder.file("page.html")});
  REQUIRE(ran.code == 0);
  const std::string page = test::slurp(folder.file("page.html"));
  CHECK(page.rfind("<!doctype html>", 0) == 0);
  for (const char* word : {"http://", "https://", "src=", "href=", "@import", "url(http", "fetch(", "XMLHttpRequest",
                           "WebSocket", "{{", "innerHTML", "eval(", "unsafe-inline"}) {
    CAPTURE(word);
    CHECK(page.find(word) == std::string::npos);
  }
  CHECK(page.find(std::string(app::page_calibration_js.sha256)) != std::string::npos);
  CHECK(count(std::string(app::page_calibration_css.content), "{") ==
        count(std::string(app::page_calibration_css.content), "}"));
  CHECK(page.size() < 400'000);
  const ordered_json data = ordered_json::parse(data_of(page));
  const ordered_json printed = ordered_json::parse(calibrate({"--model", "heston,bates", "--json", "--grid"}).out);
  CHECK(data["models"][1]["rmse_points"].get<double>() ==
        doctest::Approx(printed["models"][1]["rmse_points"].get<double>()).epsilon(1e-7));
  for (const std::string name : {"</script><script>alert(1)</script>", "<!--<script>", "{{data}}{{script}}"}) {
    CAPTURE(name);
    ordered_json bad = data;
    bad["index"] = name;
    bad["expiries"][0]["quotes"][0]["instrument"] = name;
    bad["dropped"][0]["detail"] = name;
    const std::string hostile = app::calibration_page(bad), inside = data_of(hostile);
    CHECK(inside.find_first_of("<>&") == std::string::npos);
    CHECK(count(hostile, "<script") == count(page, "<script"));
    CHECK(ordered_json::parse(inside)["expiries"][0]["quotes"][0]["instrument"] == name);
  }
}

TEST_CASE("an interrupt is asked once and leaves the process as it was") {
  struct sigaction before = {}, after = {};
  sigaction(SIGINT, nullptr, &before);
  {
    const app::Interrupt interrupt;
    CHECK_FALSE(interrupt.asked());
    if (before.sa_handler != SIG_IGN) {
      std::raise(SIGINT);
      CHECK(interrupt.asked());
    }
  }
  sigaction(SIGINT, nullptr, &after);
  CHECK((after.sa_handler == before.sa_handler));  // no pointer to a function can be printed
  CHECK_FALSE(app::Interrupt().asked());
}

TEST_CASE("models in words: what is wrong is named") {
  const auto heston = app::parse_model("heston", "rho=-0.3,v0=0.36,kappa=3,xi=1.5,theta=0.4");
  REQUIRE(heston);
  CHECK(model::values(heston.value()) == std::vector<double>{0.36, 3.0, 0.4, 1.5, -0.3});
  CHECK(app::model_json(heston.value()).dump() ==
        R"({"model":"heston","parameters":{"v0":0.36,"kappa":3.0,"theta":0.4,"xi":1.5,"rho":-0.3}})");
  struct Case {
    const char *model, *numbers, *word;
  };
  const Case cases[] = {
      {"hestan", "", "did you mean heston?"},
      {"heston", "v0=0.36,kapa=3", "did you mean kappa?"},
      {"heston", "v0=0.36,v0=0.36", "v0 is given twice"},
      {"heston", "v0", "name=number is due, found 'v0'"},
      {"heston", "v0=nan", "v0: a number is due, found 'nan'"},
      {"heston", "v0=0.36,kappa=3,theta=0.4", "xi, rho of heston missing"},
      {"heston", "v0=0.36,kappa=3,theta=0.4,xi=1.5,rho=2", "rho is 2"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.numbers);
    const auto wrong = app::parse_model(c.model, c.numbers);
    REQUIRE_FALSE(wrong);
    CAPTURE(wrong.error().what);
    CHECK(wrong.error().what.find(c.word) != std::string::npos);
  }
  CHECK(app::path_model(heston.value()));
  const auto none = app::path_model(model::VarianceGamma{0.5, 0.2, -0.1});
  REQUIRE_FALSE(none);
  CHECK(none.error().what.find("variance-gamma has no paths") != std::string::npos);
}
