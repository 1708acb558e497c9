#include "ballast/venue/deribit/account.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "ballast/base/text.h"
#include "ballast/venue/internal/message.h"

namespace ballast::venue::deribit {
namespace {

using json::Node;
using market::Kind;

constexpr std::size_t most_positions = 10'000;
constexpr std::size_t most_currencies = 1'000;

bool contradict(double a, double b) { return (a > 0.0 && b < 0.0) || (a < 0.0 && b > 0.0); }

}  // namespace

Result<std::vector<market::Position>> decode_positions(std::string_view bytes) {
  auto opened = open_message(bytes, json::list_limit, {"-"});  // no channel carries a full list
  if (!opened) return opened.error();
  const Message message = std::move(opened).value();
  std::vector<market::Position> positions;
  const auto read_row = [&](const Node& row) {
    const auto instrument = named_instrument(row);
    if (!instrument) return;
    const bool future = instrument->kind == Kind::future || instrument->kind == Kind::perpetual;
    if (const auto kind = row.maybe_text("kind"); kind && *kind != (future                             ? "future"
                                                                    : instrument->kind == Kind::option ? "option"
                                                                                                       : "spot")) {
      row.fail(Fault::not_believable, "kind", "it contradicts the name " + ballast::quoted(instrument->name));
    }
    const double size = row.number("size");
    const std::string_view direction = row.text("direction");
    if (row.failed()) return;
    const double sign = direction == "buy" ? 1.0 : direction == "sell" ? -1.0 : 0.0;
    if (sign == 0.0 && direction != "zero") {
      return row.fail(Fault::not_believable, "direction", "buy, sell or zero is due");
    }
    if (contradict(size, sign) || (sign == 0.0 && size != 0.0)) {
      return row.fail(Fault::not_believable, "direction", "it contradicts the size " + shortest(size));
    }
    market::Position position;
    position.venue = "deribit";
    position.instrument = instrument->name;
    position.quantity = size;
    position.unit = instrument->size_unit();
    position.average_price = positive(row, "average_price");
    position.where = row.path();
    if (future && instrument->settlement == market::Settlement::linear) {
      position.quantity = row.number("size_currency");
      if (contradict(size, position.quantity) || (size == 0.0) != (position.quantity == 0.0)) {
        row.fail(Fault::not_believable, "size_currency", "it contradicts the size " + shortest(size));
      }
    }
    const bool twice = std::any_of(positions.begin(), positions.end(), [&](const market::Position& other) {
      return other.instrument == position.instrument;
    });
    if (twice) return row.reject("instrument_name", "it is in the list twice");
    if (position.quantity != 0.0) positions.push_back(std::move(position));
  };
  message.data.is_array() ? message.data.each(most_positions, read_row) : read_row(message.data);
  return finished(message, std::move(positions));
}

Result<std::vector<market::Account>> decode_account(std::string_view bytes) {
  auto opened = open_message(bytes, json::list_limit, {"user.portfolio."});
  if (!opened) return opened.error();
  const Message message = std::move(opened).value();
  std::vector<market::Account> accounts;
  const auto read_row = [&](const Node& row) {
    market::Account a;
    a.currency = std::string(row.text("currency"));
    if (!row.failed() && (a.currency.empty() || a.currency.size() > 16))
      row.reject("currency", "1 to 16 bytes are due");
    a.equity = row.number("equity");
    a.balance = row.maybe_number("balance");
    a.options_value = row.maybe_number("options_value");
    a.session_rpl = row.maybe_number("session_rpl");
    a.futures_session_upl = row.maybe_number("futures_session_upl");
    a.margin_balance = row.maybe_number("margin_balance");
    a.initial_margin = row.maybe_number("initial_margin");
    a.maintenance_margin = row.maybe_number("maintenance_margin");
    a.available_funds = row.maybe_number("available_funds");
    a.options_delta = row.maybe_number("options_delta");
    a.delta_total = row.maybe_number("delta_total");
    a.projected_delta_total = row.maybe_number("projected_delta_total");
    if (const auto model = row.maybe_text("margin_model")) a.margin_model = std::string(*model);
    if (const auto map = row.object("delta_total_map")) {
      map->each_member([&](std::string_view index, const Node& delta) {
        a.delta_total_map[std::string(index)] = delta.as_number();
      });
    }
    const bool twice = std::any_of(accounts.begin(), accounts.end(),
                                   [&](const market::Account& other) { return other.currency == a.currency; });
    if (twice) return row.reject("currency", "it is there twice");
    accounts.push_back(std::move(a));
  };
  if (const auto summaries = message.data.find("summaries")) {
    summaries->each(most_currencies, read_row);
  } else if (message.data.is_array()) {
    message.data.each(most_currencies, read_row);
  } else {
    read_row(message.data);
  }
  return finished(message, std::move(accounts));
}

std::vector<std::string> identity_faults(const market::Account& a) {
  std::vector<std::string> faults;
  if (a.margin_model.substr(0, 10) != "segregated") return faults;
  const auto check = [&](const char* what, double said, double sum) {
    constexpr double tolerance = 1e-6;
    if (std::abs(said - sum) <= tolerance) return;
    faults.push_back(fmt::format("{}: {} is {}, its parts give {}", a.currency, what, shortest(said), shortest(sum)));
  };
  if (a.balance && a.session_rpl && a.futures_session_upl && a.options_value) {
    check("equity", a.equity, *a.balance + *a.session_rpl + *a.futures_session_upl + *a.options_value);
  }
  if (a.margin_model == "segregated_sm" && a.margin_balance && a.options_value) {
    check("margin_balance", *a.margin_balance, a.equity - *a.options_value);
  }
  if (a.available_funds && a.margin_balance && a.initial_margin) {
    check("available_funds", *a.available_funds, *a.margin_balance - *a.initial_margin);
  }
  return faults;
}

}  // namespace ballast::venue::deribit
