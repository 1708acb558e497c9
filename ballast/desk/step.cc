#include "ballast/desk/step.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "ballast/desk/candidates.h"

namespace ballast::desk {
namespace {

using market::Event;
using market::Ticket;

constexpr double least_limit_ticks = 3.0;  // docs/safety.md: three ticks are always within a collar

/// Sums of lots come apart by rounding: what is left under this share of a lot is nothing.
constexpr double nothing_of_a_lot = 1e-6;

class Applying {
 public:
  Applying(const StepConfig& config, State& state, std::vector<Ticket>& out, std::vector<Answer>& answers)
      : config_(config), state_(state), out_(out), answers_(answers) {}

  std::optional<Error> operator()(const market::ChainSeen& seen) {
    market::Snapshot& market = state_.market;
    // The rule is used strictly after what it learned from: the chain before this one.
    if (config_.learn && !market.quotes.empty()) {
      if (auto fault = learn(state_.learning, market, config_.moves, config_.adaptive)) return fault;
    }
    market.as_of = seen.snapshot.as_of;
    for (const auto& [name, instrument] : seen.snapshot.instruments)
      market.instruments.insert_or_assign(name, instrument);
    market.quotes = seen.snapshot.quotes;
    market.indices = seen.snapshot.indices;
    market.dropped = seen.snapshot.dropped;
    forget_expired();
    return std::nullopt;
  }

  std::optional<Error> operator()(const market::QuoteSeen& seen) {
    if (!state_.market.instruments.contains(seen.quote.instrument)) return unknown("a quote", seen.quote.instrument);
    state_.market.quotes.insert_or_assign(seen.quote.instrument, seen.quote);
    return std::nullopt;
  }

  std::optional<Error> operator()(const market::InstrumentListed& listed) {
    state_.market.instruments.insert_or_assign(listed.instrument.name, listed.instrument);
    return std::nullopt;
  }

  std::optional<Error> operator()(const market::IndexSeen& seen) {
    state_.market.indices.insert_or_assign(seen.underlying, seen.index);
    return std::nullopt;
  }

  std::optional<Error> operator()(const market::Traded& traded) {
    const auto found = state_.market.instruments.find(traded.instrument);
    if (found == state_.market.instruments.end()) return unknown("a trade", traded.instrument);
    if (!std::isfinite(traded.amount) || traded.amount == 0.0 || !std::isfinite(traded.price)) {
      return Error{Fault::bad_input,
                   fmt::format("{}: a trade of {} at {}", traded.instrument, traded.amount, traded.price)};
    }
    add(found->second, traded.amount, traded.price);
    // A hedge is one when it is filled: a ticket that found nobody is no trade to wait after.
    const auto index = state_.market.indices.find(found->second.underlying);
    if (traded.ticket && index != state_.market.indices.end()) {
      state_.memory.anchors[found->second.underlying] = {state_.now, index->second.price};
    }
    return std::nullopt;
  }

  std::optional<Error> operator()(const market::TicketClosed& closed) {
    const auto found = std::find_if(state_.working.begin(), state_.working.end(),
                                    [&](const Ticket& t) { return t.id == closed.ticket; });
    if (found == state_.working.end()) {
      return Error{Fault::bad_input, fmt::format("ticket {} is closed and does not work", closed.ticket)};
    }
    state_.working.erase(found);
    return std::nullopt;
  }

  std::optional<Error> operator()(const market::Delivered& delivered) {
    auto& positions = state_.portfolio.positions;
    const auto held = position_of(delivered.instrument);
    const auto instrument = state_.market.instruments.find(delivered.instrument);
    if (held == positions.end() || instrument == state_.market.instruments.end()) {
      return unknown("a delivery", delivered.instrument);
    }
    if (std::abs(held->quantity - delivered.amount) > nothing_of_a_lot * instrument->second.lot) {
      return Error{Fault::bad_input, fmt::format("{}: {} are delivered, {} are held", delivered.instrument,
                                                 delivered.amount, held->quantity)};
    }
    positions.erase(held);
    state_.market.quotes.erase(delivered.instrument);
    return std::nullopt;
  }

  std::optional<Error> operator()(const market::Funded&) { return std::nullopt; }  // the account says what it came to

  std::optional<Error> operator()(const market::AccountSeen& seen) {
    state_.portfolio.accounts.insert_or_assign(seen.account.currency, seen.account);
    return std::nullopt;
  }

  std::optional<Error> operator()(const market::HedgeDue&) {
    answer();
    return std::nullopt;
  }

 private:
  static Error unknown(const char* what, const std::string& instrument) {
    return {Fault::bad_input, fmt::format("{} of '{}', which is not known here", what, instrument)};
  }

  std::vector<market::Position>::iterator position_of(const std::string& instrument) {
    return std::find_if(state_.portfolio.positions.begin(), state_.portfolio.positions.end(),
                        [&](const market::Position& p) { return p.instrument == instrument; });
  }

  void add(const market::Instrument& instrument, double amount, double price) {
    auto& positions = state_.portfolio.positions;
    const auto held = position_of(instrument.name);
    if (held == positions.end()) {
      positions.push_back({.venue = "deribit",
                           .instrument = instrument.name,
                           .quantity = amount,
                           .unit = instrument.size_unit(),
                           .average_price = price,
                           .where = "traded"});
      return;
    }
    const double before = held->quantity, after = before + amount;
    if (std::abs(after) <= nothing_of_a_lot * instrument.lot) {
      positions.erase(held);
      return;
    }
    if (held->average_price && before * amount > 0.0) {
      // Inverse futures by size over price, the harmonic mean; all others by size.
      const bool harmonic = instrument.size_unit() == market::SizeUnit::usd;
      const double mean = *held->average_price;
      held->average_price =
          harmonic ? after / (before / mean + amount / price) : (before * mean + amount * price) / after;
    } else if (before * after < 0.0) {
      held->average_price = price;
    }
    held->quantity = after;
  }

  /// Names that have expired and that nobody holds: a chain a day for a year would keep 100,000 of them.
  void forget_expired() {
    std::erase_if(state_.market.instruments, [&](const auto& entry) {
      return entry.second.expiry <= state_.now && position_of(entry.first) == state_.portfolio.positions.end();
    });
  }

  void say(Answer answer) {
    answer.at = state_.now;
    answers_.push_back(std::move(answer));
  }

  void answer() {
    if (!state_.working.empty()) {
      say({.quality = Quality::ok, .why = fmt::format("waits for ticket {}", state_.working.front().id)});
      return;
    }
    if (state_.portfolio.positions.empty()) {
      say({.quality = Quality::ok, .why = "the book has no positions"});
      return;
    }
    market::Snapshot market = state_.market;
    market.as_of = state_.now;
    Config config = config_.decide;
    if (config_.learn && config.dynamics) {
      config.dynamics->learned = state_.learning.learned;
      if (state_.learning.learned.empty()) config.dynamics.reset();  // nothing learned yet: net delta
    }
    if (config.problem) add_candidates(*config.problem, market);
    ++state_.decisions;
    Decision decision = decide(config, std::move(market), state_.portfolio, state_.memory);
    if (decision.smiles) {
      for (auto& [index, surface] : decision.smiles->surfaces) state_.memory.surfaces[index] = surface;
      for (auto& [index, fitted] : decision.smiles->models) state_.memory.models[index] = model::values(fitted);
    }
    if (decision.quality > config_.worst || decision.quality == Quality::refused) {
      ++state_.refusals;
      say({.quality = Quality::refused, .reasons = decision.reasons, .why = "refused"});
      return;
    }
    for (std::size_t i = 0; i < decision.plans.size(); ++i) send(decision, decision.calls[i], decision.plans[i]);
  }

  /// Of the underlying of the book; of several decide() has the words.
  void add_candidates(hedge::Problem& problem, const market::Snapshot& market) {
    const auto held = market.instruments.find(state_.portfolio.positions.front().instrument);
    if (held == market.instruments.end() || config_.candidates.empty()) return;
    const market::Snapshot cleaned = market::clean(market, config_.decide.cleaning);
    std::set<std::string> taken;
    for (const hedge::Candidate& c : problem.candidates) taken.insert(c.instrument);
    for (const std::string& word : config_.candidates) {
      const auto names =
          is_candidate_word(word) ? candidates(word, cleaned, held->second.underlying) : std::vector<std::string>{word};
      for (const std::string& name : names) {
        if (taken.insert(name).second) problem.candidates.push_back({.instrument = name});
      }
    }
  }

  void send(const Decision& decision, const Call& call, const hedge::Plan& plan) {
    Answer answer{.underlying = plan.underlying,
                  .quality = decision.quality,
                  .reasons = decision.reasons,
                  .before = call.distance,
                  .after = plan.residual.delta - call.neutral,
                  .half_width = call.half_width,
                  .gamma = plan.residual.gamma,
                  .vega = plan.residual.vega,
                  .tickets = plan.legs.size()};
    for (const hedge::Leg& leg : plan.legs) {
      const Ticket ticket = ticket_of(leg, call);
      state_.working.push_back(ticket);
      out_.push_back(ticket);
    }
    answer.why = !call.aim           ? "in its band"
                 : plan.legs.empty() ? "less than half a lot"
                                     : fmt::format("{} ticket{}", plan.legs.size(), plan.legs.size() == 1 ? "" : "s");
    say(std::move(answer));
  }

  Ticket ticket_of(const hedge::Leg& leg, const Call& call) {
    const bool buys = leg.side == hedge::Side::buy;
    const double reference = leg.unit.price;
    const double collar = leg.instrument.is_option() ? config_.option_collar : config_.future_collar;
    const double tick = leg.instrument.ticks.at(reference);
    const double room = std::max(collar * reference, least_limit_ticks * tick);
    const double worst = buys ? reference + room : std::max(reference - room, tick);
    // The ladder's tick may be another at the limit. Inside of it: rounded towards the reference.
    const double step = leg.instrument.ticks.at(worst);
    const double ticks = buys ? std::floor(worst / step + 1e-9) : std::ceil(worst / step - 1e-9);
    return {.id = state_.next_ticket++,
            .sent = state_.now,
            .instrument = leg.instrument.name,
            .lots = buys ? leg.lots : -leg.lots,
            .lot = leg.instrument.lot,
            .limit_ticks = std::max<std::int64_t>(static_cast<std::int64_t>(ticks), 1),
            .tick = step,
            .why = fmt::format("delta {:+.6f} of {}", call.distance, call.underlying)};
  }

  const StepConfig& config_;
  State& state_;
  std::vector<Ticket>& out_;
  std::vector<Answer>& answers_;
};

}  // namespace

std::optional<Error> step(const StepConfig& config, State& state, std::span<const Event> events,
                          std::vector<Ticket>& out, std::vector<Answer>& answers) {
  Applying apply(config, state, out, answers);
  for (const Event& event : events) {
    if (event.at < state.now) {
      return Error{Fault::bad_input,
                   fmt::format("an event of {} after one of {}", to_string(event.at), to_string(state.now))};
    }
    const Time before = std::exchange(state.now, event.at);
    if (auto fault = std::visit(apply, event.what)) {
      state.now = before;
      return fault;
    }
  }
  return std::nullopt;
}

}  // namespace ballast::desk
