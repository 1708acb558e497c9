// What a run reads beside its own file: tables of trades, merged, as the book's or as a rule's hedges.
#include "ballast/app/run_toml.h"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <doctest/doctest.h>
#include <unistd.h>

#include "ballast/app/backtest_run.h"
#include "tests/folder.h"

using namespace ballast;

namespace {

// Four instants: 8:00, 12:00, 16:00, 20:00 of the first of January.
const std::string drawn = R"(
equity = 2.0
[market.model]
days = 0.5
step_hours = 4
)";
const std::string header = "time,instrument,amount,price\n";
const std::string bought =
    header + "2026-01-01T07:00:00Z,BTC-PERPETUAL,6000,60100\n2026-01-01T15:00:00Z,BTC-PERPETUAL,-2000,60050\n";
const std::string sold = header +
                         "2026-01-01T08:00:00Z,BTC-PERPETUAL,-5000,59900\n"
                         "2026-01-01T08:00:01Z,BTC-PERPETUAL,-500,59800.5\n"
                         "2026-01-01T15:00:00Z,BTC-PERPETUAL,1500,60010\n";

app::RunRows ran(const test::Folder& folder, const std::string& text) {
  const auto file = app::parse_run(text, folder.path());
  if (!file) FAIL(file.error().what);
  std::ostringstream err;
  auto rows = app::run_backtest(file.value(), text, {}, err);
  if (!rows) FAIL(rows.error().what);
  return std::move(rows).value();
}

std::string refused(const test::Folder& folder, const std::string& text) {
  const auto file = app::parse_run(text, folder.path());
  REQUIRE_FALSE(file);
  return file.error().what;
}

}  // namespace

TEST_CASE("a list of trade files is one book, by time") {
  const test::Folder folder;
  folder.file("a.csv", bought), folder.file("b.csv", sold);
  const auto file = app::parse_run(
      drawn + "[book]\nkind = \"trades\"\nfile = [\"b.csv\", \"a.csv\"]\n[[rule]]\nname = \"net\"\n", folder.path());
  if (!file) FAIL(file.error().what);
  const auto& trades = std::get<sim::RecordedBook>(file.value().run.book).trades;
  REQUIRE(trades.size() == 5);
  CHECK(trades[0].amount == 6000.0);
  CHECK(trades[1].amount == -5000.0);
  CHECK(trades[2].amount == -500.0);
  CHECK(trades[3].amount == 1500.0);  // of one time in the order of the list
  CHECK(trades[4].amount == -2000.0);
  CHECK(file.value().read.size() == 2);
}

TEST_CASE("a rule that replays hedges has the account of a book that holds them too, and their turnover") {
  const test::Folder folder;
  folder.file("a.csv", bought), folder.file("b.csv", sold);
  const std::string book = "[book]\nkind = \"trades\"\nfile = ";
  const auto apart = ran(folder, drawn + book + "\"a.csv\"\n[[rule]]\nname = \"as recorded\"\ntrades = \"b.csv\"\n");
  const auto together =
      ran(folder, drawn + book + "[\"a.csv\", \"b.csv\"]\n[[rule]]\nname = \"left alone\"\nhedges = false\n");
  REQUIRE(apart.rules.size() == 2);  // and the book left alone
  REQUIRE(together.rules.size() == 1);
  const auto &rule = apart.rules[1].rows, &whole = together.rules[0].rows;
  REQUIRE(rule.size() == 4);
  REQUIRE(whole.size() == 4);
  const double traded[] = {5000.0, 500.0, 1500.0, 0.0};  // the first at the first instant itself
  for (std::size_t i = 0; i < 4; ++i) {
    CAPTURE(i);
    CHECK(std::abs(rule[i].equity.coin - whole[i].equity.coin) <= 1e-15);
    CHECK(rule[i].turnover_usd == traded[i]);
    CHECK(rule[i].fills == (traded[i] > 0.0 ? 1 : 0));
    CHECK(rule[i].tickets == 0);
    CHECK(whole[i].turnover_usd == 0.0);
  }
  // By hand: coin of an inverse future is sum N (1/p - 1/P), the taker fee 0.05 % (docs/sources.md, deribit 1.6), and
  // the drawn perpetual stands at its index, so that nothing is funded within the formula's dead zone.
  double coins = 0.0, contracts = 0.0, fees = 0.0;
  for (const auto& [amount, price] :
       {std::pair{6000.0, 60'100.0}, std::pair{-2000.0, 60'050.0}, std::pair{-5000.0, 59'900.0},
        std::pair{-500.0, 59'800.5}, std::pair{1500.0, 60'010.0}}) {
    coins += amount / price, contracts += amount, fees += 5e-4 * std::abs(amount) / price;
  }
  const double mark = rule.back().index;
  // The perpetual is quoted on two ticks around the index; fees are on the price or the index, within a percent of
  // each.
  CHECK(std::abs(rule.back().equity.coin - (2.0 + coins - contracts / mark - fees)) <= 0.05 * fees);
}

TEST_CASE("hedges that cannot be replayed are refused") {
  const test::Folder folder;
  folder.file("a.csv", bought), folder.file("none.csv", header),
      folder.file("far.csv", header + "2026-01-01T10:00:00Z,BTC-1JAN30-60000-P,-1,0.01\n");
  const std::string book = drawn + "[book]\nkind = \"trades\"\nfile = \"a.csv\"\n[[rule]]\nname = \"r\"\n";
  CHECK(refused(folder, book + "trades = \"none.csv\"\n").find("rule.trades has no trade") != std::string::npos);
  CHECK(refused(folder, book + "trades = \"a.csv\"\nhedges = false\n").find("hedges = false") != std::string::npos);
  CHECK(refused(folder, book + "trades = \"absent.csv\"\n").find("absent.csv") != std::string::npos);
  const std::string text = book + "trades = \"far.csv\"\n";
  std::ostringstream err;
  const auto rows = app::run_backtest(app::parse_run(text, folder.path()).value(), text, {}, err);
  REQUIRE_FALSE(rows);
  CHECK(rows.error().what.find("BTC-1JAN30-60000-P") != std::string::npos);
}

TEST_CASE("an edited book is another run") {
  const test::Folder folder;
  const std::string text = drawn + "[book]\nkind = \"trades\"\nfile = \"a.csv\"\n[[rule]]\nname = \"net\"\n";
  folder.file("a.csv", bought);
  const auto first = ran(folder, text), again = ran(folder, text);
  CHECK(first.head.run == again.head.run);
  std::string edited = bought;
  edited[edited.find("6000")] = '7';  // of the same length
  folder.file("a.csv", edited);
  CHECK(ran(folder, text).head.run != first.head.run);
}

TEST_CASE("a drawn market's dynamics are read by the model's own names, and what is wrong with them is said") {
  const test::Folder folder;
  const std::string rest = "[book]\nkind = \"strangle\"\n[[rule]]\nname = \"net\"\n";
  const auto text = [&](const std::string& dynamics, const std::string& beside = "") {
    return drawn + beside + "[market.model.dynamics]\n" + dynamics + rest;
  };
  const std::string heston = "name = \"heston\"\nv0 = 0.25\nkappa = 3\ntheta = 0.36\nxi = 1.2\n";
  const auto file = app::parse_run(text(heston + "rho = -0.6\n"), folder.path());
  if (!file) FAIL(file.error().what);
  const auto& model = std::get<app::DrawnMarket>(file.value().market).model;
  REQUIRE(model.dynamics);
  CHECK(model::values(*model.dynamics) == std::vector<double>{0.25, 3.0, 0.36, 1.2, -0.6, 0.0, 0.0, 0.0, 0.0, 0.0});
  CHECK_FALSE(std::get<app::DrawnMarket>(app::parse_run(drawn + rest, folder.path()).value().market).model.dynamics);

  std::string svcj = "name = \"svcj\"\nrho = -0.6\n" + heston.substr(heston.find("v0"));
  const auto names = model::parameters("svcj");
  for (std::size_t i = 5; i < names.size(); ++i) svcj += std::string(names[i].name) + " = 0.1\n";
  const auto jumps = app::parse_run(text(svcj), folder.path());
  if (!jumps) FAIL(jumps.error().what);
  CHECK(std::get<app::DrawnMarket>(jumps.value().market).model.dynamics->jump_slope == 0.1);

  const auto says = [&](const std::string& wrong, const std::string& words) {
    const std::string what = refused(folder, wrong);
    CAPTURE(what);
    CHECK(what.find(words) != std::string::npos);
  };
  says(text(heston), "rho is missing");
  says(text(heston + "rho = -1.5\n"), "-1.5");
  says(text(heston + "rho = \"low\"\n"), "rho");
  says(text(heston + "rho = -0.6\n" + std::string(names[5].name) + " = 1\n"), "heston has no such number");
  says(text("name = \"sabr\"\n"), "heston, bates or svcj");
  says(text(heston + "rho = -0.6\n", "start_vol = 0.5\n"), "start_vol stands beside");
}
