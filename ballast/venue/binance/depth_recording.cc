#include "ballast/venue/binance/depth_recording.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "ballast/base/text.h"

namespace ballast::venue::binance {
namespace {

constexpr std::size_t most_instruments = 65'536, longest_symbol = 64;

market::LevelInstrument instrument_of(const DepthUpdate& update) {
  if (!update.previous_id) return {"spot:" + update.symbol, 1.0, market::Settlement::linear};
  const std::string pair = update.symbol.substr(0, update.symbol.find('_'));
  if (!pair.ends_with("USD")) return {"usd-m:" + update.symbol, 1.0, market::Settlement::linear};
  return {"coin-m:" + update.symbol, pair == "BTCUSD" ? 100.0 : 10.0, market::Settlement::inverse};
}

/// The message of a line, nothing for one of another stream.
Result<std::optional<RecordedDepth>> message_of(std::string_view line) {
  const std::size_t space = line.find(' ');
  const auto received = parse_integer(line.substr(0, space));
  if (space == std::string_view::npos || !received)
    return Error{Fault::bad_syntax, "a time and a message are due, found " + ballast::quoted(line)};
  const std::string_view json = line.substr(space + 1);
  auto update = decode_depth_update(json);
  if (update) return std::optional(RecordedDepth{*received, std::move(update).value()});
  if (update.error().fault != Fault::not_ours) return update.error();
  // Only a message that belongs to no stream can be a snapshot.
  if (json.starts_with("{\"stream\"")) return std::optional<RecordedDepth>();
  auto snapshot = decode_depth_snapshot(json);
  if (snapshot) return std::optional(RecordedDepth{*received, std::move(snapshot).value()});
  if (snapshot.error().fault != Fault::not_ours) return snapshot.error();
  return std::optional<RecordedDepth>();
}

/// Writes down what the books do.
class Scribe {
 public:
  explicit Scribe(RecordedLevels& to) : to_(to), books_(to.history.instruments.size()), sent_(books_.size()) {}

  void take(std::uint32_t row, const DepthUpdate& update) {
    DepthCounts& counts = to_.counts[row];
    ++counts.updates;
    sent_[row] = update.sent;
    const bool before = books_[row].valid();
    const auto applied = books_[row].apply(update);
    if (!applied) {
      ++counts.gaps;
      if (before) to_.history.updates.push_back({sent_[row], row, 0, 0, market::LevelEvent::lost});
    } else if (applied.value() == Applied::applied) {
      ++counts.applied;
      write(row, update.sent, update.bids, update.asks, market::LevelEvent::change);
    }
  }

  void take(std::uint32_t row, const DepthSnapshot& snapshot) {
    DepthCounts& counts = to_.counts[row];
    const bool before = books_[row].valid();
    std::vector<DepthUpdate> followed;
    const auto applied = books_[row].apply(snapshot, &followed);
    if (!applied) {
      ++counts.gaps;
      if (before) to_.history.updates.push_back({sent_[row], row, 0, 0, market::LevelEvent::lost});
    } else if (applied.value() == Applied::applied) {
      ++counts.snapshots;
      counts.applied += followed.size();
      write(row, snapshot.sent.value_or(sent_[row]), snapshot.bids, snapshot.asks, market::LevelEvent::snapshot);
      for (const DepthUpdate& update : followed)
        write(row, update.sent, update.bids, update.asks, market::LevelEvent::change);
    }
  }

 private:
  void write(std::uint32_t row, Time sent, std::span<const market::BookLevel> bids,
             std::span<const market::BookLevel> asks, market::LevelEvent event) {
    auto& levels = to_.history.levels;
    levels.insert(levels.end(), bids.begin(), bids.end());
    levels.insert(levels.end(), asks.begin(), asks.end());
    to_.history.updates.push_back(
        {sent, row, static_cast<std::uint32_t>(bids.size()), static_cast<std::uint32_t>(asks.size()), event});
  }

  RecordedLevels& to_;
  std::vector<DepthBook> books_;
  std::vector<Time> sent_;
};

}  // namespace

Result<DepthRecording> decode_depth_recording(std::string_view bytes) {
  DepthRecording recording;
  std::string symbol;
  std::size_t number = 0;
  for (const std::string_view line : split(bytes, '\n')) {
    ++number;
    if (line.empty()) continue;
    auto message = message_of(line);
    if (!message) return in(fmt::format("line {}", number), message.error());
    auto read = std::move(message).value();
    if (!read) {
      ++recording.passed_over;
      continue;
    }
    const auto* update = std::get_if<DepthUpdate>(&read->message);
    const std::string& said = update != nullptr ? update->symbol : std::get<DepthSnapshot>(read->message).symbol;
    if (said.size() > longest_symbol)
      return Error{Fault::bad_field, fmt::format("line {}: a symbol of {} bytes", number, said.size())};
    if (symbol.empty()) symbol = said;
    if (!said.empty() && said != symbol)
      return Error{Fault::bad_input, fmt::format("line {}: {} in a recording of {}", number, ballast::quoted(said),
                                                 ballast::quoted(symbol))};
    if (update != nullptr && recording.instrument.name.empty()) recording.instrument = instrument_of(*update);
    recording.messages.push_back(std::move(*read));
  }
  if (recording.instrument.name.empty()) return Error{Fault::missing_data, "no line is a depth update"};
  return recording;
}

Result<RecordedLevels> level_history(std::span<const DepthRecording> recordings) {
  RecordedLevels result;
  auto& instruments = result.history.instruments;
  struct Place {
    const RecordedDepth* message;
    std::uint32_t row;
  };
  std::vector<Place> order;
  for (const DepthRecording& recording : recordings) {
    auto at = std::find(instruments.begin(), instruments.end(), recording.instrument);
    if (at == instruments.end()) at = instruments.insert(at, recording.instrument);
    const auto row = static_cast<std::uint32_t>(at - instruments.begin());
    for (const RecordedDepth& message : recording.messages) order.push_back({&message, row});
  }
  if (instruments.size() > most_instruments)
    return Error{Fault::limit, fmt::format("{} instruments are more than {}", instruments.size(), most_instruments)};
  std::stable_sort(order.begin(), order.end(),
                   [](const Place& a, const Place& b) { return a.message->received_ns < b.message->received_ns; });
  result.counts.resize(instruments.size());
  Scribe scribe(result);
  for (const Place& place : order)
    std::visit([&](const auto& message) { scribe.take(place.row, message); }, place.message->message);
  return result;
}

}  // namespace ballast::venue::binance
