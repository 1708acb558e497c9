#include <iostream>

#include <ballast/ballast.h>

int main() {
  using namespace ballast;
  const auto expiry = parse_time("2026-12-25T08:00:00Z");
  const auto ratio = hedge::ratio(Coin(3.4), Coin(0.5));
  const auto option = venue::deribit::parse_name("BTC-25DEC26-100000-C");
  if (!expiry || !ratio || !option || option.value().expiry != expiry.value()) return 1;
  std::cout << option.value().name << " expires " << to_string(option.value().expiry) << ", ratio " << ratio.value()
            << "\n";
}
