// The whole library, from the outside: a market, a book, the hedge.
//   ratio CHAIN... BOOK      such as: examples/btc-chain.json examples/btc-perpetual.json examples/btc-book.csv
#include <iostream>

#include <ballast/ballast.h>

int main(int argc, char** argv) {
  using namespace ballast;
  if (argc < 3) return 2;
  const auto market =
      store::read_snapshot({argv + 1, argv + argc - 1}).value();  // instruments and quotes at one instant
  const auto positions = store::read_positions(argv[argc - 1]).value();
  const auto decision = desk::decide({}, market, {.positions = positions, .accounts = {}});
  for (const auto& reason : decision.reasons) std::cout << reason << "\n";
  for (const auto& plan : decision.plans) {
    for (const auto& leg : plan.legs)
      std::cout << leg.instrument.name << " ratio " << leg.ratio << ", " << leg.lots << " lots\n";
    std::cout << "residual delta " << plan.residual.delta << " " << plan.underlying << "\n";
  }
  return decision.quality == desk::Quality::refused ? 1 : 0;
}
