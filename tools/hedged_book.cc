// A recorded bot's book as trades that `ballast backtest` reads, and its own account checked with its own prices.
//   hedged_book positions.json.gz FOLDER     writes options.csv and hedges.csv there, the checks to stdout
// docs/hedged-book-study.md
#include <cstdio>
#include <string>

#include <fmt/format.h>

#include "ballast/store/file.h"
#include "tools/bot_book.h"

using namespace ballast;

namespace {

int fail(const Error& error) {
  fmt::print(stderr, "hedged_book: {}\n", error.what);
  return error.fault == Fault::unavailable ? 3 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "hedged_book POSITIONS FOLDER\n");
    return 2;
  }
  const auto bytes = store::read_bytes(argv[1]);
  if (!bytes) return fail(bytes.error());
  const auto read = study::bot_book(bytes.value());
  if (!read) return fail(in(argv[1], read.error()));
  const study::BotBook& book = read.value();
  const std::string folder = argv[2];
  const auto options = study::option_trades(book), hedges = study::hedge_trades(book);
  for (const auto& [name, csv] :
       {std::pair{"options.csv", study::trades_csv(options, "puts sold, trimmed and rolled; coin, coin")},
        std::pair{"hedges.csv", study::trades_csv(hedges, "hedges, coins times price; USD, USD")}}) {
    if (const auto fault = store::write_bytes(folder + "/" + name, csv)) return fail(*fault);
  }
  fmt::print("{} positions, {} option trades, {} hedges\n\n", book.positions.size(), options.size(), hedges.size());
  for (const study::BotCheck& c : study::checks(book)) {
    fmt::print("{}: {} figures, worst {:.3g}, rounding {:.3g}, beyond it {}\n", c.what, c.figures, c.worst, c.allowed,
               c.off.size());
    for (const std::string& one : c.off) fmt::print("  {}\n", one);
  }
  if (book.hedges.empty()) return 0;
  const double index = book.hedges.back().index;
  const study::HedgeAccount a = study::hedge_account(book, index);
  fmt::print("\nhedge at {}: bot {:.2f} USD, linear {:.2f} USD, inverse {:.6f} BTC = {:.2f} USD\n", index, a.bot_usd,
             a.linear_usd, a.inverse_coin, a.inverse_coin * index);
  fmt::print("held: bot {:.5f} BTC = {:.2f} USD, contracts {:.2f} USD = {:.5f} BTC\n", book.coins, book.coins * index,
             a.contracts_usd, a.contracts_usd / index);
  return 0;
}
