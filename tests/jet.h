#pragma once
#include <array>
#include <cmath>
#include <cstddef>

/// For tests only: an independent derivative. Option values are written down once, as the textbook has them, and a
/// truncated Taylor series in three variables differentiates them; no formula of a Greek is repeated here.
namespace ballast::test {

/// The functions of a Real; another than the built-in ones brings its own by specialisation.
template <class Real>
struct Functions {
  static Real exp(Real x) { return std::exp(x); }
  static Real log(Real x) { return std::log(x); }
  static Real sqrt(Real x) { return std::sqrt(x); }
  static Real erfc(Real x) { return std::erfc(x); }
  static Real two_per_sqrt_pi() { return static_cast<Real>(1.128379167095512573896158903121545171688L); }
};

namespace jet {

constexpr std::size_t terms = 20;  // of total degree <= 3 in three variables
struct Powers {
  std::size_t x, y, z;
};
/// By rising degree: 1, x, y, z, x^2, xy, ..
constexpr std::array<Powers, terms> powers = [] {
  std::array<Powers, terms> all{};
  std::size_t n = 0;
  for (std::size_t degree = 0; degree <= 3; ++degree)
    for (std::size_t x = degree + 1; x-- > 0;)
      for (std::size_t y = degree - x + 1; y-- > 0;) all[n++] = {x, y, degree - x - y};
  return all;
}();
constexpr std::size_t degree(std::size_t term) { return powers[term].x + powers[term].y + powers[term].z; }
constexpr std::size_t place(std::size_t x, std::size_t y, std::size_t z) {
  for (std::size_t i = 0; i < terms; ++i)
    if (powers[i].x == x && powers[i].y == y && powers[i].z == z) return i;
  return terms;
}
constexpr std::array<std::size_t, 4> up_to = {1, 4, 10, 20};  // terms of degree <= n
constexpr auto product = [] {
  std::array<std::array<std::size_t, terms>, terms> all{};
  for (std::size_t i = 0; i < terms; ++i)
    for (std::size_t j = 0; j < terms; ++j)
      all[i][j] = place(powers[i].x + powers[j].x, powers[i].y + powers[j].y, powers[i].z + powers[j].z);
  return all;
}();

}  // namespace jet

/// A function of three variables near a point: its Taylor coefficients to total degree 3.
template <class Real>
class Jet {
 public:
  Jet(Real constant = 0) { c_[0] = constant; }
  static Jet variable(Real value, std::size_t axis) {
    Jet v(value);
    v.c_[1 + axis] = 1;
    return v;
  }
  /// The derivative, x times by the first variable and so on; x + y + z <= 3.
  Real partial(std::size_t x, std::size_t y, std::size_t z) const {
    constexpr std::array<int, 4> factorial = {1, 1, 2, 6};
    return c_[jet::place(x, y, z)] * static_cast<Real>(factorial[x] * factorial[y] * factorial[z]);
  }

  friend Jet operator+(Jet a, const Jet& b) {
    for (std::size_t i = 0; i < jet::terms; ++i) a.c_[i] += b.c_[i];
    return a;
  }
  friend Jet operator-(Jet a, const Jet& b) {
    for (std::size_t i = 0; i < jet::terms; ++i) a.c_[i] -= b.c_[i];
    return a;
  }
  friend Jet operator-(const Jet& a) { return Jet() - a; }
  friend Jet operator*(const Jet& a, const Jet& b) {
    Jet p;
    for (std::size_t i = 0; i < jet::terms; ++i) {
      if (a.c_[i] == 0) continue;
      for (std::size_t j = 0; j < jet::up_to[3 - jet::degree(i)]; ++j)
        if (b.c_[j] != 0) p.c_[jet::product[i][j]] += a.c_[i] * b.c_[j];
    }
    return p;
  }
  friend Jet operator/(const Jet& a, const Jet& b) {
    const Real u = 1 / b.c_[0];
    return a * b.compose(u, -u * u, u * u * u, -u * u * u * u);
  }
  friend Jet exp(const Jet& a) {
    const Real e = Functions<Real>::exp(a.c_[0]);
    return a.compose(e, e, e / 2, e / 6);
  }
  friend Jet log(const Jet& a) {
    const Real u = 1 / a.c_[0];
    return a.compose(Functions<Real>::log(a.c_[0]), u, -u * u / 2, u * u * u / 3);
  }
  friend Jet sqrt(const Jet& a) {
    const Real root = Functions<Real>::sqrt(a.c_[0]), u = 1 / a.c_[0];
    return a.compose(root, root * u / 2, -root * u * u / 8, root * u * u * u / 16);
  }
  friend Jet erfc(const Jet& a) {
    const Real x = a.c_[0], slope = -Functions<Real>::two_per_sqrt_pi() * Functions<Real>::exp(-x * x);
    return a.compose(Functions<Real>::erfc(x), slope, -x * slope, (2 * x * x - 1) * slope / 3);
  }

 private:
  // f of this, from the Taylor coefficients f, f', f''/2, f'''/6 at the constant term.
  Jet compose(Real f0, Real f1, Real f2, Real f3) const {
    Jet step = *this;
    step.c_[0] = 0;
    return Jet(f0) + step * (Jet(f1) + step * (Jet(f2) + step * Jet(f3)));
  }

  std::array<Real, jet::terms> c_{};
};

/// The four kernels of pricing/columns.h.
enum class Model { black, inverse, black_scholes, bachelier };

/// One option. price: forward, or spot for black_scholes; vol: normal vol for bachelier. What a model does not know is
/// 0: rate and yield of black and inverse, yield of bachelier.
template <class Real>
struct Option {
  Real price, strike, rate, yield, vol, years, sign;
};

template <class Real>
Jet<Real> normal(const Jet<Real>& x) {
  return erfc(-x / Functions<Real>::sqrt(2)) / 2;
}

/// sign (S e^{-qT} N(sign d1) - K e^{-rT} N(sign d2))
template <class Real>
Jet<Real> black_scholes_value(const Jet<Real>& spot, const Jet<Real>& strike, const Jet<Real>& rate,
                              const Jet<Real>& yield, const Jet<Real>& vol, const Jet<Real>& years, Real sign) {
  const Jet<Real> stdev = vol * sqrt(years), d1 = (log(spot / strike) + (rate - yield) * years) / stdev + stdev / 2;
  return sign * (spot * exp(-yield * years) * normal<Real>(sign * d1) -
                 strike * exp(-rate * years) * normal<Real>(sign * (d1 - stdev)));
}

/// sign e^{-yT} (N(sign d1) - (K/F) N(sign d2)), in coin
template <class Real>
Jet<Real> inverse_value(const Jet<Real>& forward, const Jet<Real>& strike, const Jet<Real>& yield, const Jet<Real>& vol,
                        const Jet<Real>& years, Real sign) {
  const Jet<Real> stdev = vol * sqrt(years), d1 = log(forward / strike) / stdev + stdev / 2;
  return sign * exp(-yield * years) * (normal<Real>(sign * d1) - strike / forward * normal<Real>(sign * (d1 - stdev)));
}

/// e^{-rT} (sign (F - K) N(sign d) + stdev phi(d)), d = (F - K)/stdev
template <class Real>
Jet<Real> bachelier_value(const Jet<Real>& forward, const Jet<Real>& strike, const Jet<Real>& rate,
                          const Jet<Real>& vol, const Jet<Real>& years, Real sign) {
  const Jet<Real> stdev = vol * sqrt(years), d = (forward - strike) / stdev;
  const Real per_sqrt_2pi = Functions<Real>::two_per_sqrt_pi() / Functions<Real>::sqrt(8);
  return exp(-rate * years) *
         (sign * (forward - strike) * normal<Real>(sign * d) + stdev * exp(-d * d / 2) * per_sqrt_2pi);
}

/// The value by price, vol and years, and by the rate that rho moves: at a fixed spot for black (spot = forward at
/// rates of 0, which makes rho the venue's) and black_scholes, the coin's own yield for inverse, at a fixed forward for
/// bachelier.
template <class Real>
Jet<Real> value(Model model, const Option<Real>& o, const Jet<Real>& price, const Jet<Real>& vol,
                const Jet<Real>& years, const Jet<Real>& rate) {
  if (model == Model::bachelier) return bachelier_value<Real>(price, o.strike, rate, vol, years, o.sign);
  if (model == Model::inverse) return inverse_value<Real>(price, o.strike, rate, vol, years, o.sign);
  return black_scholes_value<Real>(price, o.strike, rate, o.yield, vol, years, o.sign);
}

/// The columns of GreekColumns and ThirdOrderColumns, in their order.
enum Greek { price, delta, gamma, vega, theta, rho, vanna, volga, charm, veta, speed, zomma, color, ultima, greeks };
constexpr std::array<const char*, greeks> greek_names = {"price", "delta", "gamma", "vega",  "theta",
                                                         "rho",   "vanna", "volga", "charm", "veta",
                                                         "speed", "zomma", "color", "ultima"};
template <class Real>
using Greeks = std::array<Real, greeks>;

/// Raw partials, time Greeks by calendar time.
template <class Real>
Greeks<Real> derivatives(Model model, const Option<Real>& o) {
  using J = Jet<Real>;
  const J v = value<Real>(model, o, J::variable(o.price, 0), J::variable(o.vol, 1), J::variable(o.years, 2), o.rate);
  const J by_rate = value<Real>(model, o, o.price, o.vol, o.years, J::variable(o.rate, 0));
  Greeks<Real> g{};
  g[price] = v.partial(0, 0, 0);
  g[delta] = v.partial(1, 0, 0);
  g[gamma] = v.partial(2, 0, 0);
  g[vega] = v.partial(0, 1, 0);
  g[theta] = -v.partial(0, 0, 1);
  g[rho] = by_rate.partial(1, 0, 0);
  g[vanna] = v.partial(1, 1, 0);
  g[volga] = v.partial(0, 2, 0);
  g[charm] = -v.partial(1, 0, 1);
  g[veta] = -v.partial(0, 1, 1);
  g[speed] = v.partial(3, 0, 0);
  g[zomma] = v.partial(2, 1, 0);
  g[color] = -v.partial(2, 0, 1);
  g[ultima] = v.partial(0, 3, 0);
  return g;
}

/// d1; (F - K)/stdev for bachelier.
template <class Real>
Real d1(Model model, const Option<Real>& o) {
  const Real stdev = o.vol * Functions<Real>::sqrt(o.years);
  if (model == Model::bachelier) return (o.price - o.strike) / stdev;
  return (Functions<Real>::log(o.price / o.strike) + (o.rate - o.yield) * o.years) / stdev + stdev / 2;
}

/// What an error of each Greek is a part of: |value|, or the sum of the absolute values of its terms where they can
/// cancel. As black_scholes_test.cc has them, but d1 and d2 count with their own terms, |ln(S/K)|/s + |r - q| T/s +
/// s/2, which cancel wherever one of the two is small.
template <class Real>
Greeks<Real> scales(Model model, const Option<Real>& o, const Greeks<Real>& g) {
  using F = Functions<Real>;
  const auto abs = [](Real x) { return x < 0 ? -x : x; };
  const Real s = o.price, r = o.rate, q = o.yield, vol = o.vol, years = o.years;
  const Real root = F::sqrt(years), stdev = vol * root, per_2t = 1 / (2 * years);
  Greeks<Real> n{};
  if (model == Model::bachelier) {
    const Real density = g[vega] / root, d = abs(s - o.strike) / stdev, d2 = d * d;
    n[theta] = g[vega] * vol * per_2t + abs(r * g[price]);
    n[charm] = abs(r * g[delta]) + density * d * per_2t;
    n[veta] = g[vega] * (abs(r) + (1 + d2) * per_2t);
    n[zomma] = g[gamma] * (1 + d2) / vol;
    n[color] = g[gamma] * (abs(r) + (1 + d2) * per_2t);
    n[ultima] = g[vega] * d2 * (d2 + 3) / (vol * vol);
  } else {
    const Real carry = abs(r - q), d1 = test::d1(model, o), d2 = d1 - stdev;
    const Real d = (abs(F::log(s / o.strike)) + carry * years) / stdev + stdev / 2, d12 = d * d;
    const Real phi = g[vega] / (model == Model::inverse ? root : s * root);
    // The two terms of the price out of the money, which is the time value in it too.
    const Real got = s * F::exp(-q * years), paid = o.strike * F::exp(-r * years), side = got < paid ? -1 : 1;
    n[price] = (got * F::erfc(side * d1 / F::sqrt(2)) + paid * F::erfc(side * d2 / F::sqrt(2))) / 2;
    n[theta] = g[vega] * vol * per_2t;
    n[volga] = g[vega] * (d12 < 1 ? 1 : d12) / vol;
    n[ultima] = g[vega] / (vol * vol) * d12 * (3 + d12);
    if (model == Model::inverse) {
      const Real net = abs(s * g[delta]), bend = (phi / stdev * (1 + d12) + 2 * phi * d) / (s * s);
      n[price] /= s;
      n[rho] = n[price] * years;
      n[gamma] = (phi / stdev + 2 * net) / (s * s);
      n[vanna] = phi * (d < 1 ? 1 : d) / (vol * s);
      n[charm] = phi * d * per_2t / s;
      n[veta] = g[vega] * (1 + d12) * per_2t;
      n[speed] = (6 * net + phi / stdev * (5 + d / stdev)) / (s * s * s);
      n[zomma] = bend / vol;
      n[color] = bend * per_2t;
    } else {
      const Real drift = abs(q) + carry * d / stdev;
      n[theta] += abs(q * s * g[delta]) + abs(r * g[rho]) / years;
      n[vanna] = phi * (d < 1 ? 1 : d) / vol;
      n[charm] = abs(q * g[delta]) + phi * (carry / stdev + d * per_2t);
      n[veta] = g[vega] * (drift + (1 + d12) * per_2t);
      n[speed] = g[gamma] / s * (1 + d / stdev);
      n[zomma] = g[gamma] * (1 + d12) / vol;
      n[color] = g[gamma] * (drift + (1 + d12) * per_2t);
    }
  }
  for (std::size_t i = 0; i < greeks; ++i)
    if (n[i] < abs(g[i])) n[i] = abs(g[i]);
  return n;
}

}  // namespace ballast::test
