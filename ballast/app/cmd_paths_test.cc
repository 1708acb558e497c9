#include <cmath>
#include <cstring>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include "ballast/app/commands.h"
#include "ballast/base/text.h"
#include "ballast/model/paths.h"
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

const Words heston = {"--model", "heston", "--parameters", "v0=0.36,kappa=3,theta=0.4,xi=1.5,rho=-0.3"};

Ran paths(Words more, const Words& model = heston) {
  Words words = {"paths"};
  words.insert(words.end(), model.begin(), model.end());
  words.insert(words.end(), more.begin(), more.end());
  std::ostringstream out, err;
  const int code = app::run(words, {out, err});
  return {code, out.str(), err.str()};
}

std::vector<double> doubles(const std::string& bytes) {
  std::vector<double> values(bytes.size() / sizeof(double));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

}  // namespace

TEST_CASE("paths: both forms of the file hold what the plan draws") {
  const test::Folder folder;
  const Words grid = {"--years", "0.25", "--steps", "7", "--paths", "301", "--seed", "9"};
  const auto with = [&](Words more) {
    more.insert(more.begin(), grid.begin(), grid.end());
    const Ran ran = paths(more);
    CAPTURE(ran.err);
    REQUIRE(ran.code == 0);
    return ran.out;
  };
  with({"--out", folder.file("a.csv")});
  with({"--out", folder.file("a.bin")});
  const ordered_json told =
      ordered_json::parse(with({"--out", folder.file("usd.csv"), "--forward", "60000", "--json"}));

  std::vector<double> years;
  for (int t = 1; t <= 7; ++t) years.push_back(0.25 * t / 7.0);
  const auto plan = model::PathPlan::prepare(model::Heston{0.36, 3.0, 0.4, 1.5, -0.3}, years, {.seed = 9});
  REQUIRE(plan);
  std::vector<double> log_price(7 * 301), variance(7 * 301);
  plan.value().fill(0, 301, log_price, variance);

  const std::string bin = test::slurp(folder.file("a.bin"));
  const std::size_t begin = bin.find('\n') + 1;
  CHECK(begin % 64 == 0);
  const ordered_json head = ordered_json::parse(bin.substr(0, begin));
  CHECK(head["shape"] == ordered_json({301, 2, 8}));
  CHECK(head["columns"] == ordered_json({"log_price", "variance"}));
  CHECK(head["model"]["parameters"]["kappa"] == 3.0);
  const std::vector<double> values = doubles(bin.substr(begin));
  REQUIRE(values.size() == 301 * 2 * 8);
  const auto csv = test::read_csv(folder.file("a.csv")), usd = test::read_csv(folder.file("usd.csv"));
  REQUIRE(csv.size() == 301 * 8);
  for (std::size_t i = 0; i < 301; ++i) {
    for (std::size_t t = 0; t < 8; ++t) {
      const double x = t == 0 ? 0.0 : log_price[(t - 1) * 301 + i], v = t == 0 ? 0.36 : variance[(t - 1) * 301 + i];
      if (values[(2 * i) * 8 + t] != x || values[(2 * i + 1) * 8 + t] != v) FAIL("path " << i << " time " << t);
      const test::Row &row = csv[i * 8 + t], &priced = usd[i * 8 + t];
      if (row["path"] != static_cast<double>(i) || row["log_price"] != x || row["variance"] != v ||
          std::abs(row["time_years"] - 0.25 * static_cast<double>(t) / 7.0) > 1e-15)
        FAIL("row " << row.line);
      if (std::abs(priced["price_usd"] / 60000.0 - std::exp(x)) > 1e-14 * std::exp(x)) FAIL("price " << priced.line);
    }
  }
  double mean = 0.0;
  for (std::size_t i = 0; i < 301; ++i) mean += std::exp(log_price[6 * 301 + i]) / 301.0;
  CHECK(told[0]["mean_over_forward"].get<double>() == doctest::Approx(mean).epsilon(1e-12));
  CHECK(told[0]["bytes"] == std::filesystem::file_size(folder.file("usd.csv")));
}

TEST_CASE("paths: the mean of the price is the forward, whatever draws them") {
  const test::Folder folder;
  for (const Words& more : {Words{}, Words{"--antithetic"}, Words{"--draws", "sobol"}}) {
    Words words = {"--years", "0.5", "--steps", "4", "--paths", "4096", "--out", folder.file("x.bin"), "--json"};
    words.insert(words.end(), more.begin(), more.end());
    const Ran ran = paths(words);
    CAPTURE(ran.err);
    REQUIRE(ran.code == 0);
    const ordered_json j = ordered_json::parse(ran.out)[0];
    // Sobol points are no sample: their error is below that of one, sqrt(e^{v T} - 1)/sqrt(n) = 0.007.
    const double error = j["mean_error"].is_null() ? 0.007 / 3.0 : j["mean_error"].get<double>();
    CHECK(std::abs(j["mean_over_forward"].get<double>() - 1.0) <= 4.0 * error);
  }
  // Black's model has no variance of its own: the column is not there.
  const Ran black = paths({"--years", "1", "--paths", "20000", "--out", folder.file("b.csv"), "--json"},
                          {"--model", "black", "--parameters", "vol=0.6"});
  REQUIRE(black.code == 0);
  CHECK(test::slurp(folder.file("b.csv")).rfind("time_years,path,log_price\n", 0) == 0);
  CHECK(ordered_json::parse(black.out)[0]["log_stdev"].get<double>() == doctest::Approx(0.6).epsilon(0.02));
}

TEST_CASE("paths: what it refuses, and then there is no file") {
  const test::Folder folder;
  const std::string out = folder.file("x.csv");
  struct Case {
    Words more;
    int code;
    std::string word;
    Words model = heston;
  };
  const Case cases[] = {
      {{"--years", "1", "--out", folder.file("x.txt")}, 2, ".csv or .bin is due"},
      {{"--years", "1"}, 2, "--out"},
      {{"--out", out}, 2, "--years"},
      {{"--years", "0", "--out", out}, 2, "over 0 is due"},
      {{"--years", "1", "--steps", "100001", "--out", out}, 2, "--steps"},
      {{"--years", "1", "--paths", "0", "--out", out}, 2, "--paths"},
      {{"--years", "1", "--paths", "3", "--antithetic", "--out", out}, 2, "pairs need an even number"},
      {{"--years", "1", "--steps", "1000", "--paths", "1000000000", "--out", out},
       1,
       "1e+12 rows, some 65065 GB of CSV"},
      {{"--years", "1", "--draws", "halton", "--out", out}, 2, "'halton' is not one of philox, sobol"},
      {{"--years", "1", "--out", "/no/such/folder/x.csv"}, 3, "/no/such/folder/x.csv"},
      {{"--years", "1", "--out", out},
       1,
       "nig has no paths",
       {"--model", "nig", "--parameters", "alpha=5,beta=-1,delta=1"}},
      {{"--years", "1", "--out", out}, 2, "give --model with --parameters", {}},
  };
  for (const Case& c : cases) {
    const Ran ran = paths(c.more, c.model);
    CAPTURE(c.word);
    CAPTURE(ran.err);
    CHECK(ran.code == c.code);
    CHECK(ran.out.empty());
    CHECK(ran.err.find(c.word) != std::string::npos);
    CHECK(folder.files() == 0);
  }
}
