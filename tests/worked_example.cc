#include "tests/worked_example.h"

#include <cmath>
#include <vector>

namespace ballast::test {
namespace {

using market::Instrument;
using market::Kind;
using market::OptionType;
using market::Quote;
using market::Settlement;

const Time now = parse_time("2026-01-01T08:00:00Z").value();
const Time expiry = parse_time("2026-01-31T08:00:00Z").value();

Instrument option(const std::string& name, OptionType type, double strike) {
  Instrument i{.name = name, .underlying = "BTC", .settlement_currency = "BTC", .index = "btc_usd"};
  i.kind = Kind::option;
  i.option_type = type;
  i.strike = strike;
  i.expiry = expiry;
  i.contract_size = 1.0;
  i.lot = 0.1;
  i.ticks = {0.0001, {{0.005, 0.0005}}};
  i.fees = {0.0003, 0.0003, 0.125};
  i.from_venue = true;
  return i;
}

Instrument inverse(const std::string& name, Kind kind, Time when, double tick) {
  Instrument i{.name = name, .underlying = "BTC", .settlement_currency = "BTC", .index = "btc_usd"};
  i.kind = kind;
  i.expiry = when;
  i.contract_size = 10.0;
  i.lot = 10.0;
  i.ticks = {tick, {}};
  i.fees = {0.0, 0.0005, 0.0};
  i.from_venue = true;
  return i;
}

void add(market::Snapshot& s, Instrument instrument, Quote quote) {
  quote.instrument = instrument.name;
  quote.sent = now;
  s.quotes[instrument.name] = quote;
  s.instruments[instrument.name] = std::move(instrument);
}

}  // namespace

market::Snapshot worked_market() {
  market::Snapshot s;
  s.as_of = now;
  s.indices["BTC"] = {60000.0, now};
  add(s, option(worked_call, OptionType::call, 65000.0),
      {.bid = 0.037, .ask = 0.0375, .mark = 0.0372978, .mark_vol = Vol(0.6)});
  add(s, option(worked_put, OptionType::put, 60000.0),
      {.bid = 0.0685, .ask = 0.069, .mark = 0.0685394, .mark_vol = Vol(0.6)});
  add(s, inverse("BTC-31JAN26", Kind::future, expiry, 2.5), {.bid = 59997.5, .ask = 60002.5, .mark = 60000.0});
  add(s, inverse("BTC-PERPETUAL", Kind::perpetual, never, 0.5), {.bid = 59999.5, .ask = 60000.5, .mark = 60000.0});
  return s;
}

market::Position position(const std::string& instrument, double quantity, market::SizeUnit unit) {
  return {.venue = "deribit",
          .instrument = instrument,
          .quantity = quantity,
          .unit = unit,
          .average_price = std::nullopt,
          .where = {}};
}

vol::Learned learned_example(double level, double tilt, double noise, int steps, Time to) {
  vol::Learned learned;
  for (int i = 0; i < steps; ++i) {
    // Irrational turns instead of random numbers, of 1 - 1/golden ratio and sqrt(2) - 1: the two do not go together.
    const double gain = 0.01 * std::cos(2.399963 * i), own = 0.01 * noise * std::cos(1.0 + 2.602588 * i);
    std::vector<vol::SmileMove> moves;
    for (const double days : {3.0, 8.0, 20.0, 60.0, 200.0}) {
      for (int j = -4; j <= 4; ++j) {
        const double z = 0.4 * j, vega = 0.1 * std::exp(-0.5 * z * z), vol = 0.5 + 0.03 * z * z, net = 0.4 - 0.1 * z;
        moves.push_back({.years = Years(days / 365.0),
                         .vol = Vol(vol),
                         .moneyness = z,
                         .vega_coin = vega,
                         .net_delta = net,
                         .change = net * gain + vega * vol * ((level + tilt * z) * gain + own),
                         .hedge_gain = gain});
      }
    }
    const Time at{to.ms - static_cast<std::int64_t>(steps - 1 - i) * 21'600'000};
    learned.state = vol::update(learned.state, at, moves, learned.rules).value();
    ++learned.steps;
  }
  return learned;
}

}  // namespace ballast::test
