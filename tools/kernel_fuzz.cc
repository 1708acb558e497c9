// The contracts of the pricing columns (pricing/columns.h, pricing/implied_columns.h) on rows from everywhere: typical,
// at the edges of the domains and past them, infinite, NaN, subnormal, random bits.
//
//   kernel_fuzz [--rows N] [--seed S] [--separate]
//
// Of every row: NaN in all outputs outside the domain and in none inside; the same bits in another batch, of another
// length, at another place; prices within their bounds, delta, gamma and vega of the right sign; a spot tick near the
// full kernel; of an implied vol the outcome that the bounds ask for, and the price again by `black`.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <limits>
#include <map>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "ballast/math/arithmetic.h"
#include "ballast/math/elementary.h"
#include "ballast/math/normalised_black.h"
#include "ballast/pricing/columns.h"
#include "ballast/pricing/implied_columns.h"
#include "ballast/pricing/tick_columns.h"
#include "tests/jet.h"

namespace {

using namespace ballast;
using pricing::Column;
using pricing::ImpliedOutcome;
using pricing::Output;
using test::Model;
using Word = std::uint64_t;

constexpr double epsilon = std::numeric_limits<double>::epsilon(), infinity = std::numeric_limits<double>::infinity(),
                 largest_number = std::numeric_limits<double>::max();
constexpr double smallest = 1e-60, largest = 1e60;  // of pricing/columns.h

constexpr const char* usage =
    "usage: kernel_fuzz [options]\n"
    "  --rows N    10000000\n"
    "  --seed S    1\n"
    "  --separate  the class of arithmetic without a fused multiply-add\n"
    "Exit 1 if a row breaks a contract, 2 on misuse, 3 where this build has no separate class.\n";

// --------------------------------------------------------------------------------------------------------------- rows

/// Words of one row, drawn one after the other (S. Vigna's splitmix64).
class Words {
 public:
  Words(Word seed, Word row) : state_(seed * 0xd1342543de82ef95u + row * 0x632be59bd9b4e019u) { (*this)(); }
  Word operator()() {
    Word z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  std::size_t below(std::size_t n) { return static_cast<std::size_t>((*this)() >> 32) % n; }
  bool once_in(std::size_t n) { return below(n) == 0; }
  double uniform() { return static_cast<double>((*this)() >> 11) * 0x1p-53; }
  double sign() { return (*this)() >> 63 ? 1.0 : -1.0; }
  /// Logarithms uniform from 2^low to 2^high, nearly.
  double octaves(int low, int high) {
    return std::ldexp(1.0 + uniform(), low + static_cast<int>(below(static_cast<std::size_t>(high - low))));
  }

 private:
  Word state_;
};

double step(double v, int ulps) {
  for (; ulps > 0; --ulps) v = std::nextafter(v, infinity);
  for (; ulps < 0; ++ulps) v = std::nextafter(v, -infinity);
  return v;
}

/// From anywhere: what no caller should send.
double strange(Words& w) {
  constexpr std::array edges = {0.0,    -0.0,   infinity, -infinity,      std::numeric_limits<double>::quiet_NaN(),
                                5e-324, -1.0,   1.0,      largest_number, -largest_number,
                                1e-60,  -1e-60, 1e60,     300.0,          std::numeric_limits<double>::min()};
  switch (w.below(5)) {
    case 0: return std::bit_cast<double>(w());
    case 1: return std::bit_cast<double>(w() >> 12) * w.sign();  // subnormal
    case 2: return step(edges[w.below(edges.size())], static_cast<int>(w.below(5)) - 2);
    case 3: return w.octaves(-1022, 1023) * w.sign();
    default: return edges[w.below(edges.size())];
  }
}

struct Row {
  double price, strike, vol, years, sign, rate, yield;  // price: of the underlying
};

/// Typical, to the ends of the domain, or with strange columns.
Row draw(Words& w) {
  Row o{};
  const bool wide = w.once_in(3);
  o.price = wide ? w.octaves(-199, 199) : w.octaves(-4, 20);
  switch (w.below(8)) {
    case 0: o.strike = o.price; break;
    case 1: o.strike = step(o.price, static_cast<int>(w.below(65)) - 32); break;
    case 2: o.strike = o.price * (1.0 + w.sign() * w.octaves(-50, -1)); break;
    case 3: o.strike = wide ? w.octaves(-199, 199) : o.price * w.octaves(-40, 40); break;
    case 4: o.strike = o.price * w.octaves(-20, 20); break;
    default: o.strike = o.price * (0.5 + w.uniform());
  }
  o.vol = w.once_in(16) ? 0.0 : wide ? w.octaves(-199, 199) : w.octaves(w.once_in(4) ? -60 : -4, 3);
  o.years = w.once_in(16) ? 0.0 : wide ? w.octaves(-199, 199) : w.octaves(w.once_in(4) ? -60 : -12, 6);
  o.sign = w.sign();
  const double most = 300.0 / std::max(o.years, smallest);
  o.rate = wide ? w.sign() * most * w.uniform() : 0.3 * (w.uniform() - 0.5);
  o.yield = wide && !w.once_in(4) ? w.sign() * most * w.uniform() : 0.3 * (w.uniform() - 0.5);
  if (w.once_in(8)) o.rate = o.yield;
  if (w.once_in(4)) {
    constexpr std::array fields = {&Row::price, &Row::strike, &Row::vol,  &Row::years,
                                   &Row::sign,  &Row::rate,   &Row::yield};
    for (std::size_t i = 1 + w.below(2); i > 0; --i) o.*fields[w.below(fields.size())] = strange(w);
  }
  return o;
}

std::string text(const Row& o) {
  return fmt::format(
      "price {:a} strike {:a} vol {:a} years {:a} sign {:g} rate {:a} yield {:a} ({:.6g} {:.6g} {:.6g} {:.6g})",
      o.price, o.strike, o.vol, o.years, o.sign, o.rate, o.yield, o.price, o.strike, o.vol, o.years);
}

// ----------------------------------------------------------------------------------------------------------- findings

class Findings {
 public:
  void add(const std::string& what, const std::function<std::string()>& where) {
    if (++count_[what] <= 3) fmt::print("{}: {}\n", what, where());
  }
  bool none() const { return count_.empty(); }
  void show() const {
    for (const auto& [what, count] : count_) fmt::print("FAILED {:>9} times: {}\n", count, what);
  }

 private:
  std::map<std::string, std::size_t> count_;
};

bool same_bits(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) || std::bit_cast<Word>(a) == std::bit_cast<Word>(b);
}

using Columns = std::vector<std::vector<double>>;
using In = std::vector<Column>;
using Out = std::vector<Output>;

In inputs(const Columns& all, std::size_t from, std::size_t n) {
  In in;
  for (const auto& column : all) in.push_back(std::span(column).subspan(from, n));
  return in;
}
Out results(Columns& all, std::size_t from, std::size_t n) {
  Out out;
  for (auto& column : all) out.push_back(std::span(column).subspan(from, n));
  return out;
}

/// `run(in, out)` over all rows, then over the same rows shuffled, in pieces of 1 to 150: every row has to agree.
template <class Run>
Columns twice(const Columns& in, std::size_t outputs, Words& w, const std::string& name, Findings& findings, Run run,
              const std::function<std::string(std::size_t)>& where) {
  const std::size_t n = in[0].size();
  Columns out(outputs, std::vector<double>(n)), mixed_in(in.size(), std::vector<double>(n)), mixed(out);
  run(inputs(in, 0, n), results(out, 0, n));
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t i = n; i > 1; --i) std::swap(order[i - 1], order[w.below(i)]);
  for (std::size_t c = 0; c < in.size(); ++c)
    for (std::size_t i = 0; i < n; ++i) mixed_in[c][i] = in[c][order[i]];
  for (std::size_t from = 0; from < n;) {
    const std::size_t piece = std::min(n - from, 1 + w.below(150));
    run(inputs(mixed_in, from, piece), results(mixed, from, piece));
    from += piece;
  }
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t c = 0; c < outputs; ++c)
      if (!same_bits(mixed[c][i], out[c][order[i]]))
        findings.add(fmt::format("{}: output {} depends on the row's neighbours", name, c),
                     [&] { return fmt::format("{:a} and {:a}, {}", mixed[c][i], out[c][order[i]], where(order[i])); });
  return out;
}

bool within(double v, double low, double high) { return v >= low && v <= high; }

// ------------------------------------------------------------------------------------------------------------- Greeks

constexpr std::array model_names = {"black", "inverse", "black_scholes", "bachelier"};  // as Model

bool inside(Model model, const Row& o) {
  const double low = model == Model::bachelier ? -largest : smallest;
  const bool rated = model == Model::black_scholes || model == Model::bachelier;
  return within(o.price, low, largest) && within(o.strike, low, largest) && within(o.vol, 0.0, largest) &&
         within(o.years, 0.0, largest) && std::abs(o.sign) == 1.0 &&
         (!rated || (std::abs(o.rate) <= 1e100 && std::abs(o.rate * o.years) <= 300.0)) &&
         (model != Model::black_scholes || (std::abs(o.yield) <= 1e100 && std::abs(o.yield * o.years) <= 300.0));
}

void run(Model model, bool price_alone, const In& in, const Out& o) {
  const pricing::ForwardColumns forward = {in[0], in[1], in[2], in[3], in[4]};
  const pricing::SpotColumns spot = {in[0], in[1], in[2], in[3], in[5], in[6], in[4]};
  if (price_alone) {
    if (model == Model::black) pricing::black(forward, o[0]);
    if (model == Model::inverse) pricing::inverse(forward, o[0]);
    if (model == Model::black_scholes) pricing::black_scholes(spot, o[0]);
    return;
  }
  const pricing::GreekColumns second = {o[0], o[1], o[2], o[3], o[4], o[5], o[6], o[7], o[8]};
  const pricing::ThirdOrderColumns third = {o[9], o[10], o[11], o[12], o[13]};
  switch (model) {
    case Model::black: pricing::black(forward, second, third); break;
    case Model::inverse: pricing::inverse(forward, second, third); break;
    case Model::black_scholes: pricing::black_scholes(spot, second, third); break;
    case Model::bachelier: pricing::bachelier({in[0], in[1], in[2], in[3], in[5], in[4]}, second, third); break;
  }
}

/// How large the terms of a Greek are, in long double, whose range is wider.
long double terms(Model model, const Row& o, std::size_t greek) {
  const bool normal = model == Model::bachelier, spot = model == Model::black_scholes;
  const test::Option<long double> option = {
      o.price, o.strike, normal || spot ? o.rate : 0.0, spot ? o.yield : 0.0, o.vol, o.years, o.sign};
  const long double root = std::sqrt(option.years), stdev = option.vol * root, d = test::d1(model, option);
  const long double phi = std::exp(-0.5L * d * d - (normal ? option.rate : option.yield) * option.years) * 0.39894228L;
  test::Greeks<long double> g{};
  g[test::vega] = phi * root * (normal || model == Model::inverse ? 1.0L : option.price);
  g[test::gamma] = phi / stdev / (normal ? 1.0L : option.price);
  g[test::ultima] = g[test::vega] / option.vol / option.vol;
  if (normal) g[test::speed] = g[test::gamma] * d / stdev;
  return test::scales(model, option, g)[greek];
}

struct Counts {
  std::size_t inside = 0, infinite = 0;
};

void check_greeks(Model model, const Columns& in, std::span<const Row> rows, Words& w, Counts& counts,
                  Findings& findings) {
  const std::string name = model_names[static_cast<std::size_t>(model)];
  const auto where = [&](std::size_t i) { return text(rows[i]); };
  const auto all =
      twice(in, test::greeks, w, name, findings, [&](const In& i, const Out& o) { run(model, false, i, o); }, where);
  Columns alone;
  if (model != Model::bachelier)
    alone =
        twice(in, 1, w, name + " price", findings, [&](const In& i, const Out& o) { run(model, true, i, o); }, where);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Row& o = rows[i];
    const auto fail = [&](const std::string& what, double got) {
      findings.add(name + ": " + what, [&] { return fmt::format("{:.17g}, {}", got, text(o)); });
    };
    if (!inside(model, o)) {
      for (std::size_t g = 0; g < test::greeks; ++g)
        if (!std::isnan(all[g][i]))
          fail(fmt::format("{} outside the domain is no NaN", test::greek_names[g]), all[g][i]);
      if (!alone.empty() && !std::isnan(alone[0][i])) fail("price alone outside the domain is no NaN", alone[0][i]);
      continue;
    }
    ++counts.inside;
    for (std::size_t g = 0; g < test::greeks; ++g) {
      const double v = all[g][i];
      if (std::isnan(v)) fail(fmt::format("{} inside the domain is NaN", test::greek_names[g]), v);
      if (!std::isinf(v)) continue;
      ++counts.infinite;
      if (!(terms(model, o, g) > 0.99L * largest_number)) fail(fmt::format("{} is infinite", test::greek_names[g]), v);
    }
    const bool normal = model == Model::bachelier, spot = model == Model::black_scholes, coin = model == Model::inverse;
    const double down = normal || spot ? std::exp(-o.rate * o.years) : 1.0,
                 off = spot ? std::exp(-o.yield * o.years) : 1.0;
    const double unit = coin ? o.price : 1.0, delivered = o.price * (normal ? down : off) / unit,
                 paid = o.strike * down / unit;
    const double intrinsic = std::max(o.sign * (delivered - paid), 0.0);
    // Half an epsilon each is what the products of rates and time have lost.
    const double lost = epsilon * (8.0 + (normal || spot ? std::abs(o.rate * o.years) : 0.0) +
                                   (spot ? std::abs(o.yield * o.years) : 0.0));
    const double bound = o.sign > 0.0 ? delivered : paid, slack = lost * std::max(std::abs(delivered), std::abs(paid));
    const double price = all[test::price][i], delta = all[test::delta][i];
    const double tiny = 1e-300;
    if (!(price >= 0.0)) fail("price is negative", price);
    if (!(price >= intrinsic - slack - tiny)) fail("price is below intrinsic", price);
    if (!normal && !(price <= bound * (1.0 + lost) + tiny)) fail("price is above its bound", price);
    if (!alone.empty()) {
      const double other = alone[0][i];
      if (!(std::abs(other - price) <= 8.0 * epsilon * price + tiny)) fail("price alone is another price", other);
      if (!(other >= 0.0 && other <= bound * (1.0 + lost) + tiny)) fail("price alone is out of bounds", other);
    }
    if (!(o.sign * delta >= 0.0)) fail("delta has the wrong sign", delta);
    const double most = normal ? down : coin ? o.strike / o.price / o.price : off;
    if (!(std::abs(delta) <= most * (1.0 + 8.0 * epsilon) + tiny)) fail("delta is out of bounds", delta);
    if (!coin && !(all[test::gamma][i] >= 0.0)) fail("gamma is negative", all[test::gamma][i]);
    if (!(all[test::vega][i] >= 0.0)) fail("vega is negative", all[test::vega][i]);
  }
}

// --------------------------------------------------------------------------------------------------------------- tick

void check_tick(const Columns& in, std::span<const Row> rows, Words& w, Counts& counts, Findings& findings) {
  const double anchor = w.once_in(8) ? strange(w) : w.once_in(4) ? w.octaves(-199, 199) : w.octaves(-4, 20);
  const double ratio = w.once_in(8) ? 1.0 : w.once_in(4) ? w.octaves(-6, 6) : 0.9 + 0.2 * w.uniform();
  const double spot = w.once_in(8) ? anchor : w.once_in(16) ? strange(w) : anchor * ratio;
  const bool spots = within(anchor, smallest, largest) && spot >= 0.01 * anchor && spot <= 100.0 * anchor;
  const auto where = [&](std::size_t i) {
    return fmt::format("anchor {:a} spot {:a} {}", anchor, spot, text(rows[i]));
  };
  const auto constants = twice(
      in, 8, w, "prepare_tick", findings,
      [&](const In& i, const Out& o) {
        pricing::prepare_tick({i[0], i[1], i[2], i[3], i[4]}, anchor, {o[0], o[1], o[2], o[3], o[4], o[5], o[6], o[7]});
      },
      where);
  const auto out = twice(
      constants, 4, w, "black_tick", findings,
      [&](const In& i, const Out& o) {
        pricing::black_tick({i[0], i[1], i[2], i[3], i[4], i[5], i[6], i[7]}, anchor, spot, o[0], o[1], o[2], o[3]);
      },
      where);
  // The full kernel at the moved forwards.
  const std::size_t n = rows.size();
  Columns moved(in.begin(), in.begin() + 5), full(9, std::vector<double>(n));
  for (double& f : moved[0]) f = f / anchor * spot;
  pricing::black(
      {moved[0], moved[1], moved[2], moved[3], moved[4]},
      pricing::GreekColumns{full[0], full[1], full[2], full[3], full[4], full[5], full[6], full[7], full[8]});
  for (std::size_t i = 0; i < n; ++i) {
    const Row& o = rows[i];
    const auto fail = [&](const std::string& what, double got) {
      findings.add("black_tick: " + what, [&] { return fmt::format("{:.17g}, {}", got, where(i)); });
    };
    const bool good = spots && inside(Model::black, o);
    for (std::size_t c = 0; c < 4; ++c) {
      const double v = out[c][i];
      if (!good && !std::isnan(v)) fail(fmt::format("output {} outside the domain is no NaN", c), v);
      if (good && std::isnan(v)) fail(fmt::format("output {} inside the domain is NaN", c), v);
      if (good && std::isinf(v)) fail(fmt::format("output {} is infinite", c), v);
    }
    if (!good) continue;
    ++counts.inside;
    const double price = out[0][i], delta = out[1][i], f = moved[0][i], bound = o.sign > 0.0 ? f : o.strike;
    if (!(price >= 0.0 && price <= bound * (1.0 + 12.0 * epsilon) + 1e-300)) fail("price is out of bounds", price);
    if (!(o.sign * delta >= 0.0 && std::abs(delta) <= 1.0 + 8.0 * epsilon)) fail("delta is out of bounds", delta);
    if (!(out[2][i] >= 0.0)) fail("gamma is negative", out[2][i]);
    if (!(out[3][i] >= 0.0)) fail("vega is negative", out[3][i]);
    if (std::isnan(full[0][i])) continue;  // the forward has left the domain
    const double stdev = o.vol * std::sqrt(o.years);
    const double d1 = stdev > 0.0 ? std::clamp(std::log(f / o.strike) / stdev + 0.5 * stdev, -100.0, 100.0) : 0.0;
    const double scale = 8.0 * epsilon * (1.0 + d1 * d1) * full[0][i] + 8.0 * epsilon * f * (1.0 + std::abs(d1));
    if (!(std::abs(price - full[0][i]) <= scale)) fail("price is not that of black", price - full[0][i]);
  }
}

// -------------------------------------------------------------------------------------------------------- implied vol

struct Quote {
  double forward, strike, price, years, sign, guess;
};
std::string text(const Quote& q) {
  return fmt::format(
      "forward {:a} strike {:a} price {:a} years {:a} sign {:g} guess {:g} ({:.6g} {:.6g} {:.6g} {:.6g})", q.forward,
      q.strike, q.price, q.years, q.sign, q.guess, q.forward, q.strike, q.price, q.years);
}

double intrinsic(const Quote& q) { return std::max(q.sign * (q.forward - q.strike), 0.0); }

/// `priced` is what `black` says of the row.
Quote draw_quote(const Row& o, double priced, Words& w) {
  Quote q{o.price, o.strike, priced, o.years, o.sign, o.vol};
  const double bound = o.sign > 0.0 ? o.price : o.strike, room = std::min(o.price, o.strike);
  switch (w.below(12)) {
    case 0: q.price = strange(w); break;
    case 1: q.price = step(intrinsic(q), static_cast<int>(w.below(9)) - 4); break;
    case 2: q.price = step(bound, static_cast<int>(w.below(9)) - 4); break;
    case 3: q.price = intrinsic(q) + room * w.octaves(-1000, 0); break;
    case 4: q.price = intrinsic(q) + room * (1.0 - w.octaves(-53, 0)); break;
    case 5: q.price = intrinsic(q) + room * w.uniform(); break;
    default: break;
  }
  if (w.once_in(8)) q.years = w.octaves(-199, 199);
  switch (w.below(8)) {
    case 0: q.guess = w.octaves(-10, 10); break;
    case 1: q.guess = w.once_in(8) ? strange(w) : w.octaves(-199, 199); break;
    case 2: q.guess = o.vol * (1.0 + w.sign() * w.octaves(-30, -2)); break;
    default: break;
  }
  return q;
}

/// What the bounds ask for, and whether another outcome would do too: where the difference of forward and strike rounds
/// to one of them, intrinsic value and bound are one number.
std::pair<ImpliedOutcome, bool> expected(const Quote& q) {
  const bool known = within(q.forward, smallest, largest) && within(q.strike, smallest, largest) &&
                     std::isfinite(q.price) && within(q.years, smallest, largest) && std::abs(q.sign) == 1.0;
  if (!known) return {ImpliedOutcome::not_finite, false};
  const double least = intrinsic(q), bound = q.sign > 0.0 ? q.forward : q.strike;
  if (q.price < least) return {ImpliedOutcome::below_intrinsic, false};
  if (q.price == least) return {ImpliedOutcome::at_intrinsic, least == bound};
  return {q.price >= bound ? ImpliedOutcome::above_bound : ImpliedOutcome::ok, false};
}

void check_implied(const std::vector<Quote>& quotes, Words& w, std::map<std::string, std::size_t>& outcomes,
                   Findings& findings) {
  const std::size_t n = quotes.size();
  Columns in(6, std::vector<double>(n));
  for (std::size_t i = 0; i < n; ++i) {
    const Quote& q = quotes[i];
    const std::array values = {q.forward, q.strike, q.price, q.years, q.sign, q.guess};
    for (std::size_t c = 0; c < values.size(); ++c) in[c][i] = values[c];
  }
  std::vector<double> cold;
  for (const bool warm : {false, true}) {
    const std::string name = warm ? "implied_vol warm" : "implied_vol cold";
    const auto out = twice(
        in, 2, w, name, findings,
        [&](const In& i, const Out& o) {
          std::vector<ImpliedOutcome> codes(o[0].size(), ImpliedOutcome::limit);
          const pricing::QuoteColumns columns = {i[0], i[1], i[2], i[3], i[4]};
          warm ? pricing::implied_vol(columns, i[5], o[0], codes) : pricing::implied_vol(columns, o[0], codes);
          for (std::size_t j = 0; j < codes.size(); ++j) o[1][j] = static_cast<double>(codes[j]);
        },
        [&](std::size_t i) { return text(quotes[i]); });
    if (!warm) cold = out[0];
    // The prices of the vols, out of the money: there nothing of them is lost.
    std::vector<double> side(n), price(n), vega(n);
    for (std::size_t i = 0; i < n; ++i) side[i] = quotes[i].forward > quotes[i].strike ? -1.0 : 1.0;
    Columns greeks(9, std::vector<double>(n));
    pricing::black({in[0], in[1], out[0], in[3], side},
                   pricing::GreekColumns{greeks[0], greeks[1], greeks[2], greeks[3], greeks[4], greeks[5], greeks[6],
                                         greeks[7], greeks[8]});
    for (std::size_t i = 0; i < n; ++i) {
      const Quote& q = quotes[i];
      const double vol = out[0][i];
      const auto outcome = static_cast<ImpliedOutcome>(static_cast<int>(out[1][i]));
      const auto fail = [&](const std::string& what) {
        findings.add(name + ": " + what,
                     [&] { return fmt::format("vol {:.17g} {}, {}", vol, math::name(outcome), text(q)); });
      };
      ++outcomes[math::name(outcome)];
      const auto [wanted, also_bound] = expected(q);
      if (wanted == ImpliedOutcome::ok) {
        // A price whose stdev is below 1e-300 may end at the limit or at vol 0.
        const double value = q.price - intrinsic(q), room = std::min(q.forward, q.strike);
        const double share = value / room;
        const bool least = share < 1e-299 || share / std::sqrt(q.years) < 1e-299;
        if (outcome != wanted && !(share < 1e-299 && outcome == ImpliedOutcome::limit))
          fail("a price inside its bounds is not ok");
        if (outcome == wanted && !least && !(vol > 0.0 && vol <= largest_number))
          fail("the vol is not positive and finite");
        if (outcome != wanted || least || !(vol >= smallest && vol <= largest)) continue;
        const double stdev = vol * std::sqrt(q.years), x = std::abs(math::log_ratio(q.forward, q.strike));
        const double d = x / stdev, spread = greeks[3][i] * vol;
        if (warm) {
          // The target is the same, so only the conditioning counts
          const double tolerance = 8.0 * epsilon * (1.0 + (spread > 0.0 ? value / spread : 0.0));
          if (!(std::abs(vol / cold[i] - 1.0) <= tolerance)) fail("not the cold vol");
        }
        // Further out `black` may be 0; a price above 1e-290 of its bound is not.
        if (d - 0.5 * stdev > 37.0 || value < 1e-290) {
          if (share > 1e-290 && d - 0.5 * stdev > 37.5) fail("the vol is far too small");
          continue;
        }
        // The bound of the vol times vega, that of `black`, and what parity has rounded.
        const double b = greeks[0][i], left = room - value;
        const double d1 = std::min(std::abs(d - 0.5 * stdev), 38.0);
        const double parity = intrinsic(q) > 0.0 ? epsilon * std::max(q.forward, q.strike) : 0.0;
        const double slack =
            4.0 * epsilon * (spread + std::min(b, left)) + 8.0 * epsilon * (1.0 + d1 * d1) * b + parity + 1e-300;
        if (!(std::abs(b - value) <= slack)) fail("the vol does not give the price back");
      } else {
        if (outcome != wanted && !(also_bound && outcome == ImpliedOutcome::above_bound))
          fail(std::string("the outcome should be ") + math::name(wanted));
        if (outcome == ImpliedOutcome::at_intrinsic ? vol != 0.0 : !std::isnan(vol)) fail("a vol where there is none");
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  double rows_wanted = 1e7, seed = 1.0;
  bool separate = false, valid = true;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--help" || word == "-h") {
      fmt::print("{}", usage);
      return 0;
    }
    if (word == "--separate") {
      separate = true;
      continue;
    }
    double* const number = word == "--rows" ? &rows_wanted : word == "--seed" ? &seed : nullptr;
    char* end = nullptr;
    if (number && ++i < argc) *number = std::strtod(argv[i], &end);  // so that 1e7 is a number too
    valid = valid && number && end && end != argv[i] && !*end && *number >= 1.0 && *number <= 1e12;
    if (!valid) break;
  }
  if (!valid) {
    fmt::print(stderr, "{}", usage);
    return 2;
  }
  if (separate && !math::use_separate_arithmetic()) {
    fmt::print(stderr, "kernel_fuzz: this build has no class of arithmetic without a fused multiply-add\n");
    return 3;
  }
  fmt::print("{}, {} arithmetic\n", math::instruction_set(), math::name(math::arithmetic()));

  constexpr std::size_t batch = 1000;  // a spot and an anchor each
  const auto total = static_cast<std::size_t>(rows_wanted);
  std::array<Counts, 5> counts;  // the models, then the tick
  std::map<std::string, std::size_t> outcomes;
  Findings findings;
  for (std::size_t first = 0; first < total; first += batch) {
    const std::size_t n = std::min(batch, total - first);
    std::vector<Row> rows;
    Columns in(7, std::vector<double>(n)), normal;
    for (std::size_t i = 0; i < n; ++i) {
      Words w(static_cast<Word>(seed), 2 * (first + i));
      const Row& o = rows.emplace_back(draw(w));
      const std::array values = {o.price, o.strike, o.vol, o.years, o.sign, o.rate, o.yield};
      for (std::size_t c = 0; c < values.size(); ++c) in[c][i] = values[c];
    }
    Words w(static_cast<Word>(seed), 2 * first + 1);
    for (const Model model : {Model::black, Model::inverse, Model::black_scholes})
      check_greeks(model, in, rows, w, counts[static_cast<std::size_t>(model)], findings);
    check_tick(in, rows, w, counts[4], findings);

    Columns priced(1, std::vector<double>(n));
    pricing::black({in[0], in[1], in[2], in[3], in[4]}, priced[0]);
    std::vector<Quote> quotes;
    for (std::size_t i = 0; i < n; ++i) quotes.push_back(draw_quote(rows[i], priced[0][i], w));
    check_implied(quotes, w, outcomes, findings);

    // The normal model's rows: vols in the unit of the price, and either sign.
    for (std::size_t i = 0; i < n; ++i) {
      Row& o = rows[i];
      if (!w.once_in(3)) o.vol *= o.price;
      if (w.once_in(2)) o.price = -o.price;
      if (w.once_in(2)) o.strike = -o.strike;
      in[0][i] = o.price, in[1][i] = o.strike, in[2][i] = o.vol;
    }
    check_greeks(Model::bachelier, in, rows, w, counts[3], findings);
  }
  for (std::size_t m = 0; m < counts.size(); ++m)
    fmt::print("{:<14} {:>9} rows, {} inside the domain, {} Greeks past the largest number\n",
               m < 4 ? model_names[m] : "black_tick", total, counts[m].inside, counts[m].infinite);
  fmt::print("implied_vol    {:>9} rows, cold and warm:", total);
  for (const auto& [name, count] : outcomes) fmt::print(" {} {}", count, name);
  fmt::print("\n");
  findings.show();
  return findings.none() ? 0 : 1;
}
