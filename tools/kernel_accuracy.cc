// The worst error of every column kernel on many arguments, against 113-bit arithmetic (libquadmath): the elementary
// functions in units in the last place (norm_quantile in epsilon |x|), the Greeks in units of epsilon (1 + d1^2) scale,
// as their headers bound them.
//
//   kernel_accuracy [--points N] [--greek-points N] [--separate] [--only NAME] [--threads N] [--table FILE]
//
// An argument is drawn from its number alone, so that every count of threads sees the same ones.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <quadmath.h>

#include "ballast/math/arithmetic.h"
#include "ballast/math/columns.h"
#include "ballast/pricing/columns.h"
#include "tests/jet.h"

using Quad = __float128;

template <>
struct ballast::test::Functions<Quad> {
  static Quad exp(Quad x) { return expq(x); }
  static Quad log(Quad x) { return logq(x); }
  static Quad sqrt(Quad x) { return sqrtq(x); }
  static Quad erfc(Quad x) { return erfcq(x); }
  static Quad two_per_sqrt_pi() { return M_2_SQRTPIq; }
};

namespace {

using namespace ballast;
using test::Model;

constexpr double epsilon = std::numeric_limits<double>::epsilon(), infinity = std::numeric_limits<double>::infinity();
constexpr double greek_bound = 8.0;  // pricing/columns.h

constexpr const char* usage =
    "usage: kernel_accuracy [options]\n"
    "  --points N        arguments of each elementary function, 10000000\n"
    "  --greek-points N  rows of each option model, 200000\n"
    "  --separate        the class of arithmetic without a fused multiply-add\n"
    "  --only NAME       one function or model: exp expm1 log log1p erfc norm_pdf norm_cdf mills norm_quantile black\n"
    "                    inverse black_scholes bachelier table\n"
    "  --threads N       all processors\n"
    "  --table FILE      reference rows of Black-Scholes, tests/data/black_greeks.csv of the source folder\n"
    "Exit 1 if an error exceeds its documented bound, 2 on misuse.\n";

struct Arguments {
  std::size_t points = 10'000'000, greek_points = 200'000, threads = std::max(1u, std::thread::hardware_concurrency());
  bool separate = false;
  std::string only, table = BALLAST_SOURCE_DIR "/tests/data/black_greeks.csv";
};

std::optional<Arguments> parse(std::span<char*> words) {
  Arguments a;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string word = words[i];
    if (word == "--separate") {
      a.separate = true;
      continue;
    }
    if (++i == words.size()) return std::nullopt;
    const std::string text = words[i];
    if (word == "--only") {
      a.only = text;
    } else if (word == "--table") {
      a.table = text;
    } else {
      std::size_t* const count = word == "--points"         ? &a.points
                                 : word == "--greek-points" ? &a.greek_points
                                 : word == "--threads"      ? &a.threads
                                                            : nullptr;
      char* end = nullptr;
      const double number = std::strtod(text.c_str(), &end);  // so that 1e7 is a number too
      if (!count || *end || !(number >= 1.0 && number <= 1e12)) return std::nullopt;
      *count = static_cast<std::size_t>(number);
    }
  }
  return a;
}

/// Uniform on [0, 1): the `which`-th number of argument `index` (S. Vigna's splitmix64 as a hash).
double uniform(std::uint64_t index, std::uint64_t which) {
  std::uint64_t z = (16 * index + which + 1) * 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
}
double between(double low, double high, double u) { return low + (high - low) * u; }
double geometric(double low, double high, double u) { return std::exp(between(std::log(low), std::log(high), u)); }
double either(double x, double v) { return v < 0.5 ? x : -x; }

struct Worst {
  double error = -1.0;
  std::size_t index = 0;
  void add(double other, std::size_t at) {
    if (std::isnan(other)) other = infinity;
    if (other > error || (other == error && at < index)) error = other, index = at;
  }
};

/// work(first, last, worst) over [0, n) on all threads; `measures` worst errors, the same for every count of threads.
using Work = std::function<void(std::size_t, std::size_t, std::span<Worst>)>;
std::vector<Worst> measure(const Arguments& a, const std::string& name, std::size_t n, std::size_t step,
                           std::size_t measures, const Work& work) {
  std::vector<Worst> all(measures);
  std::atomic<std::size_t> next = 0;
  std::size_t done = 0, shown = 0;
  std::mutex merging;
  const bool terminal = isatty(STDERR_FILENO) != 0;
  const auto run = [&] {
    for (std::size_t first; (first = next.fetch_add(step)) < n;) {
      const std::size_t last = std::min(n, first + step);
      std::vector<Worst> own(measures);
      work(first, last, own);
      const std::lock_guard lock(merging);
      for (std::size_t i = 0; i < measures; ++i) all[i].add(own[i].error, own[i].index);
      done += last - first;
      const std::size_t percent = 100 * done / n;
      if (!terminal || percent == shown) continue;
      shown = percent;
      fmt::print(stderr, "\r{:<16} [{:<25}] {:>3} %", name, std::string(percent / 4, '='), percent);
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < std::min(a.threads, n / step + 1); ++i) threads.emplace_back(run);
  for (std::thread& thread : threads) thread.join();
  if (terminal) fmt::print(stderr, "\r{:60}\r", "");
  return all;
}

// ---------------------------------------------------------------------------------------------- elementary functions

/// The spacing of doubles at x; 4.94e-324 where they are subnormal.
double ulp(double x) {
  int exponent = 0;
  std::frexp(x, &exponent);
  return std::ldexp(1.0, std::max(exponent - 53, -1074));
}

/// In ulp of the correctly rounded result.
double off(double got, Quad truth) {
  const double rounded = static_cast<double>(truth);
  if (got == rounded) return std::isinf(got) ? 0.0 : static_cast<double>(fabsq(got - truth) / ulp(rounded));
  if (std::isinf(rounded)) return infinity;
  return static_cast<double>(fabsq(got - truth) / ulp(rounded));
}

Quad norm_cdf(Quad x) { return erfcq(-x * M_SQRT1_2q) / 2; }
Quad norm_pdf(Quad x) { return expq(-x * x / 2) * M_2_SQRTPIq * M_SQRT1_2q / 2; }
Quad mills(Quad x) {
  if (x < 100) return norm_cdf(-x) / norm_pdf(x);
  // Abramowitz and Stegun 26.2.12: the 14th term is below 1e-40 of the first.
  Quad sum = 0;
  for (int k = 14; k >= 1; --k) sum = -(2 * k - 1) / (x * x) * (1 + sum);
  return (1 + sum) / x;
}

struct Range {
  const char* label;
  double (*draw)(double u, double v);
  double slack = 0.0;  // ulp above the function's bound that a header grants: subnormal results
};
struct Function {
  const char* name;
  void (*column)(std::span<const double>, std::span<double>);
  double (*error)(double x, double got);
  double bound;  // of math/columns.h and math/normal.h
  std::vector<Range> ranges;
  const char* unit = "ulp";
};

template <Quad (*f)(Quad)>
double against(double x, double got) {
  return off(got, f(x));
}

// How far N(x) is from p beyond half an ulp of p, in epsilon |x|.
double quantile_error(double p, double x) {
  if (!std::isfinite(x)) return infinity;
  const Quad beyond = fabsq(norm_cdf(Quad(x)) - p) - Quad(ulp(p)) / 2;
  return beyond <= 0 ? 0.0 : static_cast<double>(beyond / (norm_pdf(Quad(x)) * epsilon * std::abs(x)));
}

const std::vector<Function>& functions() {
  static const Range near = {"1e-20 <= |x| <= 0.1",
                             [](double u, double v) { return either(geometric(1e-20, 0.1, u), v); }};
  static const Range centre = {"|x| <= 5", [](double u, double) { return between(-5.0, 5.0, u); }};
  static const std::vector<Function> all = {
      {"exp",
       math::exp,
       against<expq>,
       1.0,
       {near,
        centre,
        {"5 <= |x| <= 708", [](double u, double v) { return either(between(5.0, 708.0, u), v); }},
        {"708 <= x <= 709.78", [](double u, double) { return between(708.0, 709.78, u); }},
        {"subnormal, to -746", [](double u, double) { return between(-746.0, -708.4, u); }}}},
      {"expm1",
       math::expm1,
       against<expm1q>,
       2.0,
       {near,
        {"|x| < 1e-20", [](double u, double v) { return either(geometric(1e-320, 1e-20, u), v); }},
        centre,
        {"-60 <= x <= -5", [](double u, double) { return between(-60.0, -5.0, u); }},
        {"5 <= x <= 709.78", [](double u, double) { return between(5.0, 709.78, u); }}}},
      {"log",
       math::log,
       against<logq>,
       1.0,
       {{"1e-16 <= |x - 1| <= 0.1", [](double u, double v) { return 1.0 + either(geometric(1e-16, 0.1, u), v); }},
        {"0.2 <= x <= 5", [](double u, double) { return between(0.2, 5.0, u); }},
        {"1e-307 <= x <= 1e308", [](double u, double) { return geometric(1e-307, 1e308, u); }},
        {"subnormal x",
         [](double u, double) {
           return std::ldexp(1.0 + std::fmod(u * 0x1p20, 1.0), -1074 + static_cast<int>(52.0 * u));
         }}}},
      {"log1p",
       math::log1p,
       against<log1pq>,
       2.0,
       {near,
        {"|x| < 1e-20", [](double u, double v) { return either(geometric(1e-320, 1e-20, u), v); }},
        {"-0.999 <= x <= 5", [](double u, double) { return between(-0.999, 5.0, u); }},
        {"1e-16 <= 1 + x <= 1e-3", [](double u, double) { return geometric(1.2e-16, 1e-3, u) - 1.0; }},
        {"5 <= x <= 1e308", [](double u, double) { return geometric(5.0, 1e308, u); }}}},
      {"erfc",
       math::erfc,
       against<erfcq>,
       2.0,
       {near,
        centre,
        {"5 <= x <= 26.5", [](double u, double) { return between(5.0, 26.5, u); }},
        {"-7 <= x <= -5", [](double u, double) { return between(-7.0, -5.0, u); }},
        {"subnormal, to 27.3", [](double u, double) { return between(26.55, 27.3, u); }, 1.0}}},
      {"norm_pdf",
       math::norm_pdf,
       against<norm_pdf>,
       2.0,
       {near,
        centre,
        {"5 <= |x| <= 37.5", [](double u, double v) { return either(between(5.0, 37.5, u), v); }},
        {"subnormal, to 38.6", [](double u, double v) { return either(between(37.6, 38.6, u), v); }, 1.0}}},
      {"norm_cdf",
       math::norm_cdf,
       against<norm_cdf>,
       2.0,
       {near,
        centre,
        {"-37.5 <= x <= -5", [](double u, double) { return between(-37.5, -5.0, u); }},
        {"5 <= x <= 9", [](double u, double) { return between(5.0, 9.0, u); }},
        {"subnormal, to -38.5", [](double u, double) { return between(-38.5, -37.6, u); }, 1.0}}},
      {"mills",
       math::mills,
       against<mills>,
       3.0,
       {near,
        centre,
        {"-38.4 <= x <= -5", [](double u, double) { return between(-38.4, -5.0, u); }},
        {"5 <= x <= 40", [](double u, double) { return between(5.0, 40.0, u); }},
        {"40 <= x <= 1e300", [](double u, double) { return geometric(40.0, 1e300, u); }}}},
      {"norm_quantile",
       math::norm_quantile,
       quantile_error,
       2.0,
       {{"1e-16 <= |p - 1/2| <= 0.1", [](double u, double v) { return 0.5 + either(geometric(1e-16, 0.1, u), v); }},
        {"0 < p < 1", [](double u, double) { return std::max(u, 0x1p-53); }},
        {"1e-307 <= p <= 0.1", [](double u, double) { return geometric(1e-307, 0.1, u); }},
        {"1e-16 <= 1 - p <= 0.1", [](double u, double) { return 1.0 - geometric(1.2e-16, 0.1, u); }},
        {"subnormal p",
         [](double u, double) {
           return std::ldexp(1.0 + std::fmod(u * 0x1p20, 1.0), -1074 + static_cast<int>(52.0 * u));
         }}},
       "epsilon |x|"},
  };
  return all;
}

bool run(const Arguments& a, const Function& f) {
  bool held = true;
  for (std::size_t r = 0; r < f.ranges.size(); ++r) {
    const Range& range = f.ranges[r];
    // Each range its own part of the sequence of arguments.
    const auto argument = [&](std::size_t i) {
      const std::uint64_t index = (std::uint64_t{r} << 40) + i;
      return range.draw(uniform(index, 0), uniform(index, 1));
    };
    const std::size_t n = std::max<std::size_t>(1, a.points / f.ranges.size());
    const auto worst = measure(a, f.name, n, 4096, 1, [&](std::size_t first, std::size_t last, std::span<Worst> w) {
      std::vector<double> x(last - first), y(last - first);
      for (std::size_t i = first; i < last; ++i) x[i - first] = argument(i);
      f.column(x, y);
      for (std::size_t i = first; i < last; ++i) w[0].add(f.error(x[i - first], y[i - first]), i);
    });
    const bool good = worst[0].error <= f.bound + range.slack;
    held = held && good;
    const double x = argument(worst[0].index);
    fmt::print("{:<14} {:<26} {:>9} points  {:>7.4f} {} of {:g}{}  at {:.17g} ({:a})\n", f.name, range.label, n,
               worst[0].error, f.unit, f.bound + range.slack, good ? "      " : " ABOVE", x, x);
    std::fflush(stdout);
  }
  return held;
}

// ------------------------------------------------------------------------------------------------------------- Greeks

constexpr std::array models = {"black", "inverse", "black_scholes", "bachelier"};  // as Model
using Row = test::Option<double>;

// A mix by eights: two of a regular chain, then one each of wings to |d| = 8 and to 30, stdev down to 1e-5 by little
// time and by little vol (where a carry moves the forward by many stdev), long-dated, strikes far away.
constexpr std::array kinds = {"chain", "wing 8", "wing 30", "small time", "small vol", "long", "far strike"};
constexpr std::size_t kind_of(std::size_t index) { return std::max<std::size_t>(index % 8, 1) - 1; }
Row draw(Model model, std::size_t index) {
  const std::string kind = kinds[kind_of(index)];
  const auto u = [&](std::uint64_t which) { return uniform(index + (std::uint64_t{1} << 50), which); };
  const bool rated = model == Model::black_scholes || model == Model::bachelier;
  Row o{};
  o.price = geometric(0.1, 1e5, u(0));
  o.vol = between(0.1, 1.5, u(1));
  o.years = between(0.01, 2.0, u(2));
  o.rate = rated ? between(-0.1, 0.2, u(3)) : 0.0;
  o.yield = model == Model::black_scholes ? between(-0.1, 0.2, u(4)) : 0.0;
  o.sign = u(5) < 0.5 ? 1.0 : -1.0;
  double d = between(-3.0, 3.0, u(6));
  if (kind == "wing 8") d = either(between(3.0, 8.0, u(6)), u(7));
  if (kind == "wing 30") d = either(between(8.0, 30.0, u(6)), u(7));
  if (kind == "small time") o.years = std::pow(geometric(1e-5, 1e-3, u(2)) / o.vol, 2);
  if (kind == "small vol") o.vol = geometric(1e-5, 1e-3, u(1)) / std::sqrt(o.years);
  if (kind == "long") o.years = between(2.0, 30.0, u(2));
  const bool far_strike = kind == "far strike";
  if (far_strike) o.vol = between(0.2, 3.0, u(1)), o.years = between(0.05, 5.0, u(2));
  const double stdev = o.vol * std::sqrt(o.years), moneyness = geometric(1e-6, 1e6, u(6));
  if (model == Model::bachelier) {
    o.vol *= o.price;
    o.strike = far_strike ? o.price * moneyness : o.price * (1.0 - d * stdev);
    if (u(8) < 0.5) o.price = -o.price, o.strike = -o.strike;
  } else {
    o.strike = o.price * (far_strike ? moneyness : std::exp((o.rate - o.yield) * o.years - d * stdev));
  }
  return o;
}

using Column = std::vector<double>;
std::vector<Column> computed(Model model, std::span<const Row> rows) {
  const auto column = [&](double Row::* field) {
    Column c;
    for (const Row& row : rows) c.push_back(row.*field);
    return c;
  };
  const Column price = column(&Row::price), strike = column(&Row::strike), rate = column(&Row::rate),
               yield = column(&Row::yield), vol = column(&Row::vol), years = column(&Row::years),
               sign = column(&Row::sign);
  std::vector<Column> out(test::greeks, Column(rows.size()));
  const pricing::GreekColumns second = {out[0], out[1], out[2], out[3], out[4], out[5], out[6], out[7], out[8]};
  const pricing::ThirdOrderColumns third = {out[9], out[10], out[11], out[12], out[13]};
  const pricing::ForwardColumns forward = {price, strike, vol, years, sign};
  switch (model) {
    case Model::black: pricing::black(forward, second, third); break;
    case Model::inverse: pricing::inverse(forward, second, third); break;
    case Model::black_scholes:
      pricing::black_scholes({price, strike, vol, years, rate, yield, sign}, second, third);
      break;
    case Model::bachelier: pricing::bachelier({price, strike, vol, years, rate, sign}, second, third); break;
  }
  return out;
}

test::Option<Quad> exact(const Row& o) { return {o.price, o.strike, o.rate, o.yield, o.vol, o.years, o.sign}; }

// In units of epsilon (1 + d1^2 + (1 + |d1|) |r - q| T/s) scale; what is below 1e-300 may be 0, and so may what is made
// of a density further out than 37.6.
double greek_error(double got, Quad truth, Quad scale, Quad d1, Quad carry) {
  if (std::isnan(got)) return infinity;
  if (got == 0.0 && fabsq(d1) > 37.6Q) return 0.0;
  const Quad off = fabsq(got - truth);
  return off <= 1e-300 ? 0.0 : static_cast<double>(off / (epsilon * (1 + d1 * d1 + (1 + fabsq(d1)) * carry) * scale));
}

// One measure a Greek, and the price once more as a part of itself: what is left of it after its terms cancelled.
constexpr std::size_t measures = test::greeks + 1;

/// The rows' errors to worst[measure + measures * kind of the row], rows[0] being number `first`.
void compare(Model model, std::span<const Row> rows, std::size_t first, std::span<Worst> worst) {
  const auto got = computed(model, rows);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto o = exact(rows[i]);
    const auto truth = test::derivatives<Quad>(model, o);
    const auto scale = test::scales<Quad>(model, o, truth);
    const Quad d1 = test::d1<Quad>(model, o);
    const bool carried = model == Model::black_scholes;
    const Quad carry = carried ? fabsq((o.rate - o.yield) * o.years) / (o.vol * sqrtq(o.years)) : 0;
    const std::size_t at = worst.size() == measures ? 0 : measures * kind_of(first + i);
    for (std::size_t g = 0; g < test::greeks; ++g)
      worst[at + g].add(greek_error(got[g][i], truth[g], scale[g], d1, carry), first + i);
    const Quad price = truth[test::price];
    worst[at + test::greeks].add(greek_error(got[test::price][i], price, fabsq(price), d1, carry), first + i);
  }
}

/// One line a Greek: the worst of all, of each kind (where there are several), and its row.
bool show(const std::string& name, std::size_t n, std::span<const Worst> worst,
          const std::function<std::string(std::size_t)>& row) {
  bool held = true;
  const std::size_t groups = worst.size() / measures;
  fmt::print("{:<14} {:<13}{:>9} rows, of epsilon (1 + d1^2) scale{}", name, "", n, groups == 1 ? "" : ";");
  for (std::size_t k = 0; groups > 1 && k < groups; ++k) fmt::print(" {}{}", kinds[k], k + 1 < groups ? "," : "");
  fmt::print("\n");
  for (std::size_t g = 0; g < measures; ++g) {
    Worst all;
    std::string each;
    for (std::size_t k = 0; k < groups; ++k) {
      const Worst& w = worst[g + measures * k];
      all.add(w.error, w.index);
      if (groups > 1) each += fmt::format(" {:>9.5g}", w.error);
    }
    const bool bounded = g < test::greeks, good = !bounded || all.error <= greek_bound;
    held = held && good;
    fmt::print("{:<14} {:<13}{:>9.5g} {:<4}{} {}  at {}\n", name, bounded ? test::greek_names[g] : "price/itself",
               all.error, bounded ? fmt::format("of {:g}", greek_bound) : "", good ? "      " : " ABOVE", each,
               row(all.index));
  }
  std::fflush(stdout);
  return held;
}

std::string text(Model model, const Row& o) {
  return fmt::format(
      "price {:.17g} strike {:.17g} rate {:.17g} yield {:.17g} vol {:.17g} years {:.17g} sign {:g}, d1 {:.3g}", o.price,
      o.strike, o.rate, o.yield, o.vol, o.years, o.sign, test::d1<double>(model, o));
}

bool run(const Arguments& a, Model model) {
  const std::string name = models[static_cast<std::size_t>(model)];
  const auto worst = measure(a, name, a.greek_points, 64, measures * kinds.size(),
                             [&](std::size_t first, std::size_t last, std::span<Worst> w) {
                               std::vector<Row> rows;
                               for (std::size_t i = first; i < last; ++i) rows.push_back(draw(model, i));
                               compare(model, rows, first, w);
                             });
  return show(name, a.greek_points, worst, [&](std::size_t i) {
    return fmt::format("{} {}: {}", kinds[kind_of(i)], i, text(model, draw(model, i)));
  });
}

// The rows of the reference table, whose 30 digits also check the truth of this tool.
bool run_table(const Arguments& a) {
  std::ifstream file(a.table);
  std::vector<std::string> names;
  std::vector<std::map<std::string, std::string>> cells;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    std::vector<std::string> fields;
    for (std::string field; std::getline(words, field, ',');) fields.push_back(field);
    if (names.empty()) {
      names = fields;
      continue;
    }
    auto& row = cells.emplace_back();
    for (std::size_t i = 0; i < std::min(names.size(), fields.size()); ++i) row[names[i]] = fields[i];
  }
  if (cells.empty()) {
    fmt::print(stderr, "kernel_accuracy: no rows in {}\n", a.table);
    return false;
  }
  std::vector<Row> rows;
  for (auto& row : cells) {
    const auto number = [&](const char* name) { return std::strtod(row[name].c_str(), nullptr); };
    rows.push_back({number("S"), number("K"), number("r"), number("q"), number("sigma"), number("T"),
                    row["type"] == "C" ? 1.0 : -1.0});
  }
  std::vector<Worst> worst(measures);
  compare(Model::black_scholes, rows, 0, worst);
  Worst doubt;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto o = exact(rows[i]);
    const auto truth = test::derivatives<Quad>(Model::black_scholes, o);
    const auto scale = test::scales<Quad>(Model::black_scholes, o, truth);
    for (std::size_t g = 0; g < test::greeks; ++g) {
      const Quad reference = strtoflt128(cells[i][test::greek_names[g]].c_str(), nullptr);
      if (fabsq(truth[g]) > 1e-300) doubt.add(static_cast<double>(fabsq(truth[g] - reference) / scale[g]), i);
    }
  }
  const bool good = doubt.error <= 1e-22;
  const bool held =
      show("table", rows.size(), worst, [&](std::size_t i) { return cells[i]["case"] + cells[i]["type"]; });
  fmt::print("table          the truth and the table differ by {:.1e} of the scale{}, at {}{}\n", doubt.error,
             good ? "" : " ABOVE 1e-22", cells[doubt.index]["case"], cells[doubt.index]["type"]);
  return held && good;
}

}  // namespace

int main(int argc, char** argv) {
  const std::span<char*> words(argv + 1, static_cast<std::size_t>(std::max(argc, 1) - 1));
  for (const std::string word : words) {
    if (word != "--help") continue;
    fmt::print("{}", usage);
    return 0;
  }
  const auto a = parse(words);
  if (!a) {
    fmt::print(stderr, "{}", usage);
    return 2;
  }
  if (a->separate && !math::use_separate_arithmetic()) {
    fmt::print(stderr, "kernel_accuracy: this build has no class of arithmetic without a fused multiply-add\n");
    return 2;
  }
  fmt::print("{}, {} arithmetic\n", math::instruction_set(), math::name(math::arithmetic()));
  const auto wanted = [&](const std::string& name) { return a->only.empty() || a->only == name; };
  bool held = true, any = false;
  for (const Function& f : functions()) {
    if (!wanted(f.name)) continue;
    any = true;
    held = run(*a, f) && held;
  }
  for (std::size_t m = 0; m < models.size(); ++m) {
    if (!wanted(models[m])) continue;
    any = true;
    held = run(*a, static_cast<Model>(m)) && held;
  }
  if (wanted("table")) {
    any = true;
    held = run_table(*a) && held;
  }
  if (!any) {
    fmt::print(stderr, "kernel_accuracy: no function or model {}\n{}", a->only, usage);
    return 2;
  }
  return held ? 0 : 1;
}
