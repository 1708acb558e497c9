#pragma once
#include <compare>

namespace ballast {

/// A double that remembers its unit. Same-unit arithmetic only; crossing units takes a named function.
template <class Tag>
struct Unit {
  double value = 0.0;
  constexpr Unit() = default;
  constexpr explicit Unit(double v) : value(v) {}
  constexpr Unit& operator+=(Unit b) {
    value += b.value;
    return *this;
  }
  friend constexpr Unit operator+(Unit a, Unit b) { return Unit(a.value + b.value); }
  friend constexpr Unit operator-(Unit a, Unit b) { return Unit(a.value - b.value); }
  friend constexpr Unit operator-(Unit a) { return Unit(-a.value); }
  friend constexpr Unit operator*(double k, Unit a) { return Unit(k * a.value); }
  friend constexpr double operator/(Unit a, Unit b) { return a.value / b.value; }
  friend constexpr auto operator<=>(Unit, Unit) = default;
};

using Price = Unit<struct PriceTag>;  ///< USD (or USDC) per coin
using Coin = Unit<struct CoinTag>;    ///< amount of the underlying
using Usd = Unit<struct UsdTag>;      ///< US dollars; USDT and USDC are assets with an index, not dollars
using Vol = Unit<struct VolTag>;      ///< annualised, 0.60 is 60 %
using Years = Unit<struct YearsTag>;  ///< ACT/365F: seconds / 31 536 000

/// The money in which a book's value is counted; its neutral point depends on it (docs/conventions.md).
enum class Numeraire { coin, usd };

constexpr Usd notional(Coin size, Price price) { return Usd(size.value * price.value); }

}  // namespace ballast
