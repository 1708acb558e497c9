#include "ballast/model/transform.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "ballast/math/elementary.h"
#include "ballast/model/internal/contour.h"
#include "ballast/model/internal/exponent.h"
#include "ballast/model/internal/moments.h"
#include "ballast/model/internal/strike_sums.h"

namespace ballast::model {
namespace {

using internal::node_block, internal::NodeBlock, internal::StrikeColumns;
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinite = std::numeric_limits<double>::infinity();
/// Nodes on the line before it is bent: what the bent line costs.
constexpr std::size_t short_line = 1024;
/// A node of rough Heston costs a hundred times another's.
constexpr std::size_t most_rough_nodes = 2048;
/// In tolerances. Beyond, there is no answer.
constexpr double worst_error = 100.0;
/// Below, a forward does not move.
constexpr double least_variance = 1e-28;
/// Nodes in a row whose weight no longer counts.
constexpr std::size_t settled_nodes = 3;
/// Of |s| times the widest log-moneyness: beyond, no digit of the angle is left.
constexpr double farthest_node = 1e15;

/// How far from the money, up and down, an option out of the money is below the tolerance, by Chernoff's bound:
/// E[(e^X - e^k)+] e^{-k/2} <= E[e^{aX}] e^{-(a - 1/2) k} for every a > 1, and its mirror image for a < 0.
struct Reach {
  double up, down;
};
Reach reach_of(const TransformModel& model, double years, double tolerance) {
  const double wanted = -math::log(tolerance);
  const auto side = [&](double sign) {
    const auto distance = [&](double power) {
      const double moment = std::visit(
          [&](const auto& m) { return internal::log_moment_of(m, 0.5 + sign * (0.5 + power), years); }, model);
      return moment < 700.0 ? (std::max(moment, 0.0) + wanted) / (0.5 + power) : infinite;
    };
    // The mean bounds both sides whatever the model: power 0. The bound falls, then rises slowly, or ends where the
    // moments do; there the last finite one is looked for.
    double best = 2.0 * wanted, at = 0.0, step = 0.5, found = best;
    for (; step < 1e5; step *= 2.0) {
      found = distance(at + step);
      if (!(found < best)) break;
      best = found, at += step;
    }
    for (int halving = 0; found == infinite && halving < 4; ++halving) {
      step *= 0.5;
      const double nearer = distance(at + step);
      if (nearer < best) best = nearer, at += step;
    }
    return best;
  };
  return {side(1.0), side(-1.0)};
}

std::optional<Error> fault_of(const TransformModel& model, const ExpiryOptions& options, const TransformColumns& out) {
  if (auto wrong = fault(model)) return wrong;
  const auto bad = [](const char* what, double value) {
    return Error{Fault::bad_input, std::string("transform: ") + what + " is " + std::to_string(value)};
  };
  if (!(options.forward.value > 0.0 && std::isfinite(options.forward.value)))
    return bad("forward", options.forward.value);
  if (!(options.years.value > 0.0 && options.years.value <= 100.0)) return bad("years", options.years.value);
  const std::size_t n = options.strike.size();
  if (options.sign.size() != n) return bad("the count of signs", static_cast<double>(options.sign.size()));
  for (const double k : options.strike)
    if (!(k > 0.0 && std::isfinite(k))) return bad("a strike", k);
  for (const double s : options.sign)
    if (s != 1.0 && s != -1.0) return bad("a sign", s);
  for (const std::span<double>* column : {&out.price, &out.delta, &out.gamma, &out.theta, &out.minimum_variance_delta})
    if (!column->empty() && column->size() != n)
      return bad("the length of a column", static_cast<double>(column->size()));
  if (!out.gradient.empty() && out.gradient.size() != n * parameters(name(model)).size())
    return bad("the length of the gradient", static_cast<double>(out.gradient.size()));
  return std::nullopt;
}

/// One sum over the nodes: which, and where it goes.
enum class Sum { price, delta, gamma, theta, covariance, gradient };
struct Series {
  Sum kind;
  std::size_t parameter = 0;
};

/// Columns of strikes in one piece of memory. Two vectors of strikes go side by side: columns are padded to a multiple
/// of that.
struct Work {
  explicit Work(std::size_t count, std::size_t sums)
      : padded((count + 15) / 16 * 16), memory((8 + sums) * padded, 0.0) {
    strikes = {padded, row(0), row(1), row(2), row(3), row(4), row(5), row(6)};
  }
  double* row(std::size_t i) { return memory.data() + i * padded; }
  double* settled() { return row(7); }  ///< a call's delta where the option is worth its intrinsic value, else NaN
  double* sum(std::size_t i) { return row(8 + i); }

  std::size_t padded;
  std::vector<double> memory;
  StrikeColumns strikes;
};

/// What all sums of one call share.
struct Pass {
  const TransformModel& model;
  double years;
  std::vector<Series> series;
  internal::Wanted wanted;
  bool curved = false;    ///< a sum is wanted that falls no faster than the model's exponential
  double variance = 0.0;  ///< of the Black formula that is subtracted
  double per_unit = nan;  ///< of the forward's own variance
  double node_tolerance = 0.0;
};

std::size_t filled_groups(const Pass& pass, std::size_t from) {
  return std::min<std::size_t>(4, pass.series.size() - from);
}

/// The weights of four sums at the nodes of a block. `whole` times e^{K} is what a price weighs there (`front` with
/// Black's subtracted, `black` Black's alone).
void fill_coefficients(const Pass& pass, std::size_t from, const NodeBlock& nodes, const internal::Amplitudes& a,
                       internal::Coefficients& out) {
  for (std::size_t g = 0; g < filled_groups(pass, from); ++g) {
    const Series& wants = pass.series[from + g];
    for (std::size_t j = 0; j < node_block; ++j) {
      const double sr = nodes.s[0][j], si = nodes.s[1][j];
      const double fr = a.front[0][j], fi = a.front[1][j], wr = a.whole[0][j], wi = a.whole[1][j];
      double(&c)[2] = out[j][g];
      const auto times = [&](const double(&k)[2][node_block]) {
        c[0] = wr * k[0][j] - wi * k[1][j], c[1] = wr * k[1][j] + wi * k[0][j];
      };
      switch (wants.kind) {
        case Sum::price: c[0] = fr, c[1] = fi; break;
        case Sum::delta: c[0] = sr * fr - si * fi, c[1] = sr * fi + si * fr; break;
        case Sum::gamma: {  // s (1 - s)
          const double qr = sr * (1.0 - sr) + si * si, qi = si * (1.0 - 2.0 * sr);
          c[0] = qr * fr - qi * fi, c[1] = qr * fi + qi * fr;
          break;
        }
        case Sum::theta: times(nodes.to_years); break;
        case Sum::covariance:
          times(nodes.covariance);
          c[0] = c[0] * pass.per_unit - sr * a.black[j], c[1] = c[1] * pass.per_unit - si * a.black[j];
          break;
        case Sum::gradient: times(nodes.to[wants.parameter]); break;
      }
    }
  }
}

/// Even nodes on the line, until what is left is small or the nodes are `most`: false then.
Result<bool> sum_line(const Pass& pass, double step, std::size_t most, Work& work, TransformReport& report) {
  report = {.nodes = 0, .step = step, .error = 0.0};
  internal::prepare(work.strikes, step, pass.variance);
  NodeBlock nodes;
  internal::Amplitudes amplitudes;
  alignas(64) internal::Coefficients coefficient;
  for (std::size_t first = 0;; first += node_block) {
    for (std::size_t j = 0; j < node_block; ++j)
      nodes.s[0][j] = 0.5, nodes.s[1][j] = step * static_cast<double>(first + j);
    internal::fill(pass.model, pass.years, pass.wanted, nodes);
    internal::weigh(nodes, step, first, pass.variance, pass.wanted.gradient || pass.wanted.time, amplitudes);
    for (std::size_t from = 0; from < pass.series.size(); from += 4) {
      fill_coefficients(pass, from, nodes, amplitudes, coefficient);
      double* sums[4];
      for (std::size_t g = 0; g < 4; ++g) sums[g] = work.sum(std::min(from + g, pass.series.size() - 1));
      internal::add_even(static_cast<int>(filled_groups(pass, from)), coefficient, first, work.strikes, sums);
    }
    report.nodes = first + node_block;
    const double end = step * static_cast<double>(report.nodes);
    // What is left of an integrand that falls no slower than 1/u²; sums with derivatives have lost that factor.
    // Where jumps may come back into phase, by logarithms: what they left meanwhile can be too small for a number.
    const double swing = internal::swing(pass.model, pass.years, end);
    double largest = amplitudes.largest;
    if (swing > 1e-3) {
      const double* last = nodes.exponent[0] + node_block / 4 * 3;
      const double highest = *std::max_element(last, last + node_block / 4);
      largest = math::exp(std::min(highest + swing, 700.0)) + math::exp(-0.5 * pass.variance * end * end);
    }
    report.error = largest * 0.3183 / end;
    const double left = pass.curved ? largest * 0.3183 * end * std::max(pass.years, pass.variance) : report.error;
    if (std::isnan(report.error))
      return Error{Fault::no_solution, "transform: the characteristic function is no number"};
    if (report.error <= pass.node_tolerance && left <= 100.0 * pass.node_tolerance) return true;
    if (report.nodes >= most) return false;
  }
}

/// Nodes on the bent line. Sums as sum_line makes them with nothing in the place of Black's formula.
Result<bool> sum_bent(const Pass& pass, const internal::Contour& contour, double drift, Work& work, std::size_t count,
                      TransformReport& report) {
  double nearest = std::abs(work.strikes.moneyness[0] + drift), farthest = nearest;
  double widest = 1.0;
  for (std::size_t i = 0; i < count; ++i) {
    const double at = std::abs(work.strikes.moneyness[i] + drift);
    nearest = std::min(nearest, at), farthest = std::max(farthest, at);
    widest = std::max(widest, std::abs(work.strikes.moneyness[i]));
  }
  NodeBlock nodes;
  internal::Amplitudes a{};
  alignas(64) internal::Coefficients coefficient;
  std::size_t first = 0, ended = 0;
  double last = 0.0;
  for (;; first += node_block) {
    for (std::size_t j = 0; j < node_block; ++j) {
      const std::complex<double> s = contour.at(contour.step * static_cast<double>(first + j));
      nodes.s[0][j] = s.real(), nodes.s[1][j] = s.imag();
    }
    internal::fill(pass.model, pass.years, pass.wanted, nodes);
    for (std::size_t j = 0; j < node_block; ++j) {
      const std::complex<double> s(nodes.s[0][j], nodes.s[1][j]);
      const std::complex<double> turned =
          contour.slope(contour.step * static_cast<double>(first + j)) / std::complex<double>(0.0, 1.0);
      const double share = contour.step * 0.31830988618379067154 * (first + j == 0 ? 0.5 : 1.0);
      const std::complex<double> w = share * turned / (s * (1.0 - s));
      if (ended < settled_nodes) {
        if (std::isnan(nodes.exponent[0][j]))
          return Error{Fault::no_solution, "transform: the characteristic function is no number"};
        a.front[0][j] = a.whole[0][j] = w.real(), a.front[1][j] = a.whole[1][j] = w.imag();
        double bare = 0.0;
        for (const double from : {nearest, farthest}) {
          const double x = contour.side * from - drift;
          bare = std::max(bare, math::exp(std::min(nodes.exponent[0][j] + (s.real() - 0.5) * x, 700.0)) * std::abs(w));
        }
        const double left = bare * std::norm(s) * std::max(pass.years, pass.variance);
        last = bare / contour.step;
        const bool small = bare <= 0.01 * pass.node_tolerance && (!pass.curved || left <= pass.node_tolerance);
        ended = small ? ended + 1 : 0;
        if (std::abs(s) * widest >= farthest_node) ended = settled_nodes;
      } else {  // past the end: the model may do there what it likes
        a.front[0][j] = a.whole[0][j] = a.front[1][j] = a.whole[1][j] = 0.0;
        nodes.exponent[0][j] = nodes.exponent[1][j] = nodes.s[0][j] = nodes.s[1][j] = 0.0;
      }
    }
    for (std::size_t from = 0; from < pass.series.size(); from += 4) {
      fill_coefficients(pass, from, nodes, a, coefficient);
      if (ended >= settled_nodes)
        for (std::size_t j = 0; j < node_block; ++j)
          if (a.front[0][j] == 0.0 && a.front[1][j] == 0.0)
            for (std::size_t g = 0; g < 4; ++g) coefficient[j][g][0] = coefficient[j][g][1] = 0.0;
      double* sums[4];
      for (std::size_t g = 0; g < 4; ++g) sums[g] = work.sum(std::min(from + g, pass.series.size() - 1));
      internal::add_free(static_cast<int>(filled_groups(pass, from)), nodes, coefficient, work.strikes, sums);
    }
    if (ended >= settled_nodes) break;
  }
  report.error = std::max(report.error, last);
  report.nodes += first + node_block;
  return true;
}

/// The strikes on each side of the drifted forward by the contour bent to that side.
Result<bool> bend(const Pass& pass, std::size_t count, Work& work, TransformReport& report) {
  const double drift = internal::far_drift(pass.model, pass.years);
  report = {};
  for (const double side : {1.0, -1.0}) {
    const internal::Contour contour = internal::contour(pass.model, pass.years, side);
    std::vector<std::size_t> here;
    for (std::size_t i = 0; i < count; ++i)
      if ((work.strikes.moneyness[i] + drift >= 0.0) == (side > 0.0)) here.push_back(i);
    if (here.empty()) continue;
    if (contour.angle == 0.0) return false;
    Work part(here.size(), pass.series.size());
    for (std::size_t i = 0; i < here.size(); ++i) part.strikes.moneyness[i] = work.strikes.moneyness[here[i]];
    report.step = contour.step;
    const auto done = sum_bent(pass, contour, drift, part, here.size(), report);
    if (!done) return done.error();
    for (std::size_t r = 0; r < pass.series.size(); ++r)
      for (std::size_t i = 0; i < here.size(); ++i) work.sum(r)[here[i]] = part.sum(r)[i];
  }
  for (std::size_t i = 0; i < count; ++i) {
    // The lesser of price and strike, which the sums are subtracted from.
    work.strikes.value[i] = math::exp(-0.5 * std::abs(work.strikes.moneyness[i]));
    work.strikes.delta[i] = 1.0, work.strikes.density[i] = 0.0;
  }
  return true;
}

}  // namespace

std::complex<double> characteristic_function(const TransformModel& model, std::complex<double> u, Years years) {
  if (fault(model) || !(years.value >= 0.0 && years.value <= 100.0)) return {nan, nan};
  const std::complex<double> s(-u.imag(), u.real());  // iu
  const std::complex<double> exponent = s.imag() == 0.0 && !std::holds_alternative<RoughHeston>(model)
                                            ? log_moment(model, s.real(), years)
                                            : internal::exponent_at(model, years.value, s);
  const double size = math::exp(exponent.real());
  return {size * std::cos(exponent.imag()), size * std::sin(exponent.imag())};
}

double log_moment(const TransformModel& model, double power, Years years) {
  if (fault(model) || !(years.value >= 0.0 && years.value <= 100.0)) return nan;
  return std::visit([&](const auto& m) { return internal::log_moment_of(m, power, years.value); }, model);
}

Result<TransformReport> transform(const TransformModel& model, const ExpiryOptions& options,
                                  const TransformColumns& out, double tolerance) {
  if (auto wrong = fault_of(model, options, out)) return *wrong;
  if (!(tolerance >= 1e-14 && tolerance <= 1e-4))
    return Error{Fault::bad_input,
                 "transform: the tolerance is " + std::to_string(tolerance) + ", outside [1e-14, 1e-4]"};
  const std::size_t n = options.strike.size();
  if (n == 0) return TransformReport{};
  const double forward = options.forward.value, years = options.years.value;

  Pass pass{.model = model, .years = years, .node_tolerance = 0.1 * tolerance};
  auto& series = pass.series;
  if (!out.price.empty()) series.push_back({Sum::price});
  if (!out.delta.empty()) series.push_back({Sum::delta});
  if (!out.gamma.empty()) series.push_back({Sum::gamma});
  if (!out.theta.empty()) series.push_back({Sum::theta});
  if (!out.minimum_variance_delta.empty()) series.push_back({Sum::covariance});
  for (std::size_t p = 0; p * n < out.gradient.size(); ++p) series.push_back({Sum::gradient, p});
  if (series.empty()) return TransformReport{};
  pass.wanted = {
      .covariance = !out.minimum_variance_delta.empty(), .gradient = !out.gradient.empty(), .time = !out.theta.empty()};
  pass.curved = !out.gamma.empty() || pass.wanted.gradient || pass.wanted.time;
  pass.variance = -8.0 * std::visit([&](const auto& m) { return internal::log_moment_of(m, 0.5, years); }, model);
  const double unit = std::visit([](const auto& m) { return internal::return_variance(m); }, model);
  pass.per_unit = unit > 0.0 && std::isfinite(unit) ? 1.0 / unit : nan;

  // Beyond the reach an option out of the money is worth less than the tolerance: nothing. Nearer strikes set the step.
  const Reach reach = reach_of(model, years, tolerance);
  Work work(n, series.size());
  internal::log_moneyness(forward, options.strike.data(), n, work.strikes.moneyness);
  double lowest = 0.0, highest = 0.0;  // of ln(strike/forward)
  for (std::size_t i = 0; i < n; ++i) {
    const double moneyness = work.strikes.moneyness[i];
    if (pass.variance < least_variance || -moneyness > reach.up || moneyness > reach.down) {
      work.settled()[i] = moneyness > 0.0 ? 1.0 : 0.0;
      work.strikes.moneyness[i] = 0.0;
      continue;
    }
    work.settled()[i] = nan;
    lowest = std::min(lowest, -moneyness), highest = std::max(highest, -moneyness);
  }
  const double gauss = std::sqrt(-2.0 * math::log(tolerance) * pass.variance) + 0.5 * pass.variance;
  const double period = std::max({reach.up - lowest, reach.down + highest, gauss + std::max(-lowest, highest)});
  const double step = 6.283185307179586 / period;
  // Where a rough model's exponential falls beside the line is not known.
  const bool rough = std::holds_alternative<RoughHeston>(model);
  TransformReport report;
  Result<bool> done = true;
  if (pass.variance >= least_variance) done = sum_line(pass, step, rough ? most_rough_nodes : short_line, work, report);
  if (done && !done.value() && !rough) done = bend(pass, n, work, report);
  if (done && !done.value() && !rough) {
    for (std::size_t r = 0; r < series.size(); ++r) std::fill_n(work.sum(r), work.padded, 0.0);
    done = sum_line(pass, step, most_nodes, work, report);
  }
  if (!done) return done.error();
  if (!done.value() && report.error > worst_error * tolerance)
    return Error{Fault::limit, "transform: " + std::to_string(report.nodes) +
                                   " nodes leave more of a price than the tolerance" +
                                   (rough ? "" : ": jumps of nearly one size beside little other variance")};

  const auto& strikes = work.strikes;
  for (std::size_t r = 0; r < series.size(); ++r) {
    const double* sum = work.sum(r);
    for (std::size_t i = 0; i < n; ++i) {
      const double strike = options.strike[i], root = std::sqrt(forward * strike), sign = options.sign[i];
      const double parity = sign > 0.0 ? 0.0 : -1.0;  // of a put's delta to the call's
      const bool nothing = !std::isnan(work.settled()[i]);
      const double settled = work.settled()[i] + parity;
      switch (series[r].kind) {
        case Sum::price: {
          const bool out_of_money = sign * (forward - strike) <= 0.0;
          const double outside = nothing ? 0.0 : std::max(root * (strikes.value[i] - sum[i]), 0.0);
          out.price[i] = outside + (out_of_money ? 0.0 : sign * (forward - strike));
          break;
        }
        case Sum::delta: {  // of a call a probability, in every model whose returns do not hang on the price
          const double call = strikes.delta[i] - strike / root * sum[i];
          out.delta[i] = nothing ? settled : std::clamp(call, 0.0, 1.0) + parity;
          break;
        }
        case Sum::gamma:
          out.gamma[i] =
              nothing ? 0.0
                      : std::max(0.0, (pass.variance > 0.0 ? strikes.density[i] / (forward * std::sqrt(pass.variance))
                                                           : 0.0) +
                                          root / (forward * forward) * sum[i]);
          break;
        case Sum::theta: out.theta[i] = nothing ? 0.0 : root * sum[i]; break;
        case Sum::covariance:
          out.minimum_variance_delta[i] = nothing ? settled : strikes.delta[i] - strike / root * sum[i] + parity;
          break;
        case Sum::gradient: out.gradient[series[r].parameter * n + i] = nothing ? 0.0 : -root * sum[i]; break;
      }
    }
  }
  return report;
}

}  // namespace ballast::model
