#include "ballast/hedge/ladder.h"

#include <algorithm>
#include <cmath>
#include <span>

#include <fmt/format.h>

#include "ballast/base/text.h"
#include "ballast/math/elementary.h"

namespace ballast::hedge {
namespace {

using market::Instrument;
using market::Level;
using market::Quote;
using market::Settlement;
using market::SizeUnit;

/// The prices and units that both sides share.
struct Market {
  const Instrument& instrument;
  Price index;
  double mid;        ///< quote unit
  double reference;  ///< quote unit: what the collar is laid around
  double collar;     ///< quote unit, may be infinite
  double usd;        ///< USD in one quote unit of price

  bool usd_sized() const { return instrument.size_unit() == SizeUnit::usd; }

  double coin_usd() const { return instrument.is_option() ? index.value : mid; }

  /// USD per size unit that a price loses against the middle; >= 0 on its own side.
  double spread(double price, bool buy) const {
    const double away = buy ? price - mid : mid - price;
    return usd_sized() ? away / price : away * usd;
  }
  /// The price that loses so much: the inverse of spread().
  double price_at(double spread, bool buy) const {
    if (usd_sized()) return mid / (buy ? 1.0 - spread : 1.0 + spread);
    return buy ? mid + spread / usd : mid - spread / usd;
  }
  double fee(double price) const { return taker_fee(instrument, index, price); }
  /// What is lost at the collar; without one, at a price of 0 or infinity.
  double worst_spread(bool buy) const {
    constexpr double infinite = std::numeric_limits<double>::infinity();
    if (const double price = limit(buy); price > 0.0 && price < infinite) return spread(price, buy);
    if (usd_sized()) return buy ? 1.0 : infinite;
    return buy ? infinite : mid * usd;
  }
  double limit(bool buy) const { return buy ? reference + collar : reference - collar; }
  bool within(double price, bool buy) const { return buy ? price <= limit(buy) : price >= limit(buy); }
};

struct SideOfCurve {
  std::vector<CostPiece> pieces;
  double shown = 0.0;
  bool size = false, book = false;
  CurveEnd end = CurveEnd::depth;
};

void add(const Market& m, double amount, double spread, double impact, double price, SideOfCurve& side) {
  if (!(amount > 0.0)) return;
  const double fee = m.fee(price);
  double per_unit = spread + impact + fee;  // USD per size unit
  // Prices that worsen cost more whatever the fee; a rounding of the last bit must not say otherwise.
  if (!side.pieces.empty()) per_unit = std::max(per_unit, side.pieces.back().per_unit);
  side.pieces.push_back({amount, per_unit, price, fee, impact});
}

Error not_in_order(const Instrument& instrument, bool buy, const Level& level) {
  return {Fault::not_believable, fmt::format("{}: the {} {} x {} is out of order or not positive", instrument.name,
                                             buy ? "ask" : "bid", shortest(level.price), shortest(level.amount))};
}

/// The displayed levels within the collar, as pieces; says whether the collar or the share ended them.
Result<SideOfCurve> shown_side(const Market& m, const Quote& quote, bool buy, const CostRules& rules) {
  SideOfCurve side;
  const double best = buy ? *quote.ask : *quote.bid;
  const auto best_amount = buy ? quote.ask_amount : quote.bid_amount;
  const Level top{best, best_amount.value_or(0.0)};
  std::span<const Level> levels = buy ? quote.asks : quote.bids;
  side.book = !levels.empty();
  if (levels.empty() && best_amount) levels = {&top, 1};
  side.size = !levels.empty();
  double before = m.mid, depth = 0.0;
  std::size_t usable = 0;
  for (const Level& level : levels) {
    const bool ordered = buy ? level.price > before : level.price < before;
    if (!(ordered && level.price > 0.0 && level.amount > 0.0 && std::isfinite(level.price) &&
          std::isfinite(level.amount))) {
      return not_in_order(m.instrument, buy, level);
    }
    before = level.price;
    if (side.end == CurveEnd::collar || !m.within(level.price, buy)) {
      side.end = CurveEnd::collar;
      continue;
    }
    depth += rules.believed * level.amount;
    ++usable;
  }
  if (!side.size && !m.within(best, buy)) side.end = CurveEnd::collar;
  const double most = rules.share < 1.0 ? rules.share * depth : depth;
  side.pieces.reserve(usable);
  for (std::size_t i = 0; i < usable; ++i) {
    const Level& level = levels[i];
    const double amount = std::min(rules.believed * level.amount, most - side.shown);
    if (!(amount > 0.0)) break;
    add(m, amount, m.spread(level.price, buy), 0.0, level.price, side);
    side.shown += amount;
  }
  if (rules.share < 1.0) side.end = CurveEnd::share;
  return side;
}

const AssumedMarket& assumed(const Instrument& instrument, const ImpactRules& rules) {
  if (instrument.is_option()) return rules.option;
  return instrument.kind == market::Kind::future ? rules.future : rules.perpetual;
}

/// Size units in so many USD of the underlying.
double amount_of_usd(const Market& m, double usd) { return m.usd_sized() ? usd : usd / m.coin_usd(); }

double daily_volume(const Market& m, const Quote& quote, const ImpactRules& rules) {
  if (rules.daily_volume) return *rules.daily_volume;
  const AssumedMarket& a = assumed(m.instrument, rules);
  const double day = amount_of_usd(m, a.day_usd);
  if (!quote.open_interest || !(*quote.open_interest > 0.0)) return day;
  const double turned = *quote.open_interest * a.turnover;
  // A strike that hardly anybody holds is quoted all the same, by those who trade its neighbours.
  return m.instrument.is_option() ? std::max(turned, day) : turned;
}

/// k of the law: USD that a size unit costs more, by sqrt of the size.
double impact_by_root(const Market& m, const Quote& quote, const risk::Valuation& unit, const ImpactRules& rules) {
  const double volume = daily_volume(m, quote, rules), day = 1.0 / std::sqrt(365.0);
  if (!m.instrument.is_option()) {
    return rules.factor * rules.vol.value * day * (m.usd_sized() ? 1.0 : m.mid) / std::sqrt(volume);
  }
  if (unit.years.value <= 0.0) return 0.0;
  // Who fills it sheds the delta in the perpetual, |delta| coins for a coin; what is left to move is the vol.
  const double delta = std::abs(unit.black_delta), coins_a_day = rules.perpetual.day_usd / m.coin_usd();
  const double vol_move = rules.vol_move * unit.vol.value * std::sqrt(30.0 / (365.0 * unit.years.value));
  return rules.factor * (std::abs(unit.vega) * vol_move / std::sqrt(volume) +
                         delta * unit.forward.value * unit.vol.value * day * std::sqrt(delta / coins_a_day));
}

/// Beyond what is shown: the dearer of the last shown price and the model's marginal cost, half + 1.5 k sqrt(x), in
/// secants of the model's cost half·x + k·x^1.5. x counts the whole trade: impact is of all of it.
void model_side(const Market& m, const Quote& quote, const risk::Valuation& unit, bool buy, const ImpactRules& rules,
                SideOfCurve& side) {
  const double best = buy ? *quote.ask : *quote.bid, half = m.spread(best, buy);
  const double last_price = side.pieces.empty() ? best : side.pieces.back().price, last = m.spread(last_price, buy);
  const double k = impact_by_root(m, quote, unit, rules);
  const auto reach = [&](double marginal) {  // the amount at which the model costs that much a unit
    if (!(marginal > half)) return 0.0;
    const double root = (marginal - half) / (1.5 * k);  // infinite where nothing moves the price
    return root * root;
  };
  // Up to here the last shown price holds, or the best one for what is assumed to stand there.
  const double shown = side.shown;
  const double flat = side.size ? shown : amount_of_usd(m, assumed(m.instrument, rules).best_usd);
  double end = rules.participation * daily_volume(m, quote, rules);
  side.end = CurveEnd::participation;
  if (const double at_limit = reach(m.worst_spread(buy)); at_limit < end) {
    end = at_limit;
    side.end = CurveEnd::collar;
  }
  end = std::max(end, flat);
  if (!(end > shown)) return;
  const double start = std::min(std::max(flat, reach(last)), end);
  add(m, start - shown, last, 0.0, last_price, side);
  if (!(end > start)) return;
  const double growth = math::log_ratio(end, start) / (2.0 * rules.pieces);  // of sqrt(x), from piece to piece
  double a = std::sqrt(start);
  for (int i = 1; i <= rules.pieces; ++i) {
    const double b = i == rules.pieces ? std::sqrt(end) : std::sqrt(start) * math::exp(growth * i);
    // (k b³ - k a³)/(b² - a²), without the cancelling factor b - a
    const double slope = k * (a * a + a * b + b * b) / (a + b);
    const double spread = std::max(half + slope, last);
    add(m, (b - a) * (b + a), last, spread - last, m.price_at(spread, buy), side);
    a = b;
  }
}

Result<SideOfCurve> side_of(const Market& m, const Quote& quote, const risk::Valuation& unit, bool buy,
                            const CostRules& rules) {
  auto side = shown_side(m, quote, buy, rules);
  if (!side || !rules.impact || side.value().end != CurveEnd::depth) return side;
  SideOfCurve curve = std::move(side).value();
  model_side(m, quote, unit, buy, *rules.impact, curve);
  return curve;
}

std::optional<Error> fault_of(const CostRules& rules) {
  const auto bad = [](const char* rule, double value) {
    return Error{Fault::bad_input, fmt::format("cost rules: {} is {}", rule, shortest(value))};
  };
  const auto fraction = [](double x) { return x > 0.0 && x <= 1.0; };
  const auto positive = [](double x) { return x > 0.0 && std::isfinite(x); };
  if (!fraction(rules.believed)) return bad("believed", rules.believed);
  if (!fraction(rules.share)) return bad("share", rules.share);
  if (!(rules.future_collar > 0.0)) return bad("future_collar", rules.future_collar);
  if (!(rules.option_collar > 0.0)) return bad("option_collar", rules.option_collar);
  if (!rules.impact) return std::nullopt;
  const ImpactRules& i = *rules.impact;
  if (!positive(i.factor)) return bad("impact.factor", i.factor);
  if (!positive(i.vol.value)) return bad("impact.vol", i.vol.value);
  if (!positive(i.vol_move)) return bad("impact.vol_move", i.vol_move);
  if (i.daily_volume && !positive(*i.daily_volume)) return bad("impact.daily_volume", *i.daily_volume);
  for (const AssumedMarket& a : {i.perpetual, i.future, i.option}) {
    if (!positive(a.best_usd)) return bad("an assumed best_usd", a.best_usd);
    if (!positive(a.turnover)) return bad("an assumed turnover", a.turnover);
    if (!positive(a.day_usd)) return bad("an assumed day_usd", a.day_usd);
  }
  if (!fraction(i.participation)) return bad("impact.participation", i.participation);
  if (i.pieces < 1 || i.pieces > 256) return bad("impact.pieces", i.pieces);
  return std::nullopt;
}

double total(const std::vector<CostPiece>& pieces) {
  double sum = 0.0;
  for (const CostPiece& piece : pieces) sum += piece.amount;
  return sum;
}

/// Calls visit(piece, taken) for the pieces that |amount| uses, the first always; the value is what was taken. Sums run
/// as in total(), so that all of a side is exactly all of it.
template <class Visit>
double walk(const std::vector<CostPiece>& pieces, double size, Visit visit) {
  double done = 0.0;
  for (const CostPiece& piece : pieces) {
    const double next = done + piece.amount;
    if (size <= next) {
      visit(piece, size - done);
      return size;
    }
    visit(piece, piece.amount);
    done = next;
  }
  return done;
}

}  // namespace

const char* name(CurveEnd end) {
  switch (end) {
    case CurveEnd::depth: return "depth";
    case CurveEnd::share: return "share";
    case CurveEnd::collar: return "collar";
    case CurveEnd::participation: return "participation";
  }
  return "";
}

double taker_fee(const Instrument& instrument, Price index, double price) {
  const double rate = instrument.fees.taker, cap = instrument.fees.cap;
  if (!instrument.is_option()) return instrument.size_unit() == SizeUnit::usd ? rate : rate * price;
  const bool inverse = instrument.settlement == Settlement::inverse;
  const double uncapped = inverse ? rate : rate * index.value;
  return (cap > 0.0 ? std::min(uncapped, cap * price) : uncapped) * (inverse ? index.value : 1.0);
}

double CostCurve::most_buy() const { return total(buy); }
double CostCurve::most_sell() const { return total(sell); }

Result<CostCurve> cost_curve(const Instrument& instrument, const Quote* quote, const risk::Valuation& unit,
                             const CostRules& rules) {
  if (auto fault = fault_of(rules)) return *fault;
  if (quote == nullptr || !quote->bid || !quote->ask) {
    return Error{Fault::missing_data, instrument.name + ": no two-sided quote, so its spread is not known"};
  }
  const double bid = *quote->bid, ask = *quote->ask;
  if (!(bid > 0.0 && ask > bid && std::isfinite(ask))) {
    return Error{Fault::not_believable,
                 fmt::format("{}: bid {} and ask {}", instrument.name, shortest(bid), shortest(ask))};
  }
  const double rate = instrument.fees.taker, cap = instrument.fees.cap;
  if (!(std::abs(rate) < 1.0 && cap >= 0.0 && cap < 1.0)) {
    return Error{Fault::not_believable,
                 fmt::format("{}: a taker fee of {} with a cap of {}", instrument.name, shortest(rate), shortest(cap))};
  }
  const bool option = instrument.is_option();
  Market m{.instrument = instrument, .index = unit.index, .mid = 0.5 * (bid + ask)};
  m.usd = option && instrument.settlement == Settlement::inverse ? m.index.value : 1.0;
  if (option && !(std::isfinite(m.index.value) && m.index.value > 0.0)) {
    return Error{Fault::missing_data, fmt::format("{}: its index is {}", instrument.name, shortest(m.index.value))};
  }
  if (rules.impact && !std::isfinite(impact_by_root(m, *quote, unit, *rules.impact))) {
    return Error{Fault::missing_data,
                 fmt::format("{}: no impact with vol {}, delta {} and vega {}", instrument.name,
                             shortest(unit.vol.value), shortest(unit.black_delta), shortest(unit.vega))};
  }
  m.reference = unit.price > 0.0 ? unit.price : m.mid;
  m.collar = std::max((option ? rules.option_collar : rules.future_collar) * m.reference,
                      3.0 * instrument.ticks.at(m.reference));
  auto buy = side_of(m, *quote, unit, true, rules);
  if (!buy) return buy.error();
  auto sell = side_of(m, *quote, unit, false, rules);
  if (!sell) return sell.error();
  SideOfCurve b = std::move(buy).value(), s = std::move(sell).value();
  if (!b.pieces.empty() && !s.pieces.empty() && b.pieces[0].per_unit + s.pieces[0].per_unit < 0.0) {
    return Error{Fault::not_believable,
                 fmt::format("{}: a taker fee of {} pays more than the spread costs", instrument.name, shortest(rate))};
  }
  return CostCurve{.buy = std::move(b.pieces),
                   .sell = std::move(s.pieces),
                   .shown_buy = b.shown,
                   .shown_sell = s.shown,
                   .size_buy = b.size,
                   .size_sell = s.size,
                   .book_buy = b.book,
                   .book_sell = s.book,
                   .buy_end = b.end,
                   .sell_end = s.end,
                   .mid = m.mid,
                   .unit = instrument.size_unit(),
                   .as_of = quote->sent};
}

double cost(const CostCurve& curve, double amount) {
  if (std::isnan(amount)) return amount;
  const double size = std::abs(amount);
  if (size == 0.0) return 0.0;
  double sum = 0.0;
  const double filled = walk(amount > 0.0 ? curve.buy : curve.sell, size,
                             [&](const CostPiece& piece, double taken) { sum += piece.per_unit * taken; });
  return filled < size ? std::numeric_limits<double>::infinity() : sum;
}

Fill fill(const CostCurve& curve, double amount) {
  Fill f{.asked = amount, .as_of = curve.as_of};
  const double size = std::abs(amount), sign = amount < 0.0 ? -1.0 : 1.0;
  const bool usd_sized = curve.unit == SizeUnit::usd;
  if (!(size > 0.0)) {
    f.complete = size == 0.0;
    return f;
  }
  double spread = 0.0, impact = 0.0, fee = 0.0, sum = 0.0;
  const double filled = walk(amount > 0.0 ? curve.buy : curve.sell, size, [&](const CostPiece& piece, double taken) {
    spread += (piece.per_unit - piece.fee - piece.impact) * taken;
    impact += piece.impact * taken;
    fee += piece.fee * taken;
    sum += usd_sized ? taken / piece.price : taken * piece.price;
    f.marginal_price = piece.price;
  });
  f.filled = sign * filled;
  if (filled > 0.0) {
    // One price is its own mean, to the last bit.
    const double first = (amount > 0.0 ? curve.buy : curve.sell).front().price;
    f.average_price = f.marginal_price == first ? first : usd_sized ? filled / sum : sum / filled;
  }
  f.spread = Usd(spread);
  f.impact = Usd(impact);
  f.fee = Usd(fee);
  f.shown = std::min(filled, amount > 0.0 ? curve.shown_buy : curve.shown_sell);
  f.complete = filled == size;
  return f;
}

}  // namespace ballast::hedge
