#include "ballast/store/level_archive.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <set>
#include <span>

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include "ballast/base/text.h"
#include "ballast/market/order_book.h"
#include "ballast/store/file.h"
#include "ballast/store/internal/checksum.h"

namespace ballast::store {
namespace {

using market::BookLevel, market::LevelEvent, market::LevelHistory, market::LevelUpdate;

static_assert(std::endian::native == std::endian::little, "the columns are little-endian and copied as they stand");

constexpr std::string_view magic = "BLSTLVL1";  // its last character is the version
constexpr std::size_t block_updates = 4'096, longest_name = 256;
constexpr std::size_t update_bytes = 8 + 2 + 1 + 4 + 4, level_bytes = 8 + 8;

template <class T>
void put(std::string& to, T value) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  to.append(bytes, sizeof(T));
}

template <class T>
T load(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

template <class T, class Rows, class Of>
void put_column(std::string& to, const Rows& rows, Of of) {
  for (const auto& row : rows) put(to, static_cast<T>(of(row)));
}

/// Bytes that are read from the front; what is not there is a fault with its offset.
class Bytes {
 public:
  explicit Bytes(std::string_view all) : all_(all) {}
  std::size_t at() const { return at_; }
  std::size_t left() const { return all_.size() - at_; }
  bool has(std::size_t n) const { return n <= left(); }
  bool done() const { return at_ == all_.size(); }
  std::string_view take(std::size_t n) {
    at_ += n;
    return all_.substr(at_ - n, n);
  }
  template <class T>
  T take() {
    return load<T>(take(sizeof(T)).data());
  }
  Error cut(std::size_t n, std::string_view what) const {
    return {Fault::bad_syntax,
            fmt::format("byte {}: the archive is cut: {} bytes of {} are due, {} are left", at_, n, what, left())};
  }

 private:
  std::string_view all_;
  std::size_t at_ = 0;
};

Error bad(Fault fault, std::size_t at, const std::string& what) {
  return {fault, fmt::format("byte {}: {}", at, what)};
}

struct Head {
  std::uint64_t updates = 0, levels = 0;
};

/// The part that begins with its checksum at the cursor: `counted` bytes with the lengths, then what length_of makes of
/// them. The answer has both, without the checksum.
template <class Length>
Result<std::string_view> checked_part(Bytes& in, std::size_t counted, std::string_view what, Length length_of) {
  const std::size_t start = in.at();
  if (!in.has(4 + counted)) return in.cut(4 + counted, what);
  const auto due = in.take<std::uint32_t>();
  const std::string_view counts = in.take(counted);
  const std::size_t length = length_of(counts.data());
  if (!in.has(length)) return in.cut(length, what);
  const std::string_view part(counts.data(), counted + in.take(length).size());
  const std::uint32_t found = crc32(part);
  if (found != due)
    return bad(Fault::bad_syntax, start, fmt::format("{}: damaged: checksum {:08x}, {:08x} is due", what, found, due));
  return part;
}

Result<Head> read_head(Bytes& in, LevelHistory& history) {
  const std::string_view name = magic.substr(0, magic.size() - 1);
  const std::string_view found = in.take(std::min(magic.size(), in.left()));
  if (!found.starts_with(name) || found.size() < magic.size())
    return bad(Fault::bad_syntax, 0, "no level archive: it does not begin with " + ballast::quoted(name));
  if (found != magic)
    return bad(
        Fault::bad_syntax, name.size(),
        fmt::format("version {} of the archive, we read {}", ballast::quoted(found.substr(name.size())), magic.back()));
  const auto part = checked_part(in, 4, "head", [](const char* n) { return load<std::uint32_t>(n); });
  if (!part) return part.error();
  Bytes head(part.value().substr(4));
  const std::size_t start = magic.size() + 4 + 4;
  if (!head.has(8 + 8 + 4)) return bad(Fault::bad_syntax, start, fmt::format("a head of {} bytes", head.left()));
  Head counts{head.take<std::uint64_t>(), head.take<std::uint64_t>()};
  const auto instruments = head.take<std::uint32_t>();
  if (instruments > most_level_instruments)
    return bad(Fault::bad_field, start + 16,
               fmt::format("{} instruments are more than {}", instruments, most_level_instruments));
  std::set<std::string> names;
  for (std::uint32_t i = 0; i < instruments; ++i) {
    const std::size_t at = start + head.at();
    const auto length = head.has(2) ? head.take<std::uint16_t>() : std::uint16_t{0};
    if (length == 0 || length > longest_name || !head.has(length + 9u))
      return bad(Fault::bad_field, at, fmt::format("instrument {}: a name of {} bytes", i, length));
    market::LevelInstrument instrument{.name = std::string(head.take(length)), .contract = head.take<double>()};
    const auto settlement = head.take<std::uint8_t>();
    if (!(instrument.contract > 0.0 && std::isfinite(instrument.contract)) || settlement > 1)
      return bad(Fault::bad_field, at,
                 fmt::format("{}: contract {}, settlement {}", ballast::quoted(instrument.name),
                             shortest(instrument.contract), settlement));
    instrument.settlement = settlement == 0 ? market::Settlement::inverse : market::Settlement::linear;
    if (!names.insert(instrument.name).second)
      return bad(Fault::bad_field, at, ballast::quoted(instrument.name) + " is there twice");
    history.instruments.push_back(std::move(instrument));
  }
  if (!head.done()) return bad(Fault::bad_syntax, start + head.at(), "bytes after the last instrument");
  return counts;
}

/// What is wrong with an update or its levels, in words; nothing where it can be replayed.
std::string nonsense(const LevelUpdate& update, std::span<const BookLevel> levels, std::size_t instruments) {
  if (update.instrument >= instruments) return fmt::format("instrument {} of {}", update.instrument, instruments);
  if (update.event > LevelEvent::lost) return fmt::format("event {}", static_cast<int>(update.event));
  if (update.bids > market::OrderBook::most_levels || update.asks > market::OrderBook::most_levels)
    return fmt::format("{} bids and {} asks", update.bids, update.asks);
  if (update.event == LevelEvent::lost && !levels.empty()) return "levels of a book that was lost";
  const std::int64_t least = update.event == LevelEvent::snapshot ? 1 : 0;
  for (const BookLevel& level : levels) {
    if (level.price <= 0 || level.amount < least)
      return fmt::format("an amount of {}e-8 at a price of {}e-8", level.amount, level.price);
  }
  return {};
}

std::optional<Error> read_block(Bytes& in, LevelHistory& history) {
  const std::size_t start = in.at();
  const auto part = checked_part(in, 8, "block", [](const char* n) {
    return load<std::uint32_t>(n) * update_bytes + load<std::uint32_t>(n + 4) * level_bytes;
  });
  if (!part) return part.error();
  const auto updates = load<std::uint32_t>(part.value().data()), levels = load<std::uint32_t>(part.value().data() + 4);
  const char* const sent = part.value().data() + 8;
  const char* const instrument = sent + 8u * updates;
  const char* const event = instrument + 2u * updates;
  const char* const bids = event + updates;
  const char* const asks = bids + 4u * updates;
  const char* const price = asks + 4u * updates;
  const char* const amount = price + 8u * levels;
  const std::size_t first = history.levels.size();
  history.levels.resize(first + levels);
  for (std::size_t i = 0; i < levels; ++i)
    history.levels[first + i] = {load<std::int64_t>(price + 8 * i), load<std::int64_t>(amount + 8 * i)};
  std::size_t used = 0;
  for (std::size_t i = 0; i < updates; ++i) {
    const LevelUpdate update{Time{load<std::int64_t>(sent + 8 * i)}, load<std::uint16_t>(instrument + 2 * i),
                             load<std::uint32_t>(bids + 4 * i), load<std::uint32_t>(asks + 4 * i),
                             static_cast<LevelEvent>(event[i])};
    const std::size_t own = std::size_t{update.bids} + update.asks;
    if (own > levels - used)
      return bad(Fault::bad_field, start, fmt::format("update {}: {} levels, {} are left", i, own, levels - used));
    const auto what =
        nonsense(update, std::span(history.levels).subspan(first + used, own), history.instruments.size());
    if (!what.empty()) return bad(Fault::bad_field, start, fmt::format("update {}: {}", i, what));
    used += own;
    history.updates.push_back(update);
  }
  if (used != levels) return bad(Fault::bad_field, start, fmt::format("{} levels of no update", levels - used));
  return std::nullopt;
}

struct Freed {
  void operator()(archive* a) const { archive_write_free(a); }
};

la_ssize_t append(archive*, void* to, const void* bytes, std::size_t n) {
  static_cast<std::string*>(to)->append(static_cast<const char*>(bytes), n);
  return static_cast<la_ssize_t>(n);
}

Result<std::string> compressed(const std::string& bytes) {
  std::string result;
  const std::unique_ptr<archive, Freed> writer(archive_write_new());
  const std::unique_ptr<archive_entry, decltype(&archive_entry_free)> entry(archive_entry_new(), archive_entry_free);
  archive_entry_set_pathname(entry.get(), "levels");
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  const bool done =
      archive_write_add_filter_zstd(writer.get()) == ARCHIVE_OK &&
      archive_write_set_format_raw(writer.get()) == ARCHIVE_OK &&
      archive_write_set_bytes_in_last_block(writer.get(), 1) == ARCHIVE_OK &&
      archive_write_open(writer.get(), &result, nullptr, append, nullptr) == ARCHIVE_OK &&
      archive_write_header(writer.get(), entry.get()) == ARCHIVE_OK &&
      archive_write_data(writer.get(), bytes.data(), bytes.size()) == static_cast<la_ssize_t>(bytes.size()) &&
      archive_write_close(writer.get()) == ARCHIVE_OK;
  if (done) return result;
  const char* const why = archive_error_string(writer.get());
  return Error{Fault::unavailable, fmt::format("zstd: {}", why == nullptr ? "no reason given" : why)};
}

/// A part with its checksum in front.
void put_checked(std::string& to, const std::string& part) {
  put(to, crc32(part));
  to += part;
}

}  // namespace

std::string encode_levels(const LevelHistory& history) {
  std::string body;
  put(body, std::uint64_t{history.updates.size()});
  put(body, std::uint64_t{history.levels.size()});
  put(body, static_cast<std::uint32_t>(history.instruments.size()));
  for (const market::LevelInstrument& instrument : history.instruments) {
    put(body, static_cast<std::uint16_t>(instrument.name.size()));
    body += instrument.name;
    put(body, instrument.contract);
    put(body, static_cast<std::uint8_t>(instrument.settlement == market::Settlement::inverse ? 0 : 1));
  }
  std::string head;
  put(head, static_cast<std::uint32_t>(body.size()));
  std::string bytes(magic);
  put_checked(bytes, head + body);

  const std::span<const LevelUpdate> all(history.updates);
  std::size_t first = 0;
  for (std::size_t from = 0; from < all.size(); from += block_updates) {
    const auto updates = all.subspan(from, std::min(block_updates, all.size() - from));
    std::size_t count = 0;
    for (const LevelUpdate& update : updates) count += std::size_t{update.bids} + update.asks;
    const auto levels = std::span(history.levels).subspan(first, count);
    first += count;
    std::string block;
    put(block, static_cast<std::uint32_t>(updates.size()));
    put(block, static_cast<std::uint32_t>(levels.size()));
    put_column<std::int64_t>(block, updates, [](const LevelUpdate& u) { return u.sent.ms; });
    put_column<std::uint16_t>(block, updates, [](const LevelUpdate& u) { return u.instrument; });
    put_column<std::uint8_t>(block, updates, [](const LevelUpdate& u) { return u.event; });
    put_column<std::uint32_t>(block, updates, [](const LevelUpdate& u) { return u.bids; });
    put_column<std::uint32_t>(block, updates, [](const LevelUpdate& u) { return u.asks; });
    put_column<std::int64_t>(block, levels, [](const BookLevel& l) { return l.price; });
    put_column<std::int64_t>(block, levels, [](const BookLevel& l) { return l.amount; });
    put_checked(bytes, block);
  }
  return bytes;
}

Result<LevelHistory> decode_levels(std::string_view bytes) {
  Bytes in(bytes);
  LevelHistory history;
  const auto head = read_head(in, history);
  if (!head) return head.error();
  const auto [updates, levels] = head.value();
  // Room for what the head promises, as far as the bytes can keep it.
  history.updates.reserve(std::min<std::size_t>(updates, bytes.size() / update_bytes));
  history.levels.reserve(std::min<std::size_t>(levels, bytes.size() / level_bytes));
  while (history.updates.size() < updates) {
    const std::size_t before = history.updates.size();
    if (const auto fault = read_block(in, history)) return *fault;
    if (history.updates.size() == before) return bad(Fault::bad_syntax, in.at(), "a block without an update");
  }
  if (history.updates.size() != updates || history.levels.size() != levels || !in.done())
    return bad(Fault::bad_syntax, in.at(),
               fmt::format("{} updates and {} levels of {} and {}, {} bytes left", history.updates.size(),
                           history.levels.size(), updates, levels, bytes.size() - in.at()));
  return history;
}

Result<LevelHistory> read_levels(const std::string& path) {
  const auto bytes = read_bytes(path, level_archive_limit);
  if (!bytes) return bytes.error();
  auto history = decode_levels(bytes.value());
  if (!history) return in(path, history.error());
  return history;
}

std::optional<Error> write_levels(const std::string& path, const LevelHistory& history) {
  const std::string bytes = encode_levels(history);
  if (!path.ends_with(".zst")) return write_bytes(path, bytes);
  const auto small = compressed(bytes);
  if (!small) return in(path, small.error());
  return write_bytes(path, small.value());
}

}  // namespace ballast::store
