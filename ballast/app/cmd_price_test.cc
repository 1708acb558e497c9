#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include "ballast/app/commands.h"
#include "ballast/base/text.h"
#include "tests/support.h"

using namespace ballast;
using nlohmann::ordered_json;

namespace {

using Words = std::vector<std::string>;

struct Ran {
  int code;
  std::string out, err;
};

Ran run(const Words& words) {
  std::ostringstream out, err;
  const int code = app::run(words, {out, err});
  return {code, out.str(), err.str()};
}

Ran price(Words more) {
  more.insert(more.begin(), "price");
  return run(more);
}

const std::string chain = std::string(BALLAST_SOURCE_DIR) + "/examples/btc-chain.json";
const std::string numbers = "v0=0.36,kappa=3,theta=0.4,xi=1.5,rho=-0.3";

ordered_json options(Words more) {
  more.push_back("--json");
  const Ran ran = price(more);
  CAPTURE(ran.err);
  REQUIRE(ran.code == 0);
  return ordered_json::parse(ran.out)["options"];
}

class File {
 public:
  explicit File(const std::string& content)
      : path_(std::filesystem::temp_directory_path() / ("ballast-price-" + std::to_string(::getpid()))) {
    std::ofstream(path_, std::ios::binary) << content;
  }
  ~File() { std::filesystem::remove(path_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace

TEST_CASE("price: Heston's options agree with the reference table, minimum-variance delta included") {
  std::size_t rows = 0;
  for (const test::Row& row : test::read_csv("tests/data/heston_prices.csv")) {
    CAPTURE(row.line);
    const double s = row["S"], r = row["r"], q = row["q"], t = row["T"], f = s * std::exp((r - q) * t);
    const std::string model = "v0=" + shortest(row["v0"]) + ",kappa=" + shortest(row["kappa"]) +
                              ",theta=" + shortest(row["theta"]) + ",xi=" + shortest(row["sigma"]) +
                              ",rho=" + shortest(row["rho"]);
    const ordered_json all =
        options({"--model", "heston", "--parameters", model, "--forward", shortest(f), "--strikes", shortest(row["K"]),
                 "--years", shortest(t), "--type", "call", "--settlement", "linear"});
    const ordered_json& o = all.at(0);
    // The table discounts and differentiates by spot; the forward carries both here.
    const double grown = std::exp(r * t), by_forward = std::exp(q * t);
    const auto near = [](double have, double want, double scale) { return std::abs(have - want) <= 1e-10 * scale; };
    CHECK(near(o["price_usd"], row["call"] * grown, f + row["K"]));
    CHECK(near(o["delta"], row["call_delta"] * by_forward, 1.0));
    CHECK(near(o["min_var_delta"], row["call_delta_minvar"] * by_forward, 10.0));
    CHECK(o["net_delta"] == o["delta"]);
    CHECK(near(o["vega_v0_usd"], row["dV_dv0"] * grown, 100.0 * (f + row["K"])));
    if (++rows == 40) break;
  }
  CHECK(rows == 40);
}

TEST_CASE("price: parity, the coin account's delta, and what goes with what") {
  const Words given = {
      "--model",   "bates", "--parameters", numbers + ",jump_rate=2,jump_mean=-0.05,jump_deviation=0.1",
      "--forward", "60000", "--strikes",    "45000,60000,80000",
      "--years",   "0.25"};
  const auto with = [&](Words more) {
    more.insert(more.begin(), given.begin(), given.end());
    return options(more);
  };
  const ordered_json calls = with({"--type", "call"}), puts = with({"--type", "put"}), both = with({});
  for (std::size_t i = 0; i < 3; ++i) {
    const ordered_json &c = calls[i], &p = puts[i];
    const auto gap = [&](const char* field) { return c[field].get<double>() - p[field].get<double>(); };
    const double strike = c["strike_usd"];
    CHECK(gap("price_usd") == doctest::Approx(60000.0 - strike).epsilon(1e-9));
    CHECK(gap("delta") == doctest::Approx(1.0).epsilon(1e-9));
    CHECK(gap("min_var_delta") == doctest::Approx(1.0).epsilon(1e-9));
    CHECK(gap("vol") == 0.0);  // the same price out of the money
    for (const ordered_json* o : {&c, &p}) {
      const double coin = (*o)["price_coin"];
      CHECK(coin == doctest::Approx((*o)["price_usd"].get<double>() / 60000.0).epsilon(1e-14));
      CHECK((*o)["net_delta"].get<double>() == doctest::Approx((*o)["delta"].get<double>() - coin).epsilon(1e-14));
      CHECK((*o)["net_min_var_delta"].get<double>() ==
            doctest::Approx((*o)["min_var_delta"].get<double>() - coin).epsilon(1e-14));
    }
    // Black's formula at the implied vol is the price.
    std::ostringstream out, err;
    REQUIRE(app::run({"greeks", "--forward", "60000", "--strike", shortest(strike), "--vol",
                      shortest(c["vol"].get<double>()), "--days", shortest(0.25 * 365.0), "--json"},
                     {out, err}) == 0);
    CHECK(ordered_json::parse(out.str())[0]["price_usd"].get<double>() ==
          doctest::Approx(c["price_usd"].get<double>()).epsilon(1e-10));
  }
  CHECK(both[0] == puts[0]);
  CHECK(both[1] == calls[1]);
  CHECK(both[2] == calls[2]);
  CHECK(price(given).out.find("net_delta is delta - price/forward, the coin account's") != std::string::npos);
  Words black = {"--model", "black",     "--parameters", "vol=0.6", "--forward",
                 "60000",   "--strikes", "65000",        "--years", "0.1"};
  const ordered_json one = options(black)[0];
  CHECK(one["vol"].get<double>() == doctest::Approx(0.6).epsilon(1e-12));
  CHECK(one["min_var_delta"].get<double>() == doctest::Approx(one["delta"].get<double>()).epsilon(1e-12));
}

TEST_CASE("price: a calibration prices its chain as it said it would") {
  const Ran fitted = run({"calibrate", "--chain", chain, "--model", "heston,bates", "--json"});
  REQUIRE(fitted.code == 0);
  const File file(fitted.out);
  const ordered_json fit = ordered_json::parse(fitted.out);
  const ordered_json listed = options({"--calibration", file.path(), "--model", "bates", "--chain", chain});
  std::map<std::string, const ordered_json*> by_name;
  for (const ordered_json& o : listed) by_name[o["option"]] = &o;
  std::size_t seen = 0;
  for (std::size_t e = 0; e < fit["expiries"].size(); ++e) {
    for (std::size_t i = 0; i < fit["expiries"][e]["quotes"].size(); ++i, ++seen) {
      const ordered_json& q = fit["expiries"][e]["quotes"][i];
      REQUIRE(by_name.count(q["instrument"]) == 1);
      const ordered_json& o = *by_name[q["instrument"]];
      CHECK(o["vol"].get<double>() ==
            doctest::Approx(fit["models"][1]["expiries"][e]["model_vol"][i].get<double>()).epsilon(1e-5));
      CHECK(o["quoted_vol"].get<double>() == doctest::Approx(q["vol"].get<double>()));
    }
  }
  CHECK(seen > 100);
  // The forward and the time of a listed expiry come from the calibration.
  const ordered_json expiry =
      options({"--calibration", file.path(), "--model", "bates", "--expiry", "2026-12-25", "--strikes", "100000"});
  CHECK(expiry[0]["forward_usd"] == fit["expiries"][3]["forward"]);
  CHECK(expiry[0]["years"] == fit["expiries"][3]["years"]);
  CHECK(expiry[0]["price_usd"].get<double>() ==
        doctest::Approx((*by_name["BTC-25DEC26-100000-C"])["price_usd"].get<double>()).epsilon(1e-9));
  CHECK(options({"--calibration", file.path(), "--model", "bates", "--chain", chain, "--expiry", "2026-12-25"}).size() <
        listed.size() / 4);

  const Ran several = price({"--calibration", file.path(), "--expiry", "2026-12-25", "--strikes", "100000"});
  CHECK(several.code == 2);
  CHECK(several.err.find("has heston, bates: choose with --model") != std::string::npos);
  const Ran unlisted =
      price({"--calibration", file.path(), "--model", "heston", "--expiry", "2026-12-24", "--strikes", "1"});
  CHECK(unlisted.code == 1);
  CHECK(unlisted.err.find("no expiry 2026-12-24T08:00:00Z: give --forward") != std::string::npos);
}

TEST_CASE("price: what it refuses, and why") {
  const Words model = {"--model", "heston", "--parameters", numbers};
  struct Case {
    Words more;
    int code;
    std::string word;
    bool with_model = true;
  };
  const Case cases[] = {
      {{"--strikes", "1", "--forward", "1", "--years", "1"}, 2, "give --model with --parameters", false},
      {{"--forward", "1", "--years", "1"}, 2, "give --strikes, or --chain FILE"},
      {{"--strikes", "1", "--years", "1"}, 2, "give --forward"},
      {{"--strikes", "1", "--forward", "1"}, 2, "give --years or --expiry"},
      {{"--strikes", "0", "--forward", "1", "--years", "1"}, 2, "over 0 is due"},
      {{"--strikes", "1", "--forward", "1", "--years", "101"}, 1, "years"},
      {{"--strikes", "1", "--forward", "1", "--years", "1", "--expiry", "2026-12-25"}, 2, "--help"},
      {{"--strikes", "1", "--forward", "1", "--expiry", "2026-12-25"}, 2, "--expiry needs --as-of"},
      {{"--strikes", "1", "--forward", "1", "--expiry", "2026-12-25", "--as-of", "2027-01-01"}, 1, "is not after"},
      {{"--strikes", "1", "--forward", "1", "--expiry", "soon", "--as-of", "2027-01-01"}, 1, "soon"},
      {{"--strikes", "1", "--forward", "1", "--years", "1", "--type", "straddle"}, 2, "straddle"},
      {{"--strikes", "1", "--forward", "1", "--years", "1", "--as-of", "2026-12-25"}, 2, "--as-of needs --expiry"},
      {{"--chain", chain, "--forward", "1"}, 2, "are the chain's own with --chain"},
      {{"--chain", chain, "--expiry", "2030-01-01"}, 1, "its expiries: 2026-11-21"},
      {{"--chain", chain, "--index", "eth_usd"}, 1, "the chain has options"},
      {{"--chain", "/no/such/file"}, 3, "/no/such/file"},
      {{"--calibration", "/no/such/file", "--strikes", "1"}, 3, "/no/such/file", false},
  };
  for (const Case& c : cases) {
    Words words = c.more;
    if (c.with_model) words.insert(words.end(), model.begin(), model.end());
    const Ran ran = price(words);
    CAPTURE(c.word);
    CAPTURE(ran.err);
    CHECK(ran.code == c.code);
    CHECK(ran.out.empty());
    CHECK(ran.err.find(c.word) != std::string::npos);
  }
}
