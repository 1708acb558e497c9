#pragma once
#include <array>
#include <optional>
#include <string_view>

#include "ballast/base/result.h"

namespace ballast::venue::deribit {

/// What a file or a message holds. positions_csv is our own table, the others are the venue's or recorded from it.
enum class Form {
  instruments,
  book_summary,
  ticker,
  order_book,
  quote,
  index,
  positions,
  account,
  chain_csv,
  perpetual_prices_csv,
  positions_csv
};

inline constexpr std::array<Form, 11> forms = {
    Form::instruments, Form::book_summary, Form::ticker,    Form::order_book,           Form::quote,        Form::index,
    Form::positions,   Form::account,      Form::chain_csv, Form::perpetual_prices_csv, Form::positions_csv};

/// "book-summary", "chain-csv", …
const char* name(Form form);
std::optional<Form> form_of(std::string_view name);

/// The form of `bytes` by their content: the channel of a notification, else the fields of the first row, else the
/// names in a table's header.
/// Faults  bad_syntax when they are neither strict JSON nor a table that we know; not_ours for JSON that no decoder
///         reads; missing_data for an error reply and for an empty list, which does not say what it is a list of.
Result<Form> detect_form(std::string_view bytes);

}  // namespace ballast::venue::deribit
