#include "ballast/venue/deribit/form.h"

#include <algorithm>
#include <vector>

#include "ballast/base/text.h"
#include "ballast/venue/internal/message.h"

namespace ballast::venue::deribit {
namespace {

std::optional<Form> form_of_channel(std::string_view channel) {
  constexpr std::pair<std::string_view, Form> known[] = {
      {"ticker.", Form::ticker}, {"incremental_ticker.", Form::ticker}, {"book.", Form::order_book},
      {"quote.", Form::quote},   {"deribit_price_index.", Form::index}, {"user.portfolio.", Form::account}};
  for (const auto& [prefix, form] : known) {
    if (channel.substr(0, prefix.size()) == prefix) return form;
  }
  return std::nullopt;
}

std::optional<Form> form_of_row(const json::Node& row, bool in_list) {
  if (!row.is_object()) return std::nullopt;
  if (row.has("summaries") || (row.has("currency") && row.has("equity"))) return Form::account;
  if (!row.has("instrument_name")) {
    return row.has("index_price") || (row.has("price") && row.has("index_name")) ? std::optional(Form::index)
                                                                                 : std::nullopt;
  }
  if (row.has("tick_size") && row.has("kind")) return Form::instruments;
  if (row.has("size") && row.has("direction")) return Form::positions;
  if (row.has("bids") || row.has("asks")) return Form::order_book;
  if (row.has("creation_timestamp") && in_list) return Form::book_summary;
  if (row.has("timestamp") && row.has("mark_price")) return Form::ticker;
  if (row.has("timestamp") && (row.has("best_bid_price") || row.has("best_ask_price"))) return Form::quote;
  return std::nullopt;
}

std::optional<Form> form_of_table(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.size() > (std::size_t{64} << 10)) return std::nullopt;
    if (line.empty() || line.front() == '#') continue;
    const auto names = split(line, ',');
    const auto has = [&names](std::string_view name) {
      return std::any_of(names.begin(), names.end(), [name](std::string_view field) {
        while (!field.empty() && field.front() == ' ') field.remove_prefix(1);
        while (!field.empty() && field.back() == ' ') field.remove_suffix(1);
        return field == name;
      });
    };
    if (has("perp_futures_mark_price")) return Form::perpetual_prices_csv;
    if (has("implied_volatility") || (has("instrument_name") && has("bid_price"))) return Form::chain_csv;
    if (has("quantity") || (has("venue") && has("instrument"))) return Form::positions_csv;
    return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

const char* name(Form form) {
  switch (form) {
    case Form::instruments: return "instruments";
    case Form::book_summary: return "book-summary";
    case Form::ticker: return "ticker";
    case Form::order_book: return "order-book";
    case Form::quote: return "quote";
    case Form::index: return "index";
    case Form::positions: return "positions";
    case Form::account: return "account";
    case Form::chain_csv: return "chain-csv";
    case Form::perpetual_prices_csv: return "perpetual-prices-csv";
    case Form::positions_csv: return "positions-csv";
  }
  return "";
}

std::optional<Form> form_of(std::string_view text) {
  const auto found = std::find_if(forms.begin(), forms.end(), [text](Form form) { return text == name(form); });
  if (found == forms.end()) return std::nullopt;
  return *found;
}

Result<Form> detect_form(std::string_view bytes) {
  const std::size_t first = bytes.find_first_not_of(" \t\r\n");
  const char c = first == std::string_view::npos ? '\0' : bytes[first];
  if (c != '{' && c != '[') {
    if (const auto form = form_of_table(bytes)) return *form;
    return Error{Fault::bad_syntax, "byte 0: neither JSON nor a table with a header that we know, it begins with " +
                                        quoted(bytes.substr(0, 32))};
  }
  auto opened = open_message(bytes, json::list_limit, {});
  if (!opened) return opened.error();
  const Message message = std::move(opened).value();
  if (!message.channel.empty()) {
    if (const auto form = form_of_channel(message.channel)) return *form;
    return Error{Fault::not_ours, "channel " + ballast::quoted(message.channel)};
  }
  const bool list = message.data.is_array();
  const auto row = list ? message.data.first() : std::optional(message.data);
  if (!row) return Error{Fault::missing_data, "an empty list does not say what it is a list of"};
  if (const auto form = form_of_row(*row, list)) return *form;
  return Error{Fault::not_ours, "JSON that no decoder reads: " + row->path() + " is " + row->shown()};
}

}  // namespace ballast::venue::deribit
