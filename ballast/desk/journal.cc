#include "ballast/desk/journal.h"

#include "ballast/base/codec.h"
#include "ballast/desk/codec.h"

namespace ballast {

template <>
inline constexpr std::size_t member_count<desk::RunText> = 4;
template <>
inline constexpr std::size_t member_count<desk::Refusal> = 2;

namespace desk {
namespace {

template <class T>
Result<Entry> read_as(std::string_view bytes) {
  auto value = decoded<T>(bytes);
  if (!value) return value.error();
  return Entry(std::move(value).value());
}

Result<Entry> read_as(RecordKind kind, std::string_view bytes) {
  switch (kind) {
    case RecordKind::run: return read_as<RunText>(bytes);
    case RecordKind::events: return read_as<std::vector<market::Event>>(bytes);
    case RecordKind::tickets: return read_as<std::vector<market::Ticket>>(bytes);
    case RecordKind::answers: return read_as<std::vector<Answer>>(bytes);
    case RecordKind::refusal: return read_as<Refusal>(bytes);
  }
  return Error{Fault::bad_syntax, "kind " + std::to_string(static_cast<std::uint32_t>(kind)) + " is none of a desk's"};
}

}  // namespace

const char* name(RecordKind kind) {
  switch (kind) {
    case RecordKind::run: return "run";
    case RecordKind::events: return "events";
    case RecordKind::tickets: return "tickets";
    case RecordKind::answers: return "answers";
    case RecordKind::refusal: return "refusal";
  }
  return "";
}

std::string bytes_of(const Entry& entry) {
  return std::visit([](const auto& value) { return encoded(value); }, entry);
}
std::string bytes_of(const std::vector<market::Event>& events) { return encoded(events); }
std::string bytes_of(const std::vector<market::Ticket>& tickets) { return encoded(tickets); }
std::string bytes_of(const std::vector<Answer>& answers) { return encoded(answers); }

Result<Entry> entry_of(std::uint32_t kind, std::uint32_t schema, std::string_view bytes) {
  if (schema != journal_schema)
    return Error{Fault::not_ours,
                 "schema " + std::to_string(schema) + ", this program has " + std::to_string(journal_schema)};
  const auto as = static_cast<RecordKind>(kind);
  auto entry = read_as(as, bytes);
  if (!entry && *name(as) != '\0') return in(name(as), entry.error());
  return entry;
}

}  // namespace desk
}  // namespace ballast
