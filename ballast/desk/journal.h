#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/desk/step.h"

/// What a desk writes down as it works, so that every ticket can be derived again. One journal is one desk:
///
///   RunText, then for each call of step():  events · tickets · answers [· Refusal]
///
/// Events are on the disk before they are stepped through, tickets before they are sent. Tickets and answers are
/// written when there are none too: a call without them was cut short.
namespace ballast::desk {

/// What the desk was set up from, and by which program: app/version.cc.
struct RunText {
  std::string run;      ///< the run file, as it was read
  std::string rule;     ///< which of its rules
  std::string program;  ///< "0.1.0 (fused arithmetic, AVX2)": other arithmetic may give other bits
  std::string folder;   ///< where paths in the run file are from
};

/// step() refused an event.
struct Refusal {
  Fault fault = Fault::bad_input;
  std::string what;
};

using Entry =
    std::variant<RunText, std::vector<market::Event>, std::vector<market::Ticket>, std::vector<Answer>, Refusal>;

/// Of the record (store/journal.h) that holds an entry: its alternative and one.
enum class RecordKind : std::uint32_t { run = 1, events, tickets, answers, refusal };
const char* name(RecordKind kind);

/// The version of the form of all kinds. Any change of the structs is a new one.
inline constexpr std::uint32_t journal_schema = 1;

constexpr RecordKind kind_of(const Entry& entry) { return static_cast<RecordKind>(entry.index() + 1); }
std::string bytes_of(const Entry& entry);

// The same without a copy into an Entry.
std::string bytes_of(const std::vector<market::Event>& events);
std::string bytes_of(const std::vector<market::Ticket>& tickets);
std::string bytes_of(const std::vector<Answer>& answers);

/// The entry of a record. Total, as state_of() is.
/// Faults   bad_syntax: a kind that there is not, or bytes that are not of that kind; not_ours: another schema.
Result<Entry> entry_of(std::uint32_t kind, std::uint32_t schema, std::string_view bytes);

}  // namespace ballast::desk
