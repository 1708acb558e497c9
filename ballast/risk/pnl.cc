#include "ballast/risk/pnl.h"

namespace ballast::risk {

double profit(const market::Instrument& instrument, double amount, double entry, double price) {
  if (instrument.size_unit() == market::SizeUnit::usd) return amount * (1.0 / entry - 1.0 / price);
  return amount * (price - entry);
}

Usd option_profit_usd(double amount, double mark, Price index, Usd average_price) {
  return Usd(amount * (mark * index.value - average_price.value));
}

double average_entry(std::span<const Fill> fills) {
  double usd = 0.0, coins = 0.0;
  for (const Fill& fill : fills) {
    usd += fill.amount;
    coins += fill.amount / fill.price;
  }
  return usd / coins;
}

}  // namespace ballast::risk
