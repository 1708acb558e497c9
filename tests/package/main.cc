#include <iostream>

// A user includes ballast/ballast.h; until there is one, the headers it will name.
#include "ballast/base/time.h"
#include "ballast/market/instrument.h"

int main() {
  const ballast::Result<ballast::Time> expiry = ballast::parse_time("2026-12-25T08:00:00Z");
  if (!expiry) return 1;
  const ballast::market::Instrument future{.name = "BTC-25DEC26", .expiry = expiry.value()};
  std::cout << future.name << " expires " << ballast::to_string(future.expiry) << "\n";
}
