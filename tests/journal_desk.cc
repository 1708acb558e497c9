#include "tests/journal_desk.h"

#include <utility>

namespace ballast::test {

std::optional<Error> counting_step(const desk::StepConfig& config, desk::State& state,
                                   std::span<const market::Event> events, std::vector<market::Ticket>& out,
                                   std::vector<desk::Answer>& answers) {
  for (const market::Event& event : events) {
    if (event.at < state.now) return Error{Fault::bad_input, "time goes back to " + to_string(event.at)};
    state.now = event.at;
    if (const auto* seen = std::get_if<market::IndexSeen>(&event.what))
      state.market.indices[seen->underlying] = seen->index;
    if (const auto* traded = std::get_if<market::Traded>(&event.what))
      state.portfolio.positions.push_back({.instrument = traded->instrument, .quantity = traded->amount});
    if (!std::holds_alternative<market::HedgeDue>(event.what)) continue;
    ++state.decisions;
    double amount = 0.0;
    for (const market::Position& position : state.portfolio.positions) amount += position.quantity;
    const double price = state.market.indices["BTC"].price * (1.0 + config.future_collar);
    out.push_back({.id = state.next_ticket++,
                   .sent = event.at,
                   .instrument = "BTC-PERPETUAL",
                   .lots = -static_cast<std::int64_t>(amount),
                   .limit_ticks = static_cast<std::int64_t>(price),
                   .why = "all of it"});
    answers.push_back({.at = event.at, .underlying = "BTC", .why = "1 ticket", .before = amount, .tickets = 1});
  }
  return {};
}

std::vector<desk::Entry> journal_of(const desk::Step& step, const desk::StepConfig& config,
                                    const std::vector<std::vector<market::Event>>& calls) {
  std::vector<desk::Entry> entries = {desk::RunText{.run = "name = \"test\"", .rule = "counting", .program = "none"}};
  desk::State state;
  for (const std::vector<market::Event>& events : calls) {
    std::vector<market::Ticket> tickets;
    std::vector<desk::Answer> answers;
    const auto refused = step(config, state, events, tickets, answers);
    entries.emplace_back(events);
    entries.emplace_back(std::move(tickets));
    entries.emplace_back(std::move(answers));
    if (refused) entries.emplace_back(desk::Refusal{refused->fault, refused->what});
  }
  return entries;
}

std::vector<desk::Entry> counted_journal(int steps) {
  std::vector<std::vector<market::Event>> calls;
  for (int i = 1; i <= steps; ++i) {
    const Time at{i * 1000};
    calls.push_back(
        {{at, market::IndexSeen{.underlying = "BTC", .index = {.price = 60'000.0 + i, .sent = at}}},
         {at, market::Traded{.instrument = "BTC-PERPETUAL", .amount = static_cast<double>(i), .price = 60'000.0}},
         {at, market::HedgeDue{}}});
  }
  return journal_of(counting_step, {}, calls);
}

}  // namespace ballast::test
