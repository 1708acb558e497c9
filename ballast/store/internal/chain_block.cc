#include "ballast/store/internal/chain_block.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include <fmt/format.h>

#include "ballast/base/text.h"
#include "ballast/store/internal/column_packing.h"

namespace ballast::store {
namespace {

using market::Instrument;
using market::Level;
using market::Quote;
using market::Snapshot;
using market::VenueGreeks;

/// The optional numbers of a quote, in the order in which they lie in a block. Adding one is a new schema.
constexpr std::array numbers = {&Quote::bid,       &Quote::ask,       &Quote::bid_amount,       &Quote::ask_amount,
                                &Quote::mark,      &Quote::index,     &Quote::underlying_price, &Quote::open_interest,
                                &Quote::min_price, &Quote::max_price, &Quote::funding_8h};
constexpr std::array greek_numbers = {&VenueGreeks::gamma, &VenueGreeks::vega, &VenueGreeks::theta, &VenueGreeks::rho};
constexpr std::array sides = {&Quote::bids, &Quote::asks};

/// More than any book that comes in (docs/safety.md allows 10,000 a side), few enough that a sum of them stays small.
constexpr std::size_t most_depth = std::size_t{1} << 16, most_levels = std::size_t{1} << 22;

void put_number(std::string& out, double value) { put(out, std::bit_cast<std::uint64_t>(value)); }
void put_time(std::string& out, Time t) { put(out, static_cast<std::uint64_t>(t.ms)); }
double take_number(Unpacker& in) { return std::bit_cast<double>(in.take<std::uint64_t>()); }
Time take_time(Unpacker& in) { return {static_cast<std::int64_t>(in.take<std::uint64_t>())}; }

/// What a count in a block says, refused where the bytes cannot hold so many things of `least` bytes each.
std::size_t take_count(Unpacker& in, std::size_t least) {
  const auto n = in.take<std::uint32_t>();
  if (n > in.left() / least) in.refuse();
  return in.broken() ? 0 : n;
}

template <class T>
T take_enum(Unpacker& in, T last) {
  const auto value = in.take<std::uint8_t>();
  if (value > static_cast<std::uint8_t>(last)) in.refuse();
  return static_cast<T>(value);
}

template <class Of>
std::vector<std::int64_t> whole(const std::vector<const Quote*>& quotes, const Of& of) {
  std::vector<std::int64_t> column;
  column.reserve(quotes.size());
  for (const Quote* quote : quotes) column.push_back(of(*quote));
  return column;
}

/// All that a quote has besides texts.
void put_quotes(std::string& out, const std::vector<const Quote*>& quotes) {
  put_integers(out, whole(quotes, [](const Quote& q) { return q.sent.ms; }));
  put_integers(out, whole(quotes, [](const Quote& q) { return q.mark_sent ? 1 : 0; }));
  std::vector<std::int64_t> mark_sent;
  for (const Quote* q : quotes) {
    if (q->mark_sent) mark_sent.push_back(q->mark_sent->ms);
  }
  put_integers(out, mark_sent);
  put_integers(out, whole(quotes, [](const Quote& q) { return q.open ? 1 + *q.open : 0; }));

  std::vector<std::optional<double>> column;
  for (const auto member : numbers) {
    column.clear();
    for (const Quote* q : quotes) column.push_back(q->*member);
    put_optionals(out, column);
  }
  column.clear();
  for (const Quote* q : quotes) column.push_back(q->mark_vol ? std::optional(q->mark_vol->value) : std::nullopt);
  put_optionals(out, column);

  column.clear();
  for (const Quote* q : quotes) column.push_back(q->greeks ? std::optional(q->greeks->delta) : std::nullopt);
  put_optionals(out, column);
  for (const auto member : greek_numbers) {
    column.clear();
    for (const Quote* q : quotes) {
      if (q->greeks) column.push_back((*q->greeks).*member);
    }
    put_optionals(out, column);
  }

  for (const auto side : sides) {
    put_integers(out, whole(quotes, [&](const Quote& q) { return static_cast<std::int64_t>((q.*side).size()); }));
    std::vector<double> prices, amounts;
    for (const Quote* q : quotes) {
      for (const Level& level : q->*side) prices.push_back(level.price), amounts.push_back(level.amount);
    }
    put_numbers(out, prices);
    put_numbers(out, amounts);
  }
}

}  // namespace

std::uint32_t ChainPacker::text_id(const std::string& text) {
  const auto [entry, fresh] = texts_.try_emplace(text, static_cast<std::uint32_t>(texts_.size()));
  if (fresh) put_text(fresh_texts_, text);
  return entry->second;
}

std::string ChainPacker::packed(const Instrument& i) {
  std::string out;
  put_text(out, i.name);
  for (const std::string* text : {&i.underlying, &i.settlement_currency, &i.index}) put(out, text_id(*text));
  put(out, static_cast<std::uint8_t>(i.kind));
  put(out, static_cast<std::uint8_t>(i.settlement));
  put(out, static_cast<std::uint8_t>(i.option_type));
  put(out, static_cast<std::uint8_t>(i.from_venue));
  put_time(out, i.expiry);
  for (const double value : {i.strike, i.contract_size, i.lot, i.fees.maker, i.fees.taker, i.fees.cap, i.ticks.tick})
    put_number(out, value);
  put(out, static_cast<std::uint32_t>(i.ticks.steps.size()));
  for (const market::TickStep& step : i.ticks.steps) put_number(out, step.above_price), put_number(out, step.tick);
  return out;
}

Result<std::string> ChainPacker::pack(const Snapshot& snapshot) {
  for (const auto& [name, instrument] : snapshot.instruments) {
    if (instrument.name != name)
      return Error{Fault::bad_input, quoted(instrument.name) + " is listed as " + quoted(name)};
  }
  std::array<std::size_t, 2> levels{};
  for (const auto& [name, quote] : snapshot.quotes) {
    if (quote.instrument != name)
      return Error{Fault::bad_input, "the quote of " + quoted(quote.instrument) + " is listed as " + quoted(name)};
    if (!snapshot.instruments.contains(name))
      return Error{Fault::bad_input, "the quote of " + quoted(name) + " has no instrument"};
    for (const auto side : sides) {
      levels[side == sides[1]] += (quote.*side).size();
      if ((quote.*side).size() > most_depth || levels[side == sides[1]] > most_levels)
        return Error{Fault::limit, "the order book of " + quoted(name) + " is too long for an archive"};
    }
  }
  fresh_texts_.clear();
  fresh_instruments_.clear();
  const std::size_t texts_before = texts_.size(), instruments_before = instruments_.size();

  std::vector<std::int64_t> listed, has_quote, labels;
  std::vector<const Quote*> quotes;
  for (const auto& [name, instrument] : snapshot.instruments) {
    std::string bytes = packed(instrument);
    const auto id = static_cast<std::uint32_t>(instruments_.size());
    const auto [entry, fresh] = instruments_.try_emplace(std::move(bytes), id);
    if (fresh) fresh_instruments_ += entry->first;
    listed.push_back(entry->second);
    const auto quote = snapshot.quotes.find(name);
    has_quote.push_back(quote != snapshot.quotes.end());
    if (quote == snapshot.quotes.end()) continue;
    quotes.push_back(&quote->second);
    labels.push_back(text_id(quote->second.underlying_index));
  }
  if (texts_.size() > chain_dictionary_limit || instruments_.size() > chain_dictionary_limit) {
    return Error{Fault::limit, fmt::format("over {} instruments or texts in one archive", chain_dictionary_limit)};
  }

  std::string out;
  put_time(out, snapshot.as_of);
  put(out, static_cast<std::uint32_t>(texts_.size() - texts_before));
  out += fresh_texts_;
  put(out, static_cast<std::uint32_t>(instruments_.size() - instruments_before));
  out += fresh_instruments_;
  put(out, static_cast<std::uint32_t>(listed.size()));
  put_integers(out, listed);
  put_integers(out, has_quote);
  put_integers(out, labels);
  put_quotes(out, quotes);
  put(out, static_cast<std::uint32_t>(snapshot.indices.size()));
  for (const auto& [underlying, index] : snapshot.indices) {
    put_text(out, underlying);
    put_number(out, index.price);
    put_time(out, index.sent);
  }
  put(out, static_cast<std::uint32_t>(snapshot.dropped.size()));
  for (const market::Dropped& dropped : snapshot.dropped) {
    for (const std::string* text : {&dropped.instrument, &dropped.reason, &dropped.detail}) put_text(out, *text);
  }
  return out;
}

/// The columns of one block, before they go into the quotes.
struct ChainUnpacker::Columns {
  std::vector<std::int64_t> listed, has_quote, labels, sent, has_mark_sent, mark_sent, open;
  std::array<OptionalColumn, numbers.size()> values;
  OptionalColumn mark_vol, delta;
  std::array<OptionalColumn, greek_numbers.size()> greeks;
  std::array<std::vector<std::int64_t>, 2> depth;
  std::array<std::vector<double>, 2> prices, amounts;
  std::size_t next_mark_sent = 0;
  std::array<std::size_t, 2> next_level{};

  void take(Unpacker& in, std::size_t n) {
    take_integers(in, n, sent);
    take_integers(in, n, has_mark_sent);
    take_integers(in, count_of(in, has_mark_sent), mark_sent);
    take_integers(in, n, open);
    for (OptionalColumn& column : values) column.take(in, n);
    mark_vol.take(in, n);
    delta.take(in, n);
    for (OptionalColumn& column : greeks) column.take(in, delta.size());
    for (std::size_t side = 0; side < 2; ++side) {
      take_integers(in, n, depth[side]);
      std::size_t levels = 0;
      for (const std::int64_t d : depth[side]) {
        if (d < 0 || static_cast<std::uint64_t>(d) > most_depth) in.refuse();
        levels += in.broken() ? 0 : static_cast<std::size_t>(d);
      }
      if (in.broken() || levels > most_levels) return in.refuse();
      take_numbers(in, levels, prices[side]);
      take_numbers(in, levels, amounts[side]);
    }
  }

  /// How many of a column of 0 and 1 are 1.
  static std::size_t count_of(Unpacker& in, const std::vector<std::int64_t>& flags) {
    std::size_t n = 0;
    for (const std::int64_t flag : flags) {
      if (flag != 0 && flag != 1) in.refuse();
      n += flag == 1 ? 1 : 0;
    }
    return n;
  }

  void fill(std::size_t row, Quote& q, const std::vector<std::string>& texts) {
    q.sent.ms = sent[row];
    q.mark_sent.reset();
    if (has_mark_sent[row] == 1) q.mark_sent = Time{mark_sent[next_mark_sent++]};
    q.open.reset();
    if (open[row] != 0) q.open = open[row] == 2;
    for (std::size_t i = 0; i < numbers.size(); ++i) q.*numbers[i] = values[i].next();
    const std::optional<double> vol = mark_vol.next();
    q.mark_vol = vol ? std::optional(Vol(*vol)) : std::nullopt;
    q.greeks.reset();
    if (const auto d = delta.next()) {
      VenueGreeks& all = q.greeks.emplace();
      all.delta = *d;
      for (std::size_t i = 0; i < greek_numbers.size(); ++i) all.*greek_numbers[i] = greeks[i].next();
    }
    const std::string& label = texts[static_cast<std::size_t>(labels[row])];
    if (q.underlying_index != label) q.underlying_index = label;
    for (std::size_t side = 0; side < 2; ++side) {
      std::vector<Level>& levels = q.*sides[side];
      levels.clear();
      for (std::int64_t i = 0; i < depth[side][row]; ++i, ++next_level[side])
        levels.push_back({prices[side][next_level[side]], amounts[side][next_level[side]]});
    }
  }
};

bool ChainUnpacker::unpack(std::string_view bytes) {
  Unpacker in(bytes);
  snapshot_.as_of = take_time(in);
  for (std::size_t n = take_count(in, 4); n > 0; --n) texts_.emplace_back(in.take_text());
  const auto text = [&]() -> const std::string& {
    static const std::string none;
    const auto id = in.take<std::uint32_t>();
    if (id < texts_.size()) return texts_[id];
    in.refuse();
    return none;
  };
  for (std::size_t n = take_count(in, 80); n > 0 && !in.broken(); --n) {
    Instrument& i = instruments_.emplace_back();
    i.name = in.take_text();
    for (std::string* word : {&i.underlying, &i.settlement_currency, &i.index}) *word = text();
    i.kind = take_enum(in, market::Kind::spot);
    i.settlement = take_enum(in, market::Settlement::linear);
    i.option_type = take_enum(in, market::OptionType::put);
    i.from_venue = in.take<std::uint8_t>() != 0;
    i.expiry = take_time(in);
    for (double* value :
         {&i.strike, &i.contract_size, &i.lot, &i.fees.maker, &i.fees.taker, &i.fees.cap, &i.ticks.tick})
      *value = take_number(in);
    for (std::size_t steps = take_count(in, 16); steps > 0; --steps) {
      const double above_price = take_number(in);
      i.ticks.steps.push_back({above_price, take_number(in)});
    }
  }
  if (in.broken() || texts_.size() > chain_dictionary_limit || instruments_.size() > chain_dictionary_limit)
    return false;

  Columns columns;
  const auto n = in.take<std::uint32_t>();
  if (n > chain_dictionary_limit) return false;
  take_integers(in, n, columns.listed);
  take_integers(in, n, columns.has_quote);
  const std::size_t quotes = Columns::count_of(in, columns.has_quote);
  take_integers(in, quotes, columns.labels);
  columns.take(in, quotes);
  const auto within = [&in](const std::vector<std::int64_t>& column, std::size_t end) {
    for (const std::int64_t value : column) {
      if (value < 0 || static_cast<std::uint64_t>(value) >= end) in.refuse();
    }
  };
  within(columns.listed, instruments_.size());
  within(columns.labels, texts_.size());
  within(columns.open, 3);
  if (in.broken()) return false;

  // Both maps are in the order of the names, as the columns are: one walk along each changes what has changed.
  auto instrument = snapshot_.instruments.begin();
  auto quote = snapshot_.quotes.begin();
  const auto walk_to = [](auto& map, auto& at, const std::string& name, const auto& erased) {
    while (at != map.end() && at->first < name) at = map.erase(at), erased();
    return at != map.end() && at->first == name;
  };
  std::size_t before = 0, row = 0;
  const std::string* last = nullptr;
  for (std::size_t i = 0; i < n; ++i) {
    const Instrument& now = instruments_[static_cast<std::size_t>(columns.listed[i])];
    if (last != nullptr && !(*last < now.name)) return false;
    last = &now.name;
    if (walk_to(snapshot_.instruments, instrument, now.name, [&before] { ++before; })) {
      if (listed_[before++] != columns.listed[i]) instrument->second = now;
    } else {
      instrument = snapshot_.instruments.emplace_hint(instrument, now.name, now);
    }
    ++instrument;
    if (columns.has_quote[i] == 0) continue;
    if (!walk_to(snapshot_.quotes, quote, now.name, [] {})) {
      quote = snapshot_.quotes.emplace_hint(quote, now.name, Quote{});
      quote->second.instrument = now.name;
    }
    columns.fill(row++, quote->second, texts_);
    ++quote;
  }
  snapshot_.instruments.erase(instrument, snapshot_.instruments.end());
  snapshot_.quotes.erase(quote, snapshot_.quotes.end());
  listed_ = std::move(columns.listed);

  snapshot_.indices.clear();
  for (std::size_t k = take_count(in, 20); k > 0; --k) {
    std::string underlying(in.take_text());
    const double price = take_number(in);
    snapshot_.indices.insert_or_assign(std::move(underlying), market::Index{price, take_time(in)});
  }
  snapshot_.dropped.clear();
  for (std::size_t k = take_count(in, 12); k > 0 && !in.broken(); --k) {
    market::Dropped& dropped = snapshot_.dropped.emplace_back();
    for (std::string* word : {&dropped.instrument, &dropped.reason, &dropped.detail}) *word = in.take_text();
  }
  return !in.broken() && in.left() == 0;
}

}  // namespace ballast::store
