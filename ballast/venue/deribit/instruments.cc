#include "ballast/venue/deribit/instruments.h"

#include <cmath>
#include <set>
#include <string>

#include "ballast/base/text.h"
#include "ballast/venue/deribit/name.h"
#include "ballast/venue/internal/message.h"

namespace ballast::venue::deribit {
namespace {

using json::Node;
using market::Instrument;
using market::Kind;
using market::Settlement;

constexpr std::size_t most_instruments = 100'000;

double positive_due(const Node& row, std::string_view key) {
  const double value = row.number(key);
  if (!(value > 0.0)) row.reject(key, "it must be positive");
  return value;
}

void contradict(const Node& row, std::string_view key, const Instrument& named) {
  row.fail(Fault::not_believable, key, "it contradicts the name " + ballast::quoted(named.name));
}

void check_against_name(const Node& row, const Instrument& i, std::string_view kind) {
  const bool future = i.kind == Kind::future || i.kind == Kind::perpetual;
  if (kind != (i.kind == Kind::option ? "option" : future ? "future" : "spot")) contradict(row, "kind", i);
  if (i.kind == Kind::option) {
    const double strike = row.number("strike");
    if (!(std::abs(strike - i.strike) <= 1e-9 * i.strike)) contradict(row, "strike", i);
    const std::string_view type = row.text("option_type");
    if (type != market::name(i.option_type)) contradict(row, "option_type", i);
  }
  if (i.kind != Kind::spot && row.integer("expiration_timestamp") != i.expiry.ms) {
    contradict(row, "expiration_timestamp", i);
  }
  if (const auto period = row.maybe_text("settlement_period");
      period && future && (*period == "perpetual") != (i.kind == Kind::perpetual)) {
    contradict(row, "settlement_period", i);
  }
  if (const auto base = row.maybe_text("base_currency"); base && *base != i.underlying)
    contradict(row, "base_currency", i);
  if (i.kind == Kind::spot) return;
  const char* const type = i.settlement == Settlement::inverse ? "reversed" : "linear";
  for (const std::string_view key : {"instrument_type", "future_type"}) {
    if (const auto sent = row.maybe_text(key); sent && *sent != type) contradict(row, key, i);
  }
  if (const auto currency = row.maybe_text("settlement_currency"); currency && *currency != i.settlement_currency) {
    contradict(row, "settlement_currency", i);
  }
}

void read_steps(const Node& row, Instrument& i) {
  i.ticks.steps.clear();
  const auto steps = row.find("tick_size_steps");
  if (!steps) return;
  double above = 0.0;
  steps->each(64, [&](const Node& step) {
    const market::TickStep read{positive_due(step, "above_price"), positive_due(step, "tick_size")};
    if (!(read.above_price > above)) step.reject("above_price", "steps must rise");
    above = read.above_price;
    i.ticks.steps.push_back(read);
  });
}

}  // namespace

Result<InstrumentList> decode_instruments(std::string_view bytes) {
  auto opened = open_message(bytes, json::list_limit, {"-"});  // no channel carries a list
  if (!opened) return opened.error();
  const Message message = std::move(opened).value();
  InstrumentList list;
  std::set<std::string, std::less<>> seen;
  const auto read_row = [&](const Node& row) {
    const std::string_view name = row.text("instrument_name");
    const std::string_view kind = row.text("kind");
    if (row.failed()) return;
    if (!seen.emplace(name).second) return row.reject("instrument_name", "it is in the list twice");
    if (kind == "future_combo" || kind == "option_combo") {
      list.dropped.push_back({std::string(name), "combo", std::string(kind)});
      return;
    }
    if (kind != "option" && kind != "future" && kind != "spot") {
      list.dropped.push_back({std::string(name), "unknown_kind", ballast::quoted(kind)});
      return;
    }
    auto named = named_instrument(row);
    if (!named) return;
    Instrument& i = *named;
    check_against_name(row, i, kind);
    i.contract_size = positive_due(row, "contract_size");
    i.lot = positive_due(row, "min_trade_amount");
    if (i.kind == Kind::future || i.kind == Kind::perpetual) i.lot = std::max(i.lot, i.contract_size);
    i.ticks.tick = positive_due(row, "tick_size");
    read_steps(row, i);
    i.fees.maker = row.number("maker_commission");
    i.fees.taker = row.number("taker_commission");
    if (std::abs(i.fees.maker) > 0.1) row.fail(Fault::not_believable, "maker_commission", "over 10 %");
    if (std::abs(i.fees.taker) > 0.1) row.fail(Fault::not_believable, "taker_commission", "over 10 %");
    if (const auto index = row.maybe_text("price_index")) i.index = std::string(*index);
    i.from_venue = true;
    const auto state = row.maybe_text("state");
    const auto active = row.maybe_flag("is_active");
    if (row.failed()) return;
    if ((state && *state != "open") || !active.value_or(true)) {
      list.dropped.push_back({i.name, "not_open", "state " + ballast::quoted(state.value_or("not sent"))});
      return;
    }
    list.instruments.push_back(std::move(i));
  };
  message.data.is_array() ? message.data.each(most_instruments, read_row) : read_row(message.data);
  return finished(message, std::move(list));
}

}  // namespace ballast::venue::deribit
