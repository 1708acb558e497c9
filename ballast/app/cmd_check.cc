#include <algorithm>
#include <ostream>

#include <fmt/format.h>

#include "ballast/app/commands.h"
#include "ballast/market/clean.h"
#include "ballast/store/file.h"
#include "ballast/venue/deribit/account.h"
#include "ballast/venue/deribit/chain_csv.h"
#include "ballast/venue/deribit/form.h"
#include "ballast/venue/deribit/instruments.h"
#include "ballast/venue/deribit/name.h"
#include "ballast/venue/deribit/order_book.h"
#include "ballast/venue/deribit/ticker.h"
#include "ballast/venue/positions_csv.h"

namespace ballast::app {
namespace {

using venue::deribit::Form;

/// What became of an input: a class of docs/safety.md and the reason, empty for OK.
struct Outcome {
  std::string label;
  std::string reason;
};

Outcome outcome_of(const Error& error) {
  const char* label = "REFUSE";
  switch (error.fault) {
    case Fault::bad_syntax: label = "REJECT_SYNTAX"; break;
    case Fault::bad_field: label = "REJECT_FIELD"; break;
    case Fault::not_believable: label = "QUARANTINE"; break;
    case Fault::out_of_sequence: label = "RESYNC"; break;
    case Fault::not_ours: label = "IGNORE"; break;
    case Fault::bad_flag:
    case Fault::bad_input:
    case Fault::missing_data:
    case Fault::no_solution:
    case Fault::limit:
    case Fault::unavailable: break;
  }
  return {label, error.what};
}

Outcome understood(bool something_absent) { return {something_absent ? "OK_ABSENT" : "OK", ""}; }

bool lacks_something(const market::Quote& quote) { return !quote.bid || !quote.ask || !quote.mark; }

/// Quotes pass the same door as in a hedge: what it drops is quarantined.
Outcome judge(market::Snapshot market, std::optional<Time> as_of, std::vector<market::Dropped> dropped) {
  bool absent = false;
  market.as_of = Time{0};
  for (const auto& [name, quote] : market.quotes) {
    absent = absent || lacks_something(quote);
    market.as_of = std::max(market.as_of, quote.sent);
  }
  if (as_of) market.as_of = *as_of;
  const std::size_t all = market.quotes.size();
  const market::Snapshot cleaned = market::clean(std::move(market), {});
  dropped.insert(dropped.end(), cleaned.dropped.begin(), cleaned.dropped.end());
  for (const market::Dropped& d : dropped) {
    if (d.reason == "combo") continue;  // known, and of no use
    return {"QUARANTINE", fmt::format("{}: {} ({}); {} of {} quotes are not applied", d.instrument, d.reason, d.detail,
                                      all - cleaned.quotes.size(), all)};
  }
  return understood(absent);
}

Result<market::Snapshot> market_of(const std::vector<market::Quote>& quotes) {
  market::Snapshot market;
  for (const market::Quote& quote : quotes) {
    auto instrument = venue::deribit::parse_name(quote.instrument);
    if (!instrument) return instrument.error();
    market.instruments.emplace(quote.instrument, std::move(instrument).value());
    market.quotes[quote.instrument] = quote;  // a table of many times: the last one stays
  }
  return market;
}

Outcome judge(const std::vector<market::Quote>& quotes, std::optional<Time> as_of,
              std::vector<market::Dropped> dropped = {}) {
  auto market = market_of(quotes);
  if (!market) return outcome_of(market.error());
  return judge(std::move(market).value(), as_of, std::move(dropped));
}

/// A change needs the book that it changes, and one message by itself has none before it.
Outcome judge_order_book(const venue::deribit::OrderBookMessage& message, std::optional<Time> as_of) {
  venue::deribit::OrderBook book;
  if (const auto applied = book.apply(message); !applied) return outcome_of(applied.error());
  if (as_of && message.sent.ms > as_of->ms + 1000) return {"QUARANTINE", "timestamp is more than 1 s ahead of --as-of"};
  return understood(book.bids().empty() || book.asks().empty());
}

Outcome judge_positions(const std::vector<market::Position>& positions, std::optional<Time> as_of) {
  for (const market::Position& p : positions) {
    const std::string place = p.where.empty() ? "" : p.where + ": ";
    const auto instrument = venue::deribit::parse_name(p.instrument);
    if (!instrument) return {"REFUSE", place + instrument.error().what};
    const auto amount = market::amount_of(instrument.value(), p.quantity, p.unit);
    if (!amount) return {"REFUSE", place + amount.error().what};
    if (as_of && instrument.value().expiry <= *as_of) {
      return {"REFUSE", fmt::format("{}{}: expired {}", place, p.instrument, to_string(instrument.value().expiry))};
    }
  }
  return understood(false);
}

Outcome judge_accounts(const std::vector<market::Account>& accounts) {
  for (const market::Account& account : accounts) {
    const auto faults = venue::deribit::identity_faults(account);
    if (!faults.empty()) return {"QUARANTINE", faults.front()};
  }
  return understood(false);
}

Outcome judge_index(const venue::deribit::IndexPrice& index, std::optional<Time> as_of) {
  if (as_of && index.sent && index.sent->ms > as_of->ms + 1000)
    return {"QUARANTINE", "timestamp is more than 1 s ahead of --as-of"};
  return understood(!index.sent);
}

template <class T, class Judge>
Outcome judged(const Result<T>& decoded, Judge judge_value) {
  return decoded ? judge_value(decoded.value()) : outcome_of(decoded.error());
}

Outcome check(Form form, std::string_view bytes, std::optional<Time> as_of) {
  using namespace venue::deribit;
  switch (form) {
    case Form::instruments:
      return judged(decode_instruments(bytes),
                    [](const InstrumentList& list) { return understood(list.instruments.empty()); });
    case Form::book_summary:
      return judged(decode_book_summary(bytes),
                    [&](const BookSummary& s) { return judge(s.quotes, as_of, s.dropped); });
    case Form::ticker: return judged(decode_ticker(bytes), [&](const market::Quote& q) { return judge({q}, as_of); });
    case Form::quote:
      return judged(decode_quote(bytes), [&](const market::Quote& q) {
        const Outcome outcome = judge({q}, as_of);
        return outcome.label == "OK_ABSENT" ? understood(!q.bid || !q.ask) : outcome;  // this channel has no mark
      });
    case Form::order_book:
      return judged(decode_order_book(bytes), [&](const OrderBookMessage& m) { return judge_order_book(m, as_of); });
    case Form::index: return judged(decode_index(bytes), [&](const IndexPrice& i) { return judge_index(i, as_of); });
    case Form::positions:
      return judged(decode_positions(bytes),
                    [&](const std::vector<market::Position>& p) { return judge_positions(p, as_of); });
    case Form::account: return judged(decode_account(bytes), judge_accounts);
    case Form::chain_csv:
      return judged(decode_chain_csv(bytes), [&](const ChainCsv& c) { return judge(c.quotes, as_of); });
    case Form::perpetual_prices_csv:
      return judged(decode_perpetual_prices_csv(bytes),
                    [](const std::vector<market::Quote>&) { return understood(false); });
    case Form::positions_csv:
      return judged(venue::decode_positions_csv(bytes),
                    [&](const std::vector<market::Position>& p) { return judge_positions(p, as_of); });
  }
  return {"REFUSE", "no such form"};
}

}  // namespace

int cmd_check(const CheckOptions& options, Streams streams) {
  std::optional<Time> as_of;
  if (options.as_of) {
    const auto parsed = parse_time(*options.as_of);
    if (!parsed) return fail({Fault::bad_flag, "--as-of " + parsed.error().what}, streams);
    as_of = parsed.value();
  }
  std::optional<Form> form;
  if (options.form != "auto") {
    form = venue::deribit::form_of(options.form);
    if (!form) return fail({Fault::bad_flag, "--format '" + options.form + "' is not a form that we read"}, streams);
  }
  const auto bytes = store::read_bytes(options.file, store::file_limit);
  Outcome outcome;
  if (!bytes) {
    if (bytes.error().fault == Fault::unavailable) return fail(bytes.error(), streams);
    outcome = outcome_of(bytes.error());
  } else if (form) {
    outcome = check(*form, bytes.value(), as_of);
  } else {
    const auto detected = venue::deribit::detect_form(bytes.value());
    outcome = detected ? check(detected.value(), bytes.value(), as_of) : outcome_of(detected.error());
  }
  streams.out << "outcome: " << outcome.label << "\n";
  if (!outcome.reason.empty()) streams.out << "reason: " << outcome.reason << "\n";
  const bool good = outcome.label == "OK" || outcome.label == "OK_ABSENT" || outcome.label == "IGNORE";
  return good ? Exit::done : Exit::refused;
}

}  // namespace ballast::app
