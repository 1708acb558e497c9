#include "ballast/desk/replay.h"

#include <algorithm>

#include <fmt/format.h>

#include "ballast/base/codec.h"
#include "ballast/base/text.h"
#include "ballast/desk/codec.h"

namespace ballast::desk {
namespace {

/// What is not the same in two lists, if anything.
template <class T>
std::optional<std::string> difference(const char* what, const std::vector<T>& made, const std::vector<T>& recorded) {
  for (std::size_t i = 0; i < std::min(made.size(), recorded.size()); ++i) {
    if (encoded(made[i]) == encoded(recorded[i])) continue;
    const std::string a = text(made[i]), b = text(recorded[i]);
    return a == b ? fmt::format("{} {}: {}: bits that this text does not show", what, i + 1, a)
                  : fmt::format("{} {}: {}; recorded: {}", what, i + 1, a, b);
  }
  if (made.size() == recorded.size()) return {};
  return fmt::format("{} {}s, recorded: {}", made.size(), what, recorded.size());
}

const char* due_name(int due) {
  constexpr const char* names[] = {"events", "tickets", "answers", "events or a refusal"};
  return names[due];
}

}  // namespace

std::string text(const market::Ticket& t) {
  return fmt::format("id {}, {}, {} {} lots of {}, limit {} ticks of {}, {}", t.id, to_string(t.sent), t.instrument,
                     t.lots, shortest(t.lot), t.limit_ticks, shortest(t.tick), quoted(t.why));
}

std::string text(const Answer& a) {
  std::string reasons;
  for (const std::string& reason : a.reasons) reasons += (reasons.empty() ? "" : "; ") + reason;
  return fmt::format("{}, {}, {}{}, {}, before {}, after {}, half width {}, gamma {}, vega {}, {} tickets",
                     to_string(a.at), a.underlying.empty() ? "the book" : a.underlying, name(a.quality),
                     reasons.empty() ? "" : " (" + reasons + ")", a.why, shortest(a.before), shortest(a.after),
                     shortest(a.half_width), shortest(a.gamma), shortest(a.vega), a.tickets);
}

void Replay::differs(std::uint64_t sequence, const std::string& what) {
  if (!first_) first_ = Difference{sequence, what};
  if (!differed_) ++counts_.differences;
  differed_ = true;
}

void Replay::begin(std::uint64_t sequence, const std::vector<market::Event>& events) {
  last_ = {.sequence = sequence, .events = events};
  refusal_recorded_ = differed_ = false;
  last_.refusal = step_(config_, state_, last_.events, last_.tickets, last_.answers);
  ++counts_.steps;
  counts_.events += events.size();
  counts_.answers += last_.answers.size();
  counts_.tickets += last_.tickets.size();
  counts_.refusals += last_.refusal ? 1 : 0;
  for (const market::Event& event : events) counts_.decisions += std::holds_alternative<market::HedgeDue>(event.what);
}

void Replay::close() {
  if (due_ == Due::refusal_or_events && last_.refusal && !refusal_recorded_)
    differs(last_.sequence, "refused, and was not: " + last_.refusal->what);
}

std::optional<Error> Replay::take(std::uint64_t sequence, const Entry& entry) {
  const RecordKind kind = kind_of(entry);
  const bool refusal = kind == RecordKind::refusal && due_ == Due::refusal_or_events && !refusal_recorded_;
  const bool events = kind == RecordKind::events && (due_ == Due::events || due_ == Due::refusal_or_events);
  const bool tickets = kind == RecordKind::tickets && due_ == Due::tickets;
  const bool answers = kind == RecordKind::answers && due_ == Due::answers;
  if (!(events || tickets || answers || refusal))
    return Error{Fault::bad_syntax,
                 fmt::format("record {}: {} where {} are due", sequence, name(kind), due_name(static_cast<int>(due_)))};
  if (events) {
    close();
    begin(sequence, std::get<std::vector<market::Event>>(entry));
    due_ = Due::tickets;
  } else if (tickets) {
    const auto found = difference("ticket", last_.tickets, std::get<std::vector<market::Ticket>>(entry));
    if (found) differs(sequence, *found);
    due_ = Due::answers;
  } else if (answers) {
    const auto found = difference("answer", last_.answers, std::get<std::vector<Answer>>(entry));
    if (found) differs(sequence, *found);
    due_ = Due::refusal_or_events;
  } else {
    const auto& recorded = std::get<Refusal>(entry);
    refusal_recorded_ = true;
    if (!last_.refusal) {
      differs(sequence, "not refused, and was: " + recorded.what);
    } else if (last_.refusal->fault != recorded.fault || last_.refusal->what != recorded.what) {
      differs(sequence, "refused: " + last_.refusal->what + "; recorded: " + recorded.what);
    }
  }
  return {};
}

bool Replay::finish() {
  close();
  const bool whole = due_ == Due::events || due_ == Due::refusal_or_events;
  due_ = Due::events;
  return whole;
}

}  // namespace ballast::desk
