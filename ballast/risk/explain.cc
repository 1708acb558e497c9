#include "ballast/risk/explain.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ballast/pricing/inverse.h"

namespace ballast::risk {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr PnlTerms no_terms{nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan};

/// The derivatives of a value in price, vol and calendar time; which value is the caller's business.
struct Derivatives {
  double f, v, t;
  double ff, fv, vv, ft, vt;
  double fff, ffv, fft, vvv, fvv;
};

bool is_step(const OptionMove& move, Years years) {
  return std::isfinite(move.price) && std::isfinite(move.vol) && move.years >= 0.0 && move.years <= years.value;
}

PnlTerms terms_of(const Derivatives& d, const OptionMove& move) {
  const double f = move.price, v = move.vol, t = move.years;
  return {.delta = d.f * f,
          .vega = d.v * v,
          .theta = d.t * t,
          .gamma = 0.5 * d.ff * f * f,
          .vanna = d.fv * f * v,
          .volga = 0.5 * d.vv * v * v,
          .charm = d.ft * f * t,
          .veta = d.vt * v * t,
          .speed = d.fff * f * f * f / 6.0,
          .zomma = 0.5 * d.ffv * f * f * v,
          .color = 0.5 * d.fft * f * f * t,
          .ultima = d.vvv * v * v * v / 6.0,
          .dvanna_dvol = 0.5 * d.fvv * f * v * v};
}

PnlExplain explain_of(const PnlTerms& terms, double before, double after) {
  const double total = after - before;
  if (std::isnan(total) || std::isnan(terms.delta)) return {no_terms, nan, nan, nan, nan};
  PnlExplain explained{.terms = terms, .total = total};
  explained.residual_1 = total - terms.first_order();
  explained.residual_2 = explained.residual_1 - terms.second_order();
  explained.residual_3 = explained.residual_2 - terms.third_order();
  return explained;
}

double value_after(pricing::BlackScholes option, const OptionMove& move) {
  if (!is_step(move, option.years)) return nan;
  option.spot = Price(option.spot.value + move.price);
  option.vol = Vol(option.vol.value + move.vol);
  option.years = Years(option.years.value - move.years);
  return pricing::black_scholes_price(option).value;
}

double coin_value_after(pricing::Vanilla option, const OptionMove& move, double coin_yield) {
  if (!is_step(move, option.years)) return nan;
  option.forward = Price(option.forward.value + move.price);
  option.vol = Vol(option.vol.value + move.vol);
  option.years = Years(option.years.value - move.years);
  return pricing::inverse_greeks(option, coin_yield).price.value;
}

/// The part of a move that a corner has made.
OptionMove part(const OptionMove& move, std::size_t corner) {
  return {.price = (corner & 1) != 0 ? move.price : 0.0,
          .vol = (corner & 2) != 0 ? move.vol : 0.0,
          .years = (corner & 4) != 0 ? move.years : 0.0};
}

}  // namespace

double PnlTerms::first_order() const { return delta + vega + theta; }
double PnlTerms::second_order() const { return gamma + vanna + volga + charm + veta; }
double PnlTerms::third_order() const { return speed + zomma + color + ultima + dvanna_dvol; }

PnlTerms& PnlTerms::operator+=(const PnlTerms& other) {
  delta += other.delta, vega += other.vega, theta += other.theta;
  gamma += other.gamma, vanna += other.vanna, volga += other.volga, charm += other.charm, veta += other.veta;
  speed += other.speed, zomma += other.zomma, color += other.color;
  ultima += other.ultima, dvanna_dvol += other.dvanna_dvol;
  return *this;
}

PnlTerms operator*(double amount, const PnlTerms& terms) {
  const double a = amount;
  return {a * terms.delta, a * terms.vega,   a * terms.theta,      a * terms.gamma, a * terms.vanna,
          a * terms.volga, a * terms.charm,  a * terms.veta,       a * terms.speed, a * terms.zomma,
          a * terms.color, a * terms.ultima, a * terms.dvanna_dvol};
}

PnlExplain& PnlExplain::operator+=(const PnlExplain& other) {
  terms += other.terms;
  total += other.total;
  residual_1 += other.residual_1, residual_2 += other.residual_2, residual_3 += other.residual_3;
  return *this;
}

PnlExplain operator*(double amount, const PnlExplain& explained) {
  return {amount * explained.terms, amount * explained.total, amount * explained.residual_1,
          amount * explained.residual_2, amount * explained.residual_3};
}

PnlTerms pnl_terms(const pricing::BlackScholes& option, const OptionMove& move) {
  const auto g = pricing::black_scholes_greeks(option);
  if (!is_step(move, option.years) || std::isnan(g.price.value)) return no_terms;
  return terms_of({.f = g.delta,
                   .v = g.vega,
                   .t = g.theta,
                   .ff = g.gamma,
                   .fv = g.vanna,
                   .vv = g.volga,
                   .ft = g.charm,
                   .vt = g.veta,
                   .fff = g.speed,
                   .ffv = g.zomma,
                   .fft = g.color,
                   .vvv = g.ultima,
                   .fvv = g.dvanna_dvol},
                  move);
}

PnlExplain explain(const pricing::BlackScholes& option, const OptionMove& move) {
  return explain_of(pnl_terms(option, move), pricing::black_scholes_price(option).value, value_after(option, move));
}

PnlTerms inverse_pnl_terms(const pricing::Vanilla& option, const OptionMove& move, double coin_yield) {
  const auto c = pricing::inverse_greeks(option, coin_yield);
  if (!is_step(move, option.years) || std::isnan(c.price.value)) return no_terms;
  // V at rate = yield = coin_yield is the discounted Black value at a fixed forward. What inverse_greeks has, it has
  // without the quotient's cancellation; the rest is (V / F) differentiated.
  const auto g = pricing::black_scholes_greeks({.spot = option.forward,
                                                .strike = option.strike,
                                                .rate = coin_yield,
                                                .yield = coin_yield,
                                                .vol = option.vol,
                                                .years = option.years,
                                                .type = option.type});
  const double f = option.forward.value;
  return terms_of({.f = c.dcoin_df,
                   .v = c.vega_coin,
                   .t = c.theta_coin,
                   .ff = c.d2coin_df2,
                   .fv = c.vanna_coin,
                   .vv = c.volga_coin,
                   .ft = c.charm,
                   .vt = g.veta / f,
                   .fff = c.d3coin_df3,
                   .ffv = (g.zomma - 2.0 * (g.vanna - g.vega / f) / f) / f,
                   .fft = (g.color - 2.0 * (g.charm - g.theta / f) / f) / f,
                   .vvv = g.ultima / f,
                   .fvv = (g.dvanna_dvol - g.volga / f) / f},
                  move);
}

PnlExplain explain_inverse(const pricing::Vanilla& option, const OptionMove& move, double coin_yield) {
  return explain_of(inverse_pnl_terms(option, move, coin_yield), coin_value_after(option, {}, coin_yield),
                    coin_value_after(option, move, coin_yield));
}

StepwiseExplain stepwise_explain(const std::array<double, 8>& corner) {
  // Line `own` moves after neither, one or both of the others; of the six orders two, one, one and two do so.
  double line[3], effect = 0.0;
  for (std::size_t own = 0; own < 3; ++own) {
    const std::size_t me = std::size_t{1} << own, a = std::size_t{1} << ((own + 1) % 3),
                      b = std::size_t{1} << ((own + 2) % 3);
    const double alone = corner[me] - corner[0], after_a = corner[a | me] - corner[a],
                 after_b = corner[b | me] - corner[b], last = corner[7] - corner[a | b];
    line[own] = (2.0 * (alone + last) + (after_a + after_b)) / 6.0;
    const auto [low, high] = std::minmax({alone, after_a, after_b, last});
    effect = std::max(effect, high - low);
  }
  const double total = corner[7] - corner[0];
  for (const double value : corner)
    if (std::isnan(value)) return {nan, nan, nan, nan, nan};
  return {.price = line[0], .vol = line[1], .time = line[2], .total = total, .order_effect = effect};
}

StepwiseExplain stepwise_explain(const pricing::BlackScholes& option, const OptionMove& move) {
  std::array<double, 8> corner{};
  for (std::size_t i = 0; i < corner.size(); ++i) corner[i] = value_after(option, part(move, i));
  return stepwise_explain(corner);
}

StepwiseExplain stepwise_explain_inverse(const pricing::Vanilla& option, const OptionMove& move, double coin_yield) {
  std::array<double, 8> corner{};
  for (std::size_t i = 0; i < corner.size(); ++i) corner[i] = coin_value_after(option, part(move, i), coin_yield);
  return stepwise_explain(corner);
}

}  // namespace ballast::risk
