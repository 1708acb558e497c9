// A recorded bot's book and hedges: its own account from its own prices, and the same account in our ledger.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <doctest/doctest.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include "ballast/app/backtest_run.h"
#include "ballast/store/file.h"
#include "tests/support.h"
#include "tools/bot_book.h"

using namespace ballast;
using nlohmann::json;

namespace {

const char* const folder = "data/deribit-hedgedbook-20260607-20260727/";
const char* const chains = "data/deribit-optionchain-20260516-20260727/";

std::optional<study::BotBook> recorded_book() {
  const auto file = test::shared(std::string(folder) + "positions.json.gz");
  if (!file) return std::nullopt;
  return study::bot_book(store::read_bytes(*file).value()).value();
}

/// The account until a time.
study::BotBook until(study::BotBook book, Time at) {
  std::erase_if(book.hedges, [&](const study::BotHedge& h) { return h.at > at; });
  return book;
}

Time time_of(const json& text) {
  const std::string t = text.get<std::string>();
  return parse_time(t.substr(0, 10) + "T" + t.substr(11, 8) + "Z").value();
}

/// What the bot wrote about its open puts at one time.
struct Marked {
  Time at;
  std::size_t puts = 0;
  double pnl_coin = 0.0;  ///< of those that are open
  double index = 0.0;     ///< USD: the ratio of the P&L in USD and in coin, of the largest
};

std::vector<Marked> marked_puts(const std::string& bytes) {
  std::vector<Marked> list;
  std::istringstream lines(bytes);
  for (std::string line; std::getline(lines, line);) {
    for (std::size_t at; (at = line.find(":NaN")) != std::string::npos;) line.replace(at, 4, ":null");
    const json one = json::parse(line);
    Marked m{.at = time_of(one["commit_time"])};
    double largest = 0.0;
    for (const json& put : one["positions"]) {
      const double coin = put["pnl_option_btc"].get<double>();
      ++m.puts, m.pnl_coin += coin;
      if (std::abs(coin) <= largest) continue;
      largest = std::abs(coin), m.index = put["pnl_option_usd"].get<double>() / coin;
    }
    if (m.index > 0.0) list.push_back(m);
  }
  return list;
}

}  // namespace

TEST_CASE("the bot's P&L follows from its own prices, but for what it forgot in its first three days") {
  const auto book = recorded_book();
  if (!book) return;
  CHECK(book->positions.size() == 91);
  CHECK(book->hedges.size() == 82);
  const auto found = study::checks(*book);
  REQUIRE(found.size() == 9);
  const auto off = [&](std::size_t n) { return found[n].off.size(); };
  CHECK(found[0].figures == 81);  // every closed put, in coin and in USD
  CHECK(found[1].figures + found[2].figures == 81);
  for (const std::size_t n : {0u, 1u, 2u, 3u, 7u}) {
    CAPTURE(found[n].what);
    CHECK(off(n) == 0);
  }
  // One size does not add up, by 0.00012; two purchases realise nothing; seven sales are averaged at a price that the
  // file does not have, some dollars from the index, and one at the position of two trades before.
  CHECK(off(4) == 1);
  CHECK(off(5) == 8);
  CHECK(off(6) == 2);
  CHECK(off(8) == 10);
  const auto& h = book->hedges;
  const double before = h[2].after, added = h[4].after - before;  // not h[3].after, what it held
  CHECK(std::abs(h[4].vwap - (before * h[3].vwap + added * h[4].index) / h[4].after) <= 0.01);
  for (std::size_t n = 0; n < h.size(); ++n) {
    if (n == 4 || h[n].coins > 0.0 || h[n].before == 0.0) continue;
    const double average = (h[n].before * h[n].vwap_before + h[n].coins * h[n].price()) / h[n].after;
    CHECK(std::abs(h[n].vwap - average) <= 1.0);
  }
  // What it forgot is all that parts its account from coins times price moves: the losses of trades 2 and 3, the
  // average of trade 5, and less than 2 USD of the rest.
  const double forgot = -h[1].coins * (h[1].vwap_before - h[1].index) - h[2].coins * (h[2].vwap_before - h[2].index);
  const double right = (h[4].before * h[4].vwap_before + h[4].coins * h[4].index) / h[4].after;
  const double averaged = -h[4].after * (h[4].vwap - right);
  for (const double index : {55'000.0, 62'724.77, 66'008.49, 75'000.0}) {
    CAPTURE(index);
    const study::HedgeAccount a = study::hedge_account(*book, index);
    CHECK(std::abs(a.bot_usd - a.linear_usd - (forgot + averaged)) <= 2.0);
    // An inverse account gains in coin what coins that settle in USD gain, at today's price: only what is held differs.
    CHECK(std::abs(a.inverse_coin * index - a.linear_usd) <= 1e-9 * std::abs(a.linear_usd));
    CHECK(std::abs(a.contracts_usd - (book->coins * index - a.linear_usd)) <= 0.00012 * index + 0.01);
  }
}

TEST_CASE("a file that is no book of the bot says where") {
  const auto what = [](const char* text) { return study::bot_book(text).error().what; };
  CHECK(what("{") == "positions: no JSON");
  CHECK(what("{}").find("history is missing") != std::string::npos);
  CHECK(what(R"({"history": [{"instrument_name": 1}], "positions": []})").find("history[0].instrument_name") !=
        std::string::npos);
  CHECK(what(R"({"history": [], "positions": []})").find("hedge is missing") != std::string::npos);
}

TEST_CASE("the recorded account in our ledger: hedges to the last bit, puts to the marks") {
  const auto book = recorded_book();
  const auto june = test::shared(std::string(chains) + "snapshots-202606.tar.zst"),
             july = test::shared(std::string(chains) + "snapshots-202607.tar.zst"),
             details = test::shared(std::string(folder) + "positions_detail_history.jsonl.zst");
  if (!book || !june || !july || !details) return;
  const auto temporary = std::filesystem::temp_directory_path() / ("ballast-bot-" + std::to_string(::getpid()));
  std::filesystem::create_directory(temporary);
  REQUIRE_FALSE(
      store::write_bytes((temporary / "options.csv").string(), study::trades_csv(study::option_trades(*book), "")));
  REQUIRE_FALSE(
      store::write_bytes((temporary / "hedges.csv").string(), study::trades_csv(study::hedge_trades(*book), "")));
  const std::string text = "equity = 1.0\nfrom = \"2026-06-07T00:00:00Z\"\n[market]\nchains = [\"" + *june + "\", \"" +
                           *july +
                           "\"]\nperpetual = \"index\"\n[book]\nkind = \"trades\"\nfile = \"options.csv\"\n"
                           "[venue]\nfee_scale = 0\n[[rule]]\nname = \"as recorded\"\ntrades = \"hedges.csv\"\n";
  const auto file = app::parse_run(text, temporary.string());
  if (!file) FAIL(file.error().what);
  std::ostringstream err;
  const auto ran = app::run_backtest(file.value(), text, {}, err);
  std::filesystem::remove_all(temporary);
  if (!ran) FAIL(ran.error().what);
  const auto &puts = ran.value().rules[0].rows, &rule = ran.value().rules[1].rows;
  REQUIRE(rule.size() == 203);
  int fills = 0;
  double turnover = 0.0, coins = 0.0;
  for (const sim::Row& row : rule) fills += row.fills, turnover += row.turnover_usd;
  for (const study::BotHedge& h : book->hedges) coins += std::abs(h.usd());
  CHECK(fills == 82);
  CHECK(std::abs(turnover - coins) <= 1e-6);

  const auto bot = marked_puts(store::read_bytes(*details).value());
  int compared = 0;
  double worst = 0.0;
  for (std::size_t i = 0; i < rule.size(); ++i) {
    CAPTURE(to_string(rule[i].at));
    // The hedges: sum of N (1/p - 1/P) by hand.
    const study::HedgeAccount a = study::hedge_account(until(*book, rule[i].at), rule[i].index);
    CHECK(std::abs(rule[i].equity.coin - puts[i].equity.coin - a.inverse_coin) <= 1e-14);
    // The whole account beside the bot's, where it wrote its marks within 20 minutes, nothing was traded in between and
    // it wrote of every put that it had.
    const auto near = std::min_element(bot.begin(), bot.end(), [&](const Marked& x, const Marked& y) {
      return std::abs(seconds_between(x.at, rule[i].at)) < std::abs(seconds_between(y.at, rule[i].at));
    });
    if (std::abs(seconds_between(near->at, rule[i].at)) > 1200.0) continue;
    const Time first{std::min(near->at, rule[i].at).ms - 120'000}, last{std::max(near->at, rule[i].at).ms + 120'000};
    const auto between = [&](Time t) { return first <= t && t <= last; };
    bool quiet = true;
    std::size_t open = 0;
    double closed = 0.0;
    for (const study::BotHedge& h : book->hedges) quiet = quiet && !between(h.at);
    for (const study::BotPosition& p : book->positions) {
      quiet = quiet && !between(p.entry) && !(p.exit && between(*p.exit));
      if (p.exit && *p.exit <= near->at) closed += (p.entry_price - p.exit_price) * p.contracts;
      open += p.entry <= near->at && !(p.exit && *p.exit <= near->at) ? 1 : 0;
    }
    if (!quiet || open != near->puts) continue;
    const double hedge = study::hedge_account(until(*book, near->at), near->index).linear_usd / near->index;
    const double apart = rule[i].equity.coin - 1.0 - (closed + near->pnl_coin + hedge);
    ++compared, worst = std::max(worst, std::abs(apart));
    // Up to five coins of puts, marked up to 20 minutes apart and on the bot's side at another price within the quotes,
    // of which a tick is 0.0001 to 0.0005.
    CHECK(std::abs(apart) <= 0.002);
  }
  CHECK(compared >= 35);
}
