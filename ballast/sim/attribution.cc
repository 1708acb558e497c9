#include "ballast/sim/attribution.h"

#include <cmath>
#include <string>

#include "ballast/math/elementary.h"
#include "ballast/pricing/inverse.h"
#include "ballast/risk/explain.h"

namespace ballast::sim {
namespace {

using market::Instrument;
using market::Settlement;

/// Over this share of their own size the Taylor terms have not explained a step: it is revalued one thing at a time.
constexpr double unexplained = 0.1;

/// A forward's way from one instant to another: with the index, down its basis, and what is left.
struct ForwardMove {
  double spot = 0.0, carry = 0.0, basis = 0.0;  ///< USD per coin
  double sum() const { return spot + carry + basis; }
};

/// `forward` reached after `years` more.
ForwardMove forward_move(const Mark& from, double index, double forward, double years) {
  const double with_index = from.forward * (index / from.index);
  double rolled = with_index;
  if (from.years > 0.0) {
    rolled *= math::exp(-math::log_ratio(from.forward, from.index) / from.years * years);
  }
  return {with_index - from.forward, rolled - with_index, forward - rolled};
}

/// What a term that is linear in the forward's move is by its parts.
void split(Lines& out, const ForwardMove& move, double term) {
  const double all = move.sum();
  if (all == 0.0) return;
  out[delta] += term * (move.spot / all);
  out[carry] += term * (move.carry / all);
  out[basis] += term * (move.basis / all);
}

Lines option_held(const Mark& from, const Mark& to) {
  const Instrument& i = from.instrument;
  const bool inverse = i.settlement == Settlement::inverse;
  const double passed = from.years - to.years;
  const risk::OptionMove move{.price = to.forward - from.forward, .vol = to.vol - from.vol, .years = passed};
  const pricing::Vanilla vanilla{.forward = Price(from.forward),
                                 .strike = Price(i.strike),
                                 .vol = Vol(from.vol),
                                 .years = Years(from.years),
                                 .type = i.option_type};
  const pricing::BlackScholes linear{.spot = Price(from.forward),
                                     .strike = Price(i.strike),
                                     .rate = 0.0,
                                     .yield = 0.0,
                                     .vol = Vol(from.vol),
                                     .years = Years(from.years),
                                     .type = i.option_type};
  const double total = to.price - from.price;
  const ForwardMove forward = forward_move(from, to.index, to.forward, passed);
  const double at_the_money = from.atm_vol > 0.0 && to.atm_vol > 0.0 ? to.atm_vol - from.atm_vol : move.vol;
  const double level = move.vol != 0.0 ? at_the_money / move.vol : 0.0;  // of the vega term
  const risk::PnlTerms t = inverse ? risk::inverse_pnl_terms(vanilla, move) : risk::pnl_terms(linear, move);

  Lines taylor{};
  split(taylor, forward, t.delta);
  taylor[gamma] = t.gamma + t.speed;
  taylor[vega] = t.vega * level;
  taylor[smile] = t.vega - taylor[vega];
  taylor[theta] = t.theta + t.charm + t.veta + t.color;
  taylor[vanna] = t.vanna + t.zomma + t.dvanna_dvol;
  taylor[volga] = t.volga + t.ultima;
  const double explained = sum(taylor);
  double size = 0.0;
  for (const double line : taylor) size += std::abs(line);
  if (std::isfinite(explained)) {
    taylor[residual] = total - explained;
    if (std::abs(taylor[residual]) <= unexplained * size) return taylor;
  }
  const risk::StepwiseExplain s =
      inverse ? risk::stepwise_explain_inverse(vanilla, move) : risk::stepwise_explain(linear, move);
  Lines stepwise{};
  if (std::isfinite(s.total) && std::isfinite(t.delta)) {
    split(stepwise, forward, t.delta);
    stepwise[gamma] = s.price - (stepwise[delta] + stepwise[carry] + stepwise[basis]);
    stepwise[vega] = s.vol * level;
    stepwise[smile] = s.vol - stepwise[vega];
    stepwise[theta] = s.time;
  }
  stepwise[residual] = total - sum(stepwise);
  return stepwise;
}

/// A future's gain as its price goes through the points: per size unit, in what it settles in.
double future_gain(const Instrument& i, double from, double to) {
  return i.settlement == Settlement::inverse && i.kind != market::Kind::spot ? 1.0 / from - 1.0 / to : to - from;
}

Lines future_path(const Mark& from, double index, double forward, double years) {
  const ForwardMove move = forward_move(from, index, forward, years);
  const Instrument& i = from.instrument;
  const bool inverse = i.settlement == Settlement::inverse && i.kind != market::Kind::spot;
  Lines l{};
  const double with_index = from.forward + move.spot;
  l[delta] = inverse ? move.spot / (from.forward * from.forward) : move.spot;
  l[gamma] = future_gain(i, from.forward, with_index) - l[delta];
  l[carry] = future_gain(i, with_index, with_index + move.carry);
  l[basis] = future_gain(i, with_index + move.carry, forward);
  return l;
}

Change in_currency(const Instrument& i, const Lines& one, double amount, const std::string& coin) {
  Change change;
  Lines& into = i.settlement_currency == coin ? change.coin : change.quote;
  for (std::size_t l = 0; l < lines; ++l) into[l] = amount * one[l];
  return change;
}

/// Lines of one currency in the other. The change of the rate between the two meets the change of equity: with a price
/// term it is second order in the price, with a vol term it is vanna, with all others it is theirs.
Lines in_other(const Lines& l, double rate_from, double rate_to) {
  Lines out{};
  for (std::size_t i = 0; i < lines; ++i) out[i] = l[i] * rate_to;
  const double move = rate_to - rate_from;
  for (const Line first : {delta, carry, basis}) out[first] -= l[first] * move, out[gamma] += l[first] * move;
  for (const Line first : {vega, smile}) out[first] -= l[first] * move, out[vanna] += l[first] * move;
  return out;
}

}  // namespace

const char* name(Line line) {
  static constexpr std::array<const char*, lines> names{
      "delta",   "gamma", "vega",  "theta", "vanna",    "volga",      "rho",        "carry",
      "funding", "basis", "smile", "fees",  "slippage", "settlement", "collateral", "residual"};
  return line < lines ? names[line] : "";
}

double sum(const Lines& l) {
  double total = 0.0;
  for (const double line : l) total += line;
  return total;
}

Lines& operator+=(Lines& l, const Lines& more) {
  for (std::size_t i = 0; i < lines; ++i) l[i] += more[i];
  return l;
}

Change& Change::operator+=(const Change& more) {
  coin += more.coin;
  quote += more.quote;
  return *this;
}

Change held(const Mark& from, const Mark& to, double amount) {
  const Instrument& i = from.instrument;
  Lines one{};
  if (i.is_option()) {
    one = option_held(from, to);
  } else {
    one = future_path(from, to.index, to.price, from.years - to.years);
    one[residual] = future_gain(i, from.price, to.price) - sum(one);
  }
  return in_currency(i, one, amount, i.underlying);
}

Change delivered(const Mark& from, double amount, double delivery, double index_at_expiry) {
  const Instrument& i = from.instrument;
  Lines one{};
  if (!i.is_option()) {
    one = future_path(from, index_at_expiry, index_at_expiry, from.years);
    one[settlement] = future_gain(i, index_at_expiry, delivery);
    one[residual] = future_gain(i, from.price, delivery) - sum(one);
    return in_currency(i, one, amount, i.underlying);
  }
  const pricing::Vanilla vanilla{.forward = Price(from.forward),
                                 .strike = Price(i.strike),
                                 .vol = Vol(from.vol),
                                 .years = Years(from.years),
                                 .type = i.option_type};
  const ForwardMove move = forward_move(from, index_at_expiry, index_at_expiry, from.years);
  const double slope =
      i.settlement == Settlement::inverse ? pricing::inverse_greeks(vanilla).dcoin_df : pricing::black_delta(vanilla);
  if (std::isfinite(slope)) split(one, move, slope * move.sum());
  // Its time is over where the forward stood; then the payoff bends.
  one[theta] = payoff(i, from.forward) - from.price;
  one[gamma] = payoff(i, index_at_expiry) - payoff(i, from.forward) - (one[delta] + one[carry] + one[basis]);
  one[settlement] = payoff(i, delivery) - payoff(i, index_at_expiry);
  one[residual] = payoff(i, delivery) - from.price - sum(one);
  return in_currency(i, one, amount, i.underlying);
}

Change traded(const Mark& mark, double amount, double price, double fee) {
  const Instrument& i = mark.instrument;
  Change change;
  Lines& into = i.settlement_currency == i.underlying ? change.coin : change.quote;
  into[slippage] = amount * (i.is_option() ? mark.price - price : future_gain(i, price, mark.price));
  into[fees] = -fee;
  return change;
}

Attribution attribution(const Change& change, const Equity& before, double index_from, double index_to) {
  Attribution both;
  both.coin = in_other(change.quote, 1.0 / index_from, 1.0 / index_to);
  both.coin += change.coin;
  both.coin[collateral] += before.quote * (1.0 / index_to - 1.0 / index_from);
  both.usd = in_other(change.coin, index_from, index_to);
  both.usd += change.quote;
  both.usd[collateral] += before.coin * (index_to - index_from);
  return both;
}

}  // namespace ballast::sim
