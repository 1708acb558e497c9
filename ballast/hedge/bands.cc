#include "ballast/hedge/bands.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "ballast/math/elementary.h"

namespace ballast::hedge {
namespace {

constexpr double root_two_per_pi = 0.79788456080286535588;  // sqrt(2/pi)
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

bool inside(const BandInputs& in) {
  return in.cost_rate >= 0.0 && in.aversion > 0.0 && in.price.value > 0.0 && std::isfinite(in.gamma) &&
         in.vol.value > 0.0 && in.years.value > 0.0 && in.discount > 0.0 && in.discount <= 1.0;
}

// x^p for x >= 0, p > 0: 0 gives 0. The C library's pow differs between processors.
double power(double x, double p) { return math::exp(p * math::log(x)); }

BandInputs inputs(const RebalanceRule& rule, const HedgedBook& book) {
  return {.cost_rate = rule.cost_rate,
          .aversion = rule.aversion,
          .price = book.price,
          .gamma = book.gamma,
          .vol = book.vol,
          .years = book.years,
          .discount = book.discount};
}

bool zakamouline_holds(const RebalanceRule& rule, const HedgedBook& book) { return book.years >= rule.handover; }

}  // namespace

Vol leland_vol(Vol vol, double cost_rate, Years interval, double gamma) {
  if (!(vol.value > 0.0 && cost_rate >= 0.0 && interval.value > 0.0) || std::isnan(gamma)) return Vol(nan);
  const double number = root_two_per_pi * 2.0 * cost_rate / (vol.value * std::sqrt(interval.value));
  if (gamma == 0.0) return vol;
  if (gamma < 0.0) return Vol(vol.value * std::sqrt(1.0 + number));
  return Vol(number < 1.0 ? vol.value * std::sqrt(1.0 - number) : nan);
}

Coin whalley_wilmott_half_width(const BandInputs& in) {
  if (!inside(in)) return Coin(nan);
  return Coin(power(1.5 * in.discount * in.cost_rate * in.price.value * in.gamma * in.gamma / in.aversion, 1.0 / 3.0));
}

Coin zakamouline_half_width(const BandInputs& in) {
  if (!inside(in)) return Coin(nan);
  const double without_gamma =
      in.cost_rate / (in.aversion * in.price.value * in.vol.value * in.vol.value * in.years.value);
  const double with_gamma = 1.12 * power(in.cost_rate, 0.31) * power(in.years.value, 0.05) *
                            power(in.discount / in.vol.value, 0.25) * std::sqrt(std::abs(in.gamma) / in.aversion);
  return Coin(without_gamma + with_gamma);
}

Vol zakamouline_vol(const BandInputs& in) {
  if (!inside(in)) return Vol(nan);
  if (in.gamma == 0.0) return in.vol;
  const double size = 4.76 * power(in.cost_rate, 0.78) * power(in.discount / in.vol.value, 0.25) *
                      power(in.aversion * in.price.value * in.price.value * std::abs(in.gamma), 0.15) /
                      power(in.years.value, 0.02);
  return Vol(in.vol.value * std::sqrt(std::clamp(in.gamma < 0.0 ? 1.0 + size : 1.0 - size, 0.1, 4.0)));
}

const char* name(BandKind kind) {
  switch (kind) {
    case BandKind::none: return "none";
    case BandKind::fixed: return "fixed";
    case BandKind::whalley_wilmott: return "whalley_wilmott";
    case BandKind::zakamouline: return "zakamouline";
  }
  return "?";
}

const char* name(BandTarget target) { return target == BandTarget::edge ? "edge" : "middle"; }

Result<RebalanceRule> checked(const RebalanceRule& rule) {
  const auto bad = [](const char* what, double value) {
    return Error{Fault::bad_input, std::string("rebalance rule: ") + what + ", not " + std::to_string(value)};
  };
  const auto finite_from_zero = [](double v) { return v >= 0.0 && std::isfinite(v); };
  const bool utility = rule.band == BandKind::whalley_wilmott || rule.band == BandKind::zakamouline;
  if (rule.band == BandKind::fixed && !(rule.width > 0.0 && rule.width <= 1.0))
    return bad("width must be in (0, 1]", rule.width);
  if (utility && !(rule.aversion > 0.0 && std::isfinite(rule.aversion)))
    return bad("aversion must be above 0", rule.aversion);
  if (!(finite_from_zero(rule.cost_rate) && rule.cost_rate < 1.0))
    return bad("cost rate must be in [0, 1)", rule.cost_rate);
  if (!finite_from_zero(rule.leland_interval.value))
    return bad("Leland's interval must be 0 or more years", rule.leland_interval.value);
  if (rule.band == BandKind::zakamouline && rule.leland_interval.value > 0.0)
    return bad("Zakamouline's band has a vol of its own: Leland's interval must be 0", rule.leland_interval.value);
  if (!finite_from_zero(rule.handover.value)) return bad("handover must be 0 or more years", rule.handover.value);
  if (!finite_from_zero(rule.least_interval.value))
    return bad("least interval must be 0 or more years", rule.least_interval.value);
  if (!finite_from_zero(rule.least_move)) return bad("least move must be 0 or more", rule.least_move);
  if (!finite_from_zero(rule.move_span.value)) return bad("move span must be 0 or more years", rule.move_span.value);
  return rule;
}

Vol hedge_vol(const RebalanceRule& rule, const HedgedBook& book) {
  if (rule.leland_interval.value > 0.0) return leland_vol(book.vol, rule.cost_rate, rule.leland_interval, book.gamma);
  if (rule.band == BandKind::zakamouline && zakamouline_holds(rule, book)) return zakamouline_vol(inputs(rule, book));
  return book.vol;
}

Coin half_width(const RebalanceRule& rule, const HedgedBook& book) {
  Coin width;
  switch (rule.band) {
    case BandKind::none: return width;
    case BandKind::fixed: width = rule.width * book.options; break;
    case BandKind::whalley_wilmott: width = whalley_wilmott_half_width(inputs(rule, book)); break;
    case BandKind::zakamouline: {
      BandInputs in = inputs(rule, book);
      if (zakamouline_holds(rule, book)) {
        in.gamma = book.hedge_gamma.value_or(book.gamma);
        width = zakamouline_half_width(in);
      } else {
        width = whalley_wilmott_half_width(in);
      }
      break;
    }
  }
  if (std::isnan(width.value) || !(book.noise.value >= 0.0 && book.options.value > 0.0)) return Coin(nan);
  return std::min(std::max(width, 2.0 * book.noise), book.options);
}

std::optional<Coin> wanted(const RebalanceRule& rule, const HedgedBook& book) {
  const Coin width = half_width(rule, book);
  if (std::isnan(width.value) || std::isnan(book.delta.value)) return Coin(nan);
  if (std::abs(book.delta.value) <= width.value) return std::nullopt;
  if (book.since_trade.value < rule.least_interval.value * (1.0 - 1e-9)) return std::nullopt;
  if (rule.least_move > 0.0 && book.price_at_trade.value > 0.0) {
    const double unit = rule.move_span.value > 0.0 ? book.vol.value * std::sqrt(rule.move_span.value) : 1.0;
    if (std::abs(book.price / book.price_at_trade - 1.0) < rule.least_move * unit) return std::nullopt;
  }
  const BandTarget target = book.price_at_trade.value > 0.0 ? rule.target : rule.first_target.value_or(rule.target);
  if (target == BandTarget::middle || width.value == 0.0) return Coin(0.0);
  return Coin(std::copysign(width.value, book.delta.value));
}

}  // namespace ballast::hedge
