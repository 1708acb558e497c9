#include "ballast/sim/backtest.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace ballast::sim {
namespace {

using market::Event;
using market::Instrument;

/// An account that does not close to this, in coin, is a bug or a broken input: nothing after it is worth reading.
constexpr double closes = 1e-9;

constexpr double kept_index_s = 2.0 * 3600.0;  // the 30 minutes of a delivery, and room

constexpr std::int64_t day_ms = 86'400'000, settlement_ms = 8 * 3'600'000;  // 08:00 UTC: deribit 1.4

/// One instant of one rule, in the order that backtest.h says.
class Advance {
 public:
  Advance(const Run& run, const Rule& rule, RuleState& state, const Instant& now, std::vector<Told>* told)
      : run_(run), rule_(rule), state_(state), now_(now), told_(told), at_(now.snapshot.as_of) {}

  Result<Row> row() {
    row_.at = at_;
    if (auto fault = elapse()) return *fault;
    events_.push_back({at_, market::ChainSeen{now_.snapshot}});
    // What was sent earlier arrives first, then the book does its business, then the desk looks.
    if (auto fault = venue()) return *fault;
    if (auto fault = business()) return *fault;
    if (auto fault = hedge()) return *fault;
    return close();
  }

 private:
  std::set<std::string> held_names() const {
    std::set<std::string> names;
    for (const auto& [name, holding] : state_.ledger.holdings) names.insert(name);
    return names;
  }

  Equity equity_at(const Marks& marks) const {
    return equity(state_.ledger, run_.underlying, [&](const std::string& name) {
      const Mark& mark = marks.of.at(name);
      return std::pair{&mark.instrument, mark.price};
    });
  }

  /// Everything between the last instant and this one.
  std::optional<Error> elapse() {
    if (!state_.begun) {
      auto first = marks(now_, run_.underlying, {}, {});
      if (!first) return first.error();
      state_.marks = std::move(first).value();
      state_.ledger.cash[run_.underlying] = run_.equity;
      state_.before = equity_at(state_.marks);
      state_.index = {{at_, state_.marks.index}};
      row_.index = state_.marks.index;
      return std::nullopt;
    }
    if (!(at_ > state_.marks.at)) {
      return Error{Fault::bad_input,
                   fmt::format("an instant of {} after one of {}", to_string(at_), to_string(state_.marks.at))};
    }
    const auto index = now_.snapshot.indices.find(run_.underlying);
    if (index == now_.snapshot.indices.end()) {
      return Error{Fault::missing_data, fmt::format("no index of {} at {}", run_.underlying, to_string(at_))};
    }
    row_.index = index->second.price;
    state_.index.push_back({at_, row_.index});
    pay_funding();
    if (auto fault = deliver_expired()) return fault;
    auto found = marks(now_, run_.underlying, held_names(), state_.marks);
    if (!found) return found.error();
    Marks marked = std::move(found).value();
    for (const auto& [name, mark] : marked.of) {
      change_ += held(state_.marks.of.at(name), mark, state_.ledger.holdings.at(name).amount);
      row_.modelled_marks += mark.modelled ? 1 : 0;
    }
    row_.change = attribution(change_, state_.before, state_.marks.index, row_.index);
    settle_daily(marked);
    state_.marks = std::move(marked);
    forget_index();
    return std::nullopt;
  }

  void pay_funding() {
    for (const auto& [name, holding] : std::map<std::string, Holding>(state_.ledger.holdings)) {
      const Mark& mark = state_.marks.of.at(name);
      if (mark.instrument.kind != market::Kind::perpetual) continue;
      const auto quote = state_.desk.market.quotes.find(name);
      if (quote == state_.desk.market.quotes.end()) continue;
      const auto rate = funding_rate(run_.venue, quote->second);
      if (!rate) continue;
      const double coins =
          mark.instrument.size_unit() == market::SizeUnit::usd ? holding.amount / mark.price : holding.amount;
      auto event = fund(state_.ledger, mark.instrument, coins, *rate, mark.price, state_.marks.at, at_);
      if (!event) continue;
      const double cash = std::get<market::Funded>(event->what).cash;
      (mark.instrument.settlement_currency == run_.underlying ? change_.coin : change_.quote)[funding] += cash;
      events_.push_back(std::move(*event));
    }
  }

  std::optional<Error> deliver_expired() {
    std::vector<std::pair<Time, std::string>> expired;
    for (const auto& [name, holding] : state_.ledger.holdings) {
      const Instrument& i = state_.marks.of.at(name).instrument;
      if (i.expiry <= at_) expired.emplace_back(i.expiry, name);
    }
    std::sort(expired.begin(), expired.end());
    std::vector<Event> deliveries;
    for (const auto& [expiry, name] : expired) {
      const Mark& mark = state_.marks.of.at(name);
      const auto price = delivery_price(state_.index, expiry);
      if (!price) return in(name, price.error());
      const auto spot = index_at(state_.index, expiry);
      if (!spot) return in(name, spot.error());
      const double amount = state_.ledger.holdings.at(name).amount;
      const double fee = delivery_fee(run_.venue, mark.instrument, amount, price.value());
      change_ += delivered(mark, amount, price.value(), spot.value());
      (mark.instrument.settlement_currency == run_.underlying ? change_.coin : change_.quote)[fees] -= fee;
      const double cash = deliver(state_.ledger, mark.instrument, price.value(), fee);
      deliveries.push_back(
          {expiry, market::Delivered{.instrument = name, .price = price.value(), .amount = amount, .cash = cash}});
      forget(state_.book, name);
      ++row_.deliveries;
    }
    // Told in the order of time: deliveries were before what this instant brings.
    events_.insert(events_.begin(), deliveries.begin(), deliveries.end());
    return std::nullopt;
  }

  void settle_daily(const Marks& marked) {
    const auto day = [](Time t) { return (t.ms - settlement_ms) / day_ms; };
    if (day(state_.marks.at) == day(at_)) return;
    for (const auto& [name, mark] : marked.of) settle(state_.ledger, mark.instrument, mark.price);
  }

  void forget_index() {
    const auto young = std::find_if(state_.index.begin(), state_.index.end(),
                                    [&](const IndexPoint& p) { return seconds_between(p.at, at_) <= kept_index_s; });
    const auto first = young == state_.index.begin() ? young : young - 1;
    state_.index.erase(state_.index.begin(), first);
  }

  /// The mark of what is traded now: it may not have been held.
  Result<Mark> mark_of(const std::string& name) {
    const auto known = state_.marks.of.find(name);
    if (known != state_.marks.of.end()) return known->second;
    auto found = marks(now_, run_.underlying, {name}, state_.marks);
    if (!found) return found.error();
    return state_.marks.of.emplace(name, std::move(found).value().of.at(name)).first->second;
  }

  std::optional<Error> count_trade(const std::string& name, double amount, double price, double fee) {
    const auto mark = mark_of(name);
    if (!mark) return mark.error();
    const Change cost = traded(mark.value(), amount, price, fee);
    const Attribution both = attribution(cost, {}, row_.index, row_.index);
    row_.change.coin += both.coin;
    row_.change.usd += both.usd;
    return std::nullopt;
  }

  /// A fill of a hedge: its costs and its turnover.
  std::optional<Error> count_hedge(const market::Traded& t) {
    if (auto fault = count_trade(t.instrument, t.amount, t.price, t.fee)) return fault;
    const Instrument& i = state_.marks.of.at(t.instrument).instrument;
    row_.turnover_usd += std::abs(t.amount) * (i.size_unit() == market::SizeUnit::usd ? 1.0
                                               : i.is_option()                        ? row_.index
                                                                                      : t.price);
    ++row_.fills;
    return std::nullopt;
  }

  std::optional<Error> venue() {
    auto filled = fill(run_.venue, state_.venue, state_.ledger, now_);
    if (!filled) return filled.error();
    for (const Event& event : filled.value()) {
      if (const auto* t = std::get_if<market::Traded>(&event.what)) {
        if (auto fault = count_hedge(*t)) return fault;
      } else if (const auto* c = std::get_if<market::TicketClosed>(&event.what)) {
        row_.unfilled += c->unfilled != 0.0 ? 1 : 0;
      }
    }
    events_.insert(events_.end(), filled.value().begin(), filled.value().end());
    return std::nullopt;
  }

  std::optional<Error> business() {
    const auto done = trades(run_.book, state_.book, run_.underlying, now_.snapshot, now_.chain);
    if (!done) return done.error();
    for (const BookTrade& t : done.value()) {
      const auto traded = book(t);
      if (!traded) return traded.error();
      const market::Traded& one = traded.value();
      if (auto fault = count_trade(one.instrument, one.amount, one.price, one.fee)) return fault;
    }
    return std::nullopt;
  }

  /// A trade at its own price and the venue's taker fee, in the ledger and told.
  Result<market::Traded> book(const BookTrade& t) {
    const auto mark = mark_of(t.instrument);
    if (!mark) return mark.error();
    const Instrument& i = mark.value().instrument;
    // Per size unit, in USD; what settles in the coin pays it in coin.
    const double in_coin = i.settlement_currency == i.underlying ? row_.index : 1.0;
    const double rate = hedge::taker_fee(i, Price(row_.index), t.price);
    // What is there from the start was paid for before.
    const double fee_scale = std::holds_alternative<HeldBook>(run_.book) ? 0.0 : run_.venue.fee_scale;
    const double fee = fee_scale * std::abs(t.amount) * rate / in_coin;
    if (auto fault = trade(state_.ledger, i, t.amount, t.price, fee)) return *fault;
    const market::Traded traded{.instrument = t.instrument, .amount = t.amount, .price = t.price, .fee = fee};
    events_.push_back({at_, traded});
    return traded;
  }

  /// The recorded hedges since the last instant; before the first one all of them.
  std::optional<Error> recorded() {
    auto next = rule_.recorded.begin();
    if (state_.begun) {
      next = std::upper_bound(next, rule_.recorded.end(), last_at_,
                              [](Time t, const BookTrade& trade) { return t < trade.at; });
    }
    for (; next != rule_.recorded.end() && next->at <= at_; ++next) {
      if (!now_.snapshot.instruments.contains(next->instrument)) {
        return Error{Fault::missing_data, fmt::format("recorded hedge: {}, traded at {}, is not listed at {}",
                                                      next->instrument, to_string(next->at), to_string(at_))};
      }
      const auto traded = book(*next);
      if (!traded) return traded.error();
      if (auto fault = count_hedge(traded.value())) return fault;
    }
    return std::nullopt;
  }

  /// The events so far to the desk.
  Result<Told> tell() {
    Told told{.events = std::exchange(events_, {}), .tickets = {}, .answers = {}};
    if (auto fault = desk::step(rule_.desk, state_.desk, told.events, told.tickets, told.answers)) return *fault;
    if (told_ != nullptr) told_->push_back(told);
    return told;
  }

  std::optional<Error> hedge() {
    if (auto fault = recorded()) return fault;
    market::Account account{.currency = run_.underlying};
    account.equity = equity_at(state_.marks).coin;
    events_.push_back({at_, market::AccountSeen{std::move(account)}});
    // Realised profit of linear instruments: in coin it is a position that the desk says it does not count.
    for (const auto& [currency, cash] : state_.ledger.cash) {
      if (currency == run_.underlying || cash == 0.0) continue;
      events_.push_back({at_, market::AccountSeen{{.currency = currency, .equity = cash}}});
    }
    const bool due = !state_.begun || seconds_between(state_.last_due, at_) >= run_.hedge_every_s;
    if (rule_.hedges && rule_.recorded.empty() && due) {
      state_.last_due = at_;
      events_.push_back({at_, market::HedgeDue{}});
    }
    const auto said = tell();
    if (!said) return said.error();
    for (const desk::Answer& a : said.value().answers) {
      row_.quality = std::max(row_.quality, a.quality);
      row_.why = a.why;
      if (a.quality == desk::Quality::refused && !a.reasons.empty()) row_.why = "refused: " + a.reasons.front();
      if (a.underlying != run_.underlying) continue;
      row_.delta_before = a.before, row_.delta_after = a.after, row_.half_width = a.half_width;
      row_.gamma = a.gamma, row_.vega = a.vega;
    }
    const std::vector<market::Ticket>& tickets = said.value().tickets;
    row_.tickets = static_cast<int>(tickets.size());
    state_.venue.resting.insert(state_.venue.resting.end(), tickets.begin(), tickets.end());
    if (auto fault = venue()) return fault;
    if (events_.empty()) return std::nullopt;
    const auto heard = tell();
    return heard ? std::nullopt : std::optional(heard.error());
  }

  Result<Row> close() {
    row_.equity = equity_at(state_.marks);
    const double index = row_.index, last = index_before();
    const double coin = state_.before.in_coin(last), usd = state_.before.in_usd(last);
    row_.gap_coin = row_.equity.in_coin(index) - coin - sum(row_.change.coin);
    row_.gap_usd = row_.equity.in_usd(index) - usd - sum(row_.change.usd);
    if (!(std::abs(row_.gap_coin) <= closes)) {
      return Error{Fault::not_believable, fmt::format("{}: the account changed by {} more than its lines at {}",
                                                      rule_.name, row_.gap_coin, to_string(at_))};
    }
    // What was traded away is not held any more.
    std::erase_if(state_.marks.of, [&](const auto& m) { return !state_.ledger.holdings.contains(m.first); });
    state_.before = row_.equity;
    state_.begun = true;
    return row_;
  }

  double index_before() const { return state_.begun ? last_index_ : row_.index; }

  const Run& run_;
  const Rule& rule_;
  RuleState& state_;
  const Instant& now_;
  std::vector<Told>* told_;
  Time at_;
  double last_index_ = state_.marks.index;
  Time last_at_ = state_.marks.at;
  Change change_;
  std::vector<Event> events_;
  Row row_;
};

}  // namespace

Result<Row> advance(const Run& run, const Rule& rule, RuleState& state, const Instant& now, std::vector<Told>* told) {
  return Advance(run, rule, state, now, told).row();
}

}  // namespace ballast::sim
