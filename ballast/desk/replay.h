#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/desk/journal.h"
#include "ballast/desk/step.h"

namespace ballast::desk {

/// What step() is, to be named: a replay drives it, and a test of the replay something that it knows.
using Step = std::function<std::optional<Error>(const StepConfig&, State&, std::span<const market::Event>,
                                                std::vector<market::Ticket>&, std::vector<Answer>&)>;

struct ReplayCounts {
  std::uint64_t steps = 0, events = 0, decisions = 0, answers = 0, tickets = 0, refusals = 0;
  std::uint64_t differences = 0;  ///< steps that came out otherwise than recorded
};

struct Difference {
  std::uint64_t sequence = 0;  ///< of the record that is not the same
  std::string what;
};

/// What one call of step() was given, and gave when it was replayed.
struct ReplayedStep {
  std::uint64_t sequence = 0;  ///< of its events
  std::vector<market::Event> events;
  std::vector<market::Ticket> tickets;
  std::vector<Answer> answers;
  std::optional<Error> refusal;
};

/// A desk that goes through its own journal again, from its first state: the recorded events in, and what comes out
/// held against what was recorded, bit for bit. After a difference it goes on: the recorded events are what happened.
class Replay {
 public:
  Replay(StepConfig config, Step step) : config_(std::move(config)), step_(std::move(step)) {}

  /// The entries behind the RunText, in their order.
  /// Fault   bad_syntax: not the order of desk/journal.h.
  std::optional<Error> take(std::uint64_t sequence, const Entry& entry);
  /// There are no more entries. True where the last step is whole; else its events were stepped through and there was
  /// nothing to hold the outcome against.
  bool finish();

  const ReplayCounts& counts() const { return counts_; }
  const std::optional<Difference>& first_difference() const { return first_; }
  const ReplayedStep& last() const { return last_; }
  const State& state() const { return state_; }

 private:
  enum class Due { events, tickets, answers, refusal_or_events };

  void begin(std::uint64_t sequence, const std::vector<market::Event>& events);
  void close();
  void differs(std::uint64_t sequence, const std::string& what);

  StepConfig config_;
  Step step_;
  State state_;
  ReplayCounts counts_;
  std::optional<Difference> first_;
  ReplayedStep last_;
  Due due_ = Due::events;
  bool refusal_recorded_ = false, differed_ = false;  // of the last step
};

/// One line for people; the numbers read back as the same doubles.
std::string text(const market::Ticket& ticket);
std::string text(const Answer& answer);

}  // namespace ballast::desk
