// One number for all bits that the column kernels give on many inputs, so that two builds or two processors can be
// compared: tools/check_bits does.
//
//   kernel_hash [--points N] [--threads N] [--separate | --set NAME] [--verbose]
//
// An input is made from its row's number by integer operations and at most one correctly rounded one; no function of
// the C library touches an input or an output. It needs nothing but the kernel files and Highway, and so cross
// compiles.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "ballast/math/arithmetic.h"
#include "ballast/math/columns.h"
#include "ballast/math/elementary.h"
#include "ballast/math/normal.h"
#include "ballast/math/random_columns.h"
#include "ballast/math/sums.h"
#include "ballast/pricing/columns.h"
#include "ballast/pricing/grid_columns.h"
#include "ballast/pricing/implied_columns.h"
#include "ballast/pricing/tick_columns.h"

namespace {

using namespace ballast;
using pricing::Column;
using pricing::Output;
using Word = std::uint64_t;

constexpr const char* usage =
    "usage: kernel_hash [options]\n"
    "  --points N   rows of each kernel, 1000000\n"
    "  --threads N  1; the hash does not depend on it, the rows' places in their columns do\n"
    "  --separate   the class of arithmetic without a fused multiply-add\n"
    "  --set NAME   one instruction set: AVX3 AVX2 SSE4 SSSE3 EMU128\n"
    "  --verbose    a line for each kernel\n"
    "First line: instruction set, class of arithmetic, compiler. Last line: the class and the hash.\n"
    "Exit 1 if a row alone, or a scalar function, gives other bits than its column; 2 on misuse; 3 where this "
    "processor\n"
    "or build lacks the instruction set.\n";

// ------------------------------------------------------------------------------------------------------------- inputs

/// The `which`-th word of a row (S. Vigna's splitmix64 as a hash).
Word word(Word row, Word which) {
  Word z = (32 * row + which + 1) * 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

double uniform(Word w) { return static_cast<double>(w >> 11) * 0x1p-53; }  // [0, 1), exact
/// Mantissa and exponent uniform, the exponent in [low, high); normal numbers.
double octaves(Word w, int low, int high) {
  const Word span = static_cast<Word>(high - low), exponent = static_cast<Word>(1023 + low) + (w >> 52) % span;
  return std::bit_cast<double>(exponent << 52 | w >> 12);
}
double either(double v, Word w) { return w & 1 ? v : -v; }

constexpr double infinity = std::numeric_limits<double>::infinity(),
                 not_a_number = std::bit_cast<double>(~Word{0} >> 1);
constexpr double specials[] = {0.0,
                               -0.0,
                               infinity,
                               -infinity,
                               not_a_number,
                               5e-324,
                               -5e-324,
                               0x1p-1022,
                               0x1p-54,
                               0x1p-53,
                               1.0,
                               -1.0,
                               0x1.fffffffffffffp1023,
                               709.8,
                               -745.2,
                               -38.5,
                               26.6,
                               0.5,
                               1e-60,
                               1e60,
                               1e-300,
                               1e300,
                               0x1p-30,
                               37.6};
double special(Word w) { return w & 1 ? specials[(w >> 1) % std::size(specials)] : std::bit_cast<double>(w * w); }

double argument(Word row, Word) {
  const Word w = word(row, 0), v = word(row, 1);
  switch (row % 8) {
    case 0: return special(w);
    case 1: return either(octaves(w, -60, 11), v);
    case 2: return either(octaves(w, -30, 1), v);
    case 3: return either(40.0 * uniform(w), v);
    case 4: return either(800.0 * uniform(w), v);
    case 5: return uniform(w);
    case 6: return 1.0 + either(octaves(w, -53, 0), v);
    default: return either(octaves(w, -1022, 1024), v);
  }
}

double positive(Word row, Word column) {
  const Word w = word(row, column);
  if (row % 16 == 0) return special(w);
  if (column == 1 && row % 4 == 1) return positive(row, 0) * (1.0 + either(octaves(w, -50, -1), w >> 13));
  return octaves(w, row % 4 ? -20 : -1022, row % 4 ? 20 : 1024);
}

// A row's forward, strike, vol, years, sign, rate and yield; one in 16 has a column from anywhere.
enum Field : Word { forward, strike, vol, years, sign, rate, yield };
bool strange(Word row, Word field) { return row % 16 == 15 && word(row, 20) % 7 == field; }
double field(Word row, Word which) {
  const Word w = word(row, which);
  if (strange(row, which)) return special(w);
  switch (which) {
    case forward: return octaves(w, 0, 17);
    case strike: {
      const double f = field(row, forward);
      if (row % 32 == 3) return f;
      if (row % 4 == 0) return f * octaves(w, -20, 20);
      if (row % 4 == 1) return f * (1.0 + either(octaves(w, -40, -1), w >> 13));
      return f * (0.5 + uniform(w));
    }
    case vol: return row % 64 == 7 ? 0.0 : octaves(w, row % 8 ? -4 : -40, 3);
    case years: return row % 64 == 9 ? 0.0 : octaves(w, row % 8 ? -12 : -60, 5);
    case sign: return either(1.0, w);
    default: return 0.25 * either(uniform(w), w);
  }
}
double forward_field(Word row, Word column) { return field(row, column); }
double spot_field(Word row, Word column) {  // as SpotColumns
  constexpr Field order[] = {forward, strike, vol, years, rate, yield, sign};
  return field(row, order[column]);
}
double normal_field(Word row, Word column) {  // as NormalColumns
  constexpr Field order[] = {forward, strike, vol, years, rate, sign};
  const double v = field(row, order[column]);
  if (column < 2 && row % 3 == 0) return -v;
  return column == 2 ? v * field(row, forward) : v;
}

// Prices from the intrinsic value to the bound, both ends approached. As QuoteColumns, then the guess of the vol.
double quote_field(Word row, Word column) {
  if (column == 2) {
    const double f = field(row, forward), k = field(row, strike);
    const bool call = field(row, sign) > 0.0;
    const double gap = call ? f - k : k - f, intrinsic = gap > 0.0 ? gap : 0.0, room = f < k ? f : k;
    const Word w = word(row, 10);
    if (row % 32 == 1) return special(w);
    if (row % 32 == 2) return intrinsic;
    if (row % 8 == 3) return intrinsic + room * octaves(w, -600, 0);
    if (row % 8 == 4) return intrinsic + room * (1.0 - octaves(w, -50, 0));
    return intrinsic + room * uniform(w);
  }
  if (column == 5) {
    const Word w = word(row, 11);
    return row / 4096 % 2 && row % 16 == 3 ? special(w) : octaves(w, -6, 4);
  }
  constexpr Field order[] = {forward, strike, vol, years, sign};
  return field(row, order[column]);
}

// ------------------------------------------------------------------------------------------------------------ kernels

using In = std::span<const Column>;
using Out = std::span<const Output>;

struct Kernel {
  const char* name;
  std::size_t inputs, outputs;
  double (*input)(Word row, Word column);
  void (*run)(In, Out);
  double (*scalar)(double) = nullptr;  // the twin of an elementary column
};

template <void (*column)(std::span<const double>, std::span<double>)>
void elementary(In in, Out out) {
  column(in[0], out[0]);
}

void log_ratio(In in, Out out) {
  for (std::size_t i = 0; i < out[0].size(); ++i) out[0][i] = math::log_ratio(in[0][i], in[1][i]);
}

pricing::ForwardColumns forwards(In in) { return {in[0], in[1], in[2], in[3], in[4]}; }
pricing::SpotColumns spots(In in) { return {in[0], in[1], in[2], in[3], in[4], in[5], in[6]}; }
pricing::GreekColumns greeks(Out o) { return {o[0], o[1], o[2], o[3], o[4], o[5], o[6], o[7], o[8]}; }
pricing::ThirdOrderColumns third(Out o) { return {o[9], o[10], o[11], o[12], o[13]}; }

constexpr double anchor = 50'000.0;
void prepare(In in, Out o) {
  pricing::prepare_tick(forwards(in), anchor, {o[0], o[1], o[2], o[3], o[4], o[5], o[6], o[7]});
}
void tick(In in, Out out) {
  const std::size_t n = in[0].size();
  std::vector<std::vector<double>> c(8, std::vector<double>(n));
  const std::vector<Output> constants(c.begin(), c.end());
  prepare(in, constants);
  pricing::black_tick({c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7]}, anchor, 51'234.5, out[0], out[1], out[2],
                      out[3]);
}

void outcomes(std::span<const pricing::ImpliedOutcome> from, Output to) {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] = static_cast<double>(from[i]);
}
void cold(In in, Out out) {
  std::vector<pricing::ImpliedOutcome> outcome(out[0].size());
  pricing::implied_vol({in[0], in[1], in[2], in[3], in[4]}, out[0], outcome);
  outcomes(outcome, out[1]);
}
void warm(In in, Column guess, Out out) {
  std::vector<pricing::ImpliedOutcome> outcome(out[0].size());
  pricing::implied_vol({in[0], in[1], in[2], in[3], in[4]}, guess, out[0], outcome);
  outcomes(outcome, out[1]);
}
void warm(In in, Out out) { warm(in, in[5], out); }
// From next to the answer, as the last tick's vol is.
void near(In in, Out out) {
  cold(in, out);
  std::vector<double> guess(out[0].begin(), out[0].end());
  for (double& g : guess) g = g > 0.0 ? g * (1.0 + 0x1p-18) : 1.0;
  warm(in, guess, out);
}

const Kernel kernels[] = {
    {"exp", 1, 1, argument, elementary<math::exp>, math::exp},
    {"expm1", 1, 1, argument, elementary<math::expm1>, math::expm1},
    {"log", 1, 1, argument, elementary<math::log>, math::log},
    {"log1p", 1, 1, argument, elementary<math::log1p>, math::log1p},
    {"erfc", 1, 1, argument, elementary<math::erfc>, math::erfc},
    {"norm_pdf", 1, 1, argument, elementary<math::norm_pdf>, math::norm_pdf},
    {"norm_cdf", 1, 1, argument, elementary<math::norm_cdf>, math::norm_cdf},
    {"mills", 1, 1, argument, elementary<math::mills>, math::mills},
    {"norm_quantile", 1, 1, argument, elementary<math::norm_quantile>, math::norm_quantile},
    {"log_ratio", 2, 1, positive, log_ratio},
    {"black price", 5, 1, forward_field, [](In in, Out o) { pricing::black(forwards(in), o[0]); }},
    {"black second", 5, 9, forward_field, [](In in, Out o) { pricing::black(forwards(in), greeks(o)); }},
    {"black third", 5, 14, forward_field, [](In in, Out o) { pricing::black(forwards(in), greeks(o), third(o)); }},
    {"inverse price", 5, 1, forward_field, [](In in, Out o) { pricing::inverse(forwards(in), o[0]); }},
    {"inverse second", 5, 9, forward_field, [](In in, Out o) { pricing::inverse(forwards(in), greeks(o)); }},
    {"inverse third", 5, 14, forward_field, [](In in, Out o) { pricing::inverse(forwards(in), greeks(o), third(o)); }},
    {"black_scholes price", 7, 1, spot_field, [](In in, Out o) { pricing::black_scholes(spots(in), o[0]); }},
    {"black_scholes second", 7, 9, spot_field, [](In in, Out o) { pricing::black_scholes(spots(in), greeks(o)); }},
    {"black_scholes third", 7, 14, spot_field,
     [](In in, Out o) { pricing::black_scholes(spots(in), greeks(o), third(o)); }},
    {"bachelier third", 6, 14, normal_field,
     [](In in, Out o) { pricing::bachelier({in[0], in[1], in[2], in[3], in[4], in[5]}, greeks(o), third(o)); }},
    {"prepare_tick", 5, 8, forward_field, prepare},
    {"black_tick", 5, 4, forward_field, tick},
    {"implied_vol cold", 5, 2, quote_field, cold},
    {"implied_vol warm", 6, 2, quote_field, warm},
    {"implied_vol near", 5, 2, quote_field, near},
};

// --------------------------------------------------------------------------------------------------------------- hash

/// Any NaN is one NaN: which one an operation gives is the processor's choice.
Word canonical(double v) { return std::isnan(v) ? Word{0x7ff8'0000'0000'0000} : std::bit_cast<Word>(v); }

/// FNV-1a (G. Fowler, L. C. Noll, K.-P. Vo) by words of 64 bits, their high half folded into the low one.
struct Hash {
  Word value = 0xcbf29ce484222325u;
  void add(Word w) {
    value = (value ^ w) * 0x100000001b3u;
    value ^= value >> 32;
  }
};

constexpr std::size_t rows_at_once = 1 << 17;

struct Block {
  std::vector<std::vector<double>> in, out;
  Block(const Kernel& k, std::size_t rows)
      : in(k.inputs, std::vector<double>(rows)), out(k.outputs, std::vector<double>(rows)) {}
  void run(const Kernel& k, std::size_t from, std::size_t n) {
    std::vector<Column> i;
    std::vector<Output> o;
    for (auto& column : in) i.push_back(std::span(column).subspan(from, n));
    for (auto& column : out) o.push_back(std::span(column).subspan(from, n));
    k.run(i, o);
  }
};

// Thread t has the pieces t, t + threads, ..; their odd length differs with the count of threads, and so do the places
// of a row in vectors, blocks and tails.
void run_in_pieces(const Kernel& k, Block& block, Word first, std::size_t rows, std::size_t threads) {
  const std::size_t piece = 1009 + 74 * threads;
  const auto work = [&](std::size_t thread) {
    for (std::size_t from = thread * piece; from < rows; from += threads * piece) {
      const std::size_t n = std::min(piece, rows - from);
      for (std::size_t c = 0; c < k.inputs; ++c)
        for (std::size_t i = from; i < from + n; ++i) block.in[c][i] = k.input(first + i, c);
      block.run(k, from, n);
    }
  };
  std::vector<std::thread> others;
  for (std::size_t t = 1; t < threads; ++t) others.emplace_back(work, t);
  work(0);
  for (std::thread& t : others) t.join();
}

// A part of the rows again, each a column of one; and by the scalar function where there is one.
bool same_alone(const Kernel& k, const Block& block, Word first, std::size_t rows) {
  Block alone(k, 1);
  for (std::size_t i = 0; i < rows; i += 61) {
    for (std::size_t c = 0; c < k.inputs; ++c) alone.in[c][0] = block.in[c][i];
    alone.run(k, 0, 1);
    bool same = true;
    for (std::size_t c = 0; c < k.outputs; ++c) same = same && canonical(alone.out[c][0]) == canonical(block.out[c][i]);
    if (k.scalar) same = same && canonical(k.scalar(block.in[0][i])) == canonical(block.out[0][i]);
    if (k.run == cold) {
      const auto& in = block.in;
      const auto one = pricing::implied_vol(in[0][i], in[1][i], in[2][i], in[3][i], in[4][i]);
      same = same && canonical(one.vol) == canonical(block.out[0][i]) &&
             static_cast<double>(one.outcome) == block.out[1][i];
    }
    if (same) continue;
    std::fprintf(stderr, "kernel_hash: %s: row %llu alone has other bits than in its column\n", k.name,
                 static_cast<unsigned long long>(first + i));
    return false;
  }
  return true;
}

Hash sums(bool products, std::size_t points) {
  Hash hash;
  std::vector<double> a(rows_at_once), b(rows_at_once);
  for (Word first = 0; first < points; first += rows_at_once) {
    const std::size_t rows = std::min<std::size_t>(rows_at_once, points - first);
    for (std::size_t i = 0; i < rows; ++i) {
      const Word w = word(first + i, 0), v = word(first + i, 1);
      a[i] = either(octaves(w, -20, 20), w), b[i] = either(octaves(v, -20, 20), v);
      if (i % 2 && w % 4) a[i] = -a[i - 1], b[i] = b[i - 1];  // cancels
    }
    const auto add = [&](std::size_t from, std::size_t n) {
      const auto x = std::span(a).subspan(from, n), y = std::span(b).subspan(from, n);
      hash.add(canonical(products ? math::dot(x, y) : math::sum(x)));
    };
    add(0, rows);
    for (std::size_t n = 0; n < std::min<std::size_t>(rows, 100); ++n) add(n % 5, n - n % 5);
  }
  return hash;
}

// Uniforms and normals of paths by number, the normals' tails included.
Hash draws(std::size_t points) {
  Hash hash;
  std::vector<double> column(std::min(rows_at_once, points));
  for (Word first = 0; first < points; first += column.size()) {
    math::uniform_draws(word(first, 0), first, first / 3, column);
    for (const double u : column) hash.add(canonical(u));
    math::normal_draws(word(first, 1), first, first / 3 + 1, column);
    for (const double z : column) hash.add(canonical(z));
  }
  return hash;
}

// Books of every length up to 200 rows in six scenarios.
Hash grids(std::size_t points) {
  Hash hash;
  const std::vector<pricing::Scenario> scenarios = {{},          {0.875, 1.0, 0.0},   {1.125, 0.5, 0.0625},
                                                    {0.5, 2, 0}, {1.0, 1.0, -0.6875}, {2.0, 0.25, 0.0}};
  std::vector<std::vector<double>> c(6, std::vector<double>(200));
  for (Word first = 0, n = 1; first < points; first += n, n = n % 200 + 1) {
    for (std::size_t i = 0; i < n; ++i) {
      const auto part = [&](Word column) { return static_cast<double>(word(first + i, column) % 4096) / 4096.0; };
      c[0][i] = 32768.0 * (1.0 + part(0));
      c[1][i] = 32768.0 * (0.5 + 2.0 * part(1));
      c[2][i] = 0.125 + part(2);
      c[3][i] = part(3) * part(3);
      c[4][i] = part(4) < 0.5 ? -1.0 : 1.0;
      c[5][i] = 64.0 * part(5) - 32.0;
    }
    const auto column = [&](std::size_t k) { return Column(c[k]).first(n); };
    std::vector<double> value(scenarios.size());
    pricing::black_grid({column(0), column(1), column(2), column(3), column(4)}, column(5), scenarios, value);
    for (const double v : value) hash.add(canonical(v));
  }
  return hash;
}

// -------------------------------------------------------------------------------------------------------------- words

struct Arguments {
  std::size_t points = 1'000'000, threads = 1;
  bool separate = false, verbose = false, valid = true;
  std::string set;
};
Arguments parse(std::span<char*> words) {
  Arguments a;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string name = words[i];
    if (name == "--separate" || name == "--verbose") {
      (name == "--verbose" ? a.verbose : a.separate) = true;
      continue;
    }
    const std::string text = ++i < words.size() ? words[i] : "";
    if (name == "--set" && !text.empty()) {
      a.set = text;
      continue;
    }
    std::size_t* const count = name == "--points" ? &a.points : name == "--threads" ? &a.threads : nullptr;
    char* end = nullptr;
    const double number = std::strtod(text.c_str(), &end);  // so that 1e6 is a number too
    a.valid =
        a.valid && count && !text.empty() && !*end && number >= 1.0 && number <= (count == &a.points ? 1e12 : 256.0);
    if (!a.valid) break;
    *count = static_cast<std::size_t>(number);
  }
  a.valid = a.valid && !(a.separate && !a.set.empty());
  return a;
}

}  // namespace

int main(int argc, char** argv) {
  const std::span<char*> words(argv + 1, static_cast<std::size_t>(std::max(argc, 1) - 1));
  for (const std::string name : words) {
    if (name != "--help" && name != "-h") continue;
    std::fputs(usage, stdout);
    return 0;
  }
  const Arguments a = parse(words);
  if (!a.valid) {
    std::fputs(usage, stderr);
    return 2;
  }
  if ((a.separate && !math::use_separate_arithmetic()) || (!a.set.empty() && !math::use_instruction_set(a.set))) {
    std::fprintf(stderr, "kernel_hash: not on this processor, or not in this build: %s\n",
                 a.separate ? "separate arithmetic" : a.set.c_str());
    return 3;
  }
#ifdef __clang__
  constexpr const char* compiler = __VERSION__;
#else
  constexpr const char* compiler = "g++ " __VERSION__;
#endif
  const char* const name = math::name(math::arithmetic());
  std::printf("%s %s %s\n", math::instruction_set(), name, compiler);
  Hash all;
  bool same = true;
  const auto show = [&](const char* kernel, const Hash& hash) {
    all.add(hash.value);
    if (a.verbose) std::printf("%-21s %016llx\n", kernel, static_cast<unsigned long long>(hash.value));
  };
  for (const Kernel& k : kernels) {
    Hash hash;
    Block block(k, std::min(rows_at_once, a.points));
    for (Word first = 0; first < a.points; first += rows_at_once) {
      const std::size_t rows = std::min<std::size_t>(rows_at_once, a.points - first);
      run_in_pieces(k, block, first, rows, a.threads);
      for (std::size_t i = 0; i < rows; ++i)
        for (const auto& column : block.out) hash.add(canonical(column[i]));
      same = same && same_alone(k, block, first, rows);
    }
    show(k.name, hash);
  }
  show("sum", sums(false, a.points));
  show("dot", sums(true, a.points));
  show("draws", draws(a.points));
  show("black_grid", grids(a.points));
  std::printf("%s %016llx\n", name, static_cast<unsigned long long>(all.value));
  return same ? 0 : 1;
}
