// The books of a run on the bundled sample chain.
#include <cmath>
#include <string>

#include <doctest/doctest.h>

#include "ballast/market/clean.h"
#include "ballast/sim/book.h"
#include "ballast/store/snapshot.h"
#include "ballast/vol/quoted.h"

using namespace ballast;

namespace {

market::Snapshot sample() {
  const std::string examples = std::string(BALLAST_SOURCE_DIR) + "/examples/";
  return market::clean(store::read_snapshot({examples + "btc-chain.json", examples + "btc-instruments.json"}).value(),
                       {});
}

/// |net delta|, (K/F) N(±d2), by the C library.
double net_delta(const market::Instrument& i, const vol::QuotedOption& o) {
  const double stdev = o.vol.value * std::sqrt(o.years.value);
  const double sign = i.option_type == market::OptionType::call ? 1.0 : -1.0;
  const double d2 = std::log(o.forward.value / i.strike) / stdev - 0.5 * stdev;
  return i.strike / o.forward.value * 0.5 * std::erfc(-sign * d2 / std::sqrt(2.0));
}

}  // namespace

TEST_CASE(
    "the sample chain: a strangle of 30 days is that of 25 December at its bids, a straddle stands at the money") {
  const market::Snapshot snapshot = sample();
  const vol::QuotedChain chain = vol::quoted(snapshot);
  sim::BookState state;
  const auto sold = sim::trades(sim::StrangleBook{.coins = 3.0, .delta = 0.25}, state, "BTC", snapshot, chain);
  REQUIRE(sold);
  REQUIRE(sold.value().size() == 2);
  for (const auto& trade : sold.value()) {
    const market::Instrument& i = snapshot.instruments.at(trade.instrument);
    CHECK(to_string(i.expiry).substr(0, 10) == "2026-12-25");
    CHECK(trade.amount == -3.0);
    CHECK(trade.price == *snapshot.quotes.at(trade.instrument).bid);
    const double off = std::abs(net_delta(i, chain.options.at(trade.instrument)) - 0.25);
    for (const auto& [name, o] : chain.options) {
      const market::Instrument& other = snapshot.instruments.at(name);
      const bool same = other.expiry == i.expiry && other.option_type == i.option_type;
      const bool call = i.option_type == market::OptionType::call;
      const bool out = call ? other.strike >= o.forward.value : other.strike <= o.forward.value;
      if (same && out && snapshot.quotes.at(name).bid) CHECK(off <= std::abs(net_delta(other, o) - 0.25) + 1e-12);
    }
  }
  sim::BookState other;
  const auto straddle =
      sim::trades(sim::StrangleBook{.days = 1.0, .straddle = true, .cross = false}, other, "BTC", snapshot, chain);
  REQUIRE(straddle);
  const market::Instrument& call = snapshot.instruments.at(straddle.value()[0].instrument);
  CHECK(to_string(call.expiry).substr(0, 10) == "2026-11-21");
  const double forward = chain.options.at(call.name).forward.value;
  for (const auto& [name, i] : snapshot.instruments) {
    const std::string put = name.substr(0, name.size() - 1) + "P";
    if (!i.is_option() || i.expiry != call.expiry || !chain.options.contains(name) || !chain.options.contains(put))
      continue;
    CHECK(std::abs(call.strike - forward) <= std::abs(i.strike - forward));
  }
}

TEST_CASE("the sample chain: a maker trades what is two-sided, between the bid and the ask") {
  market::Snapshot snapshot = sample();
  const vol::QuotedChain chain = vol::quoted(snapshot);
  const sim::MakerBook maker{.trades_a_day = 200.0, .edge = 0.5, .most_vega_usd = 2'000.0};
  sim::BookState state;
  REQUIRE(sim::trades(maker, state, "BTC", snapshot, chain));
  double earned = 0.0;
  for (int day = 1; day <= 5; ++day) {
    snapshot.as_of.ms += 86'400'000;
    const auto found = sim::trades(maker, state, "BTC", snapshot, chain);
    REQUIRE(found);
    CHECK(found.value().size() > 50);
    for (const auto& trade : found.value()) {
      const market::Quote& quote = snapshot.quotes.at(trade.instrument);
      REQUIRE((quote.bid && quote.ask && quote.mark));
      CHECK((trade.price >= *quote.bid && trade.price <= *quote.ask));
      earned += trade.amount * (*quote.mark - trade.price);
    }
    CHECK(std::abs(sim::vega_usd(state, snapshot, chain)) <= 2'000.0 * (1.0 + 1e-9));
  }
  CHECK(earned > 0.0);
}
