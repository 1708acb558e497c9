#include "ballast/venue/deribit/chain_csv.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "ballast/base/text.h"
#include "ballast/venue/deribit/name.h"
#include "ballast/venue/internal/csv.h"
#include "ballast/venue/internal/json.h"

namespace ballast::venue::deribit {
namespace {

constexpr std::size_t table_limit = std::size_t{64} << 20;  // bytes; the largest recorded snapshot has 0.4 MB

/// Times as the table writes them. A chain has one timestamp and a dozen expiries in thousands of rows.
class TimeTexts {
 public:
  std::optional<Time> at(std::string_view text) {
    if (text == last_text_) return last_;
    if (const auto known = known_.find(text); known != known_.end()) {
      last_text_ = text;
      return last_ = known->second;
    }
    const auto parsed = parse_time(text);
    if (!parsed || !json::believable_time(parsed.value().ms)) return std::nullopt;
    known_.emplace(text, parsed.value());
    return parsed.value();
  }

 private:
  std::string_view last_text_;
  std::optional<Time> last_;
  std::unordered_map<std::string_view, Time> known_;
};

double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return 0.5 * (*middle + *std::max_element(values.begin(), middle));
}

}  // namespace

Result<ChainCsv> decode_chain_csv(std::string_view bytes) {
  enum {
    timestamp,
    name,
    underlying,
    type,
    strike,
    expiry,
    bid,
    ask,
    mark,
    iv,
    index,
    currency,
    label,
    delta,
    vega,
    open_interest
  };
  CsvRows rows(bytes, table_limit,
               {"timestamp", "instrument_name", "underlying", "option_type", "strike", "expiry_datetime", "bid_price",
                "ask_price", "mark_price", "implied_volatility", "index_price", "currency"},
               {"underlying_name", "delta", "vega", "open_interest"});
  ChainCsv chain;
  TimeTexts stamps, expiries;
  std::unordered_map<std::string_view, std::size_t> line_of;
  std::map<std::string, std::vector<double>, std::less<>> index_rows;
  // Room for the usual chain of 1,200 to 2,000 rows; bounded, because a table of empty lines has no rows at all.
  const std::size_t room = std::min<std::size_t>(bytes.size() / 128, 4096);
  chain.instruments.reserve(room);
  chain.quotes.reserve(room);
  line_of.reserve(room);
  while (rows.next()) {
    const auto sent = stamps.at(rows.text(timestamp));
    if (!sent) rows.reject(timestamp, "is not a time between 2015 and 2100");
    if (rows.error()) break;
    auto parsed = parse_name(rows.text(name));
    if (!parsed) {
      rows.fail(parsed.error());
      break;
    }
    market::Instrument instrument = std::move(parsed).value();
    const auto [first, fresh] = line_of.emplace(rows.text(name), rows.line());
    if (!fresh) rows.reject(name, fmt::format("is already in line {}", first->second));
    if (!instrument.is_option()) rows.reject(name, "is not an option", Fault::not_believable);
    if (!(std::abs(rows.number(strike) - instrument.strike) <= 1e-9 * instrument.strike)) {
      rows.reject(strike, "contradicts the name", Fault::not_believable);
    }
    if (rows.text(type) != market::name(instrument.option_type))
      rows.reject(type, "contradicts the name", Fault::not_believable);
    if (expiries.at(rows.text(expiry)) != instrument.expiry)
      rows.reject(expiry, "contradicts the name", Fault::not_believable);
    if (rows.text(currency) != instrument.underlying)
      rows.reject(currency, "contradicts the name", Fault::not_believable);
    market::Quote quote;
    quote.instrument = instrument.name;
    quote.sent = *sent;
    quote.bid = rows.maybe_positive(bid);
    quote.ask = rows.maybe_positive(ask);
    quote.mark = rows.maybe_number(mark);
    if (quote.mark && *quote.mark < 0.0) rows.reject(mark, "must not be negative");
    if (const auto vol = rows.maybe_positive(iv)) quote.mark_vol = Vol(*vol);
    quote.index = rows.maybe_positive(index);
    quote.underlying_price = rows.maybe_positive(underlying);
    quote.underlying_index = std::string(rows.text(label));
    if (const auto venue_delta = rows.maybe_number(delta)) {
      quote.greeks =
          market::VenueGreeks{*venue_delta, std::nullopt, rows.maybe_number(vega), std::nullopt, std::nullopt};
    }
    quote.open_interest = rows.maybe_number(open_interest);
    if (quote.open_interest && *quote.open_interest < 0.0) rows.reject(open_interest, "must not be negative");
    if (rows.error()) break;
    if (quote.index) {
      const auto of = index_rows.find(rows.text(currency));
      (of != index_rows.end() ? of->second : index_rows[instrument.underlying]).push_back(*quote.index);
    }
    chain.as_of = std::max(chain.as_of, *sent);
    chain.instruments.push_back(std::move(instrument));
    chain.quotes.push_back(std::move(quote));
  }
  if (rows.error()) return *rows.error();
  if (chain.quotes.empty()) return Error{Fault::missing_data, "the table has a header and no rows"};
  for (auto& [of, values] : index_rows) chain.indices[of] = {median(values), chain.as_of};
  return chain;
}

Result<std::vector<market::Quote>> decode_perpetual_prices_csv(std::string_view bytes) {
  enum { timestamp, name, mark, bid, ask };
  CsvRows rows(bytes, table_limit, {"snapshot_timestamp_ms", "instrument_name", "perp_futures_mark_price"},
               {"perp_futures_best_bid", "perp_futures_best_ask"});
  std::vector<market::Quote> quotes;
  std::set<std::pair<std::string_view, Time>> seen;
  while (rows.next()) {
    const auto ms = parse_integer(rows.text(timestamp));
    if (!ms) rows.reject(timestamp, "is not a whole number of milliseconds");
    if (ms && !json::believable_time(*ms))
      rows.reject(timestamp, "is not between 2015 and 2100 (unit slip)", Fault::not_believable);
    if (rows.error()) break;
    const auto parsed = parse_name(rows.text(name));
    if (!parsed) {
      rows.fail(parsed.error());
      break;
    }
    if (parsed.value().kind != market::Kind::perpetual) rows.reject(name, "is not a perpetual", Fault::not_believable);
    if (!seen.emplace(rows.text(name), Time{*ms}).second) rows.reject(timestamp, "is there twice for this instrument");
    market::Quote quote;
    quote.instrument = parsed.value().name;
    quote.sent = Time{*ms};
    quote.mark = rows.maybe_positive(mark);
    quote.bid = rows.maybe_positive(bid);
    quote.ask = rows.maybe_positive(ask);
    if (rows.error()) break;
    quotes.push_back(std::move(quote));
  }
  if (rows.error()) return *rows.error();
  if (quotes.empty()) return Error{Fault::missing_data, "the table has a header and no rows"};
  return quotes;
}

}  // namespace ballast::venue::deribit
