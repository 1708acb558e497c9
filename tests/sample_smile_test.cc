// The bundled sample chain as the quotes of its smiles.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "ballast/market/clean.h"
#include "ballast/store/snapshot.h"
#include "ballast/vol/fit.h"
#include "ballast/vol/smile_quotes.h"

using namespace ballast;
using namespace ballast::vol;

namespace {

market::Snapshot sample() {
  return market::clean(store::read_snapshot({std::string(BALLAST_SOURCE_DIR) + "/examples/btc-chain.json"}).value(),
                       {});
}

std::map<std::string, int> reasons(const SmileQuotes& found) {
  std::map<std::string, int> count;
  for (const market::Dropped& d : found.dropped) ++count[d.reason];
  return count;
}

}  // namespace

TEST_CASE("the sample chain gives each strike once, out of the money and in order") {
  const market::Snapshot snapshot = sample();
  const QuotedChain chain = quoted(snapshot);
  for (const QuoteRules& rules : {QuoteRules{}, QuoteRules{.target = FitTarget::mid, .weight = FitWeight::spread},
                                  QuoteRules{.weight = FitWeight::vega, .two_sided = false}}) {
    const SmileQuotes found = smile_quotes(snapshot, chain, "btc_usd", rules);
    REQUIRE_FALSE(found.slices.empty());
    Time before{0};
    for (const SliceQuotes& q : found.slices) {
      CAPTURE(to_string(q.expiry));
      CHECK(q.expiry > before);
      before = q.expiry;
      CHECK(q.years.value * 365.0 >= rules.least_days);
      REQUIRE(q.vol.size() >= rules.least_quotes);
      REQUIRE(q.instrument.size() == q.vol.size());
      REQUIRE(q.log_moneyness.size() == q.vol.size());
      REQUIRE(q.weight.size() == q.vol.size());
      for (std::size_t i = 0; i < q.vol.size(); ++i) {
        const market::Instrument& option = snapshot.instruments.at(q.instrument[i]);
        CAPTURE(option.name);
        CHECK(option.expiry == q.expiry);
        CHECK(q.log_moneyness[i] == doctest::Approx(std::log(option.strike / q.forward.value)).epsilon(1e-12));
        CHECK((q.log_moneyness[i] < 0.0) == (option.option_type == market::OptionType::put));
        if (i > 0) CHECK(q.log_moneyness[i] > q.log_moneyness[i - 1]);
        CHECK(q.vol[i] > 0.0);
        CHECK(q.weight[i] > 0.0);
        if (rules.weight == FitWeight::spread) CHECK(q.weight[i] <= 25.0);
        if (rules.weight == FitWeight::vega) CHECK(q.weight[i] <= 1.0);
        if (rules.target == FitTarget::mid) {
          CHECK(q.ask_vol[i] - q.bid_vol[i] <= rules.widest_vol);
          CHECK(q.vol[i] >= q.bid_vol[i]);
          CHECK(q.vol[i] <= q.ask_vol[i]);
        }
      }
    }
  }
}

TEST_CASE("the sample chain says of every out-of-the-money option what became of it") {
  const market::Snapshot snapshot = sample();
  const QuotedChain chain = quoted(snapshot);
  const SmileQuotes found = smile_quotes(snapshot, chain, "btc_usd", {});
  std::set<std::string> used, gone, expiries;
  for (const SliceQuotes& q : found.slices) used.insert(q.instrument.begin(), q.instrument.end());
  for (const market::Dropped& d : found.dropped) gone.insert(d.instrument);
  for (const auto& [name, option] : chain.options) {
    const market::Instrument& i = snapshot.instruments.at(name);
    const bool call = i.option_type == market::OptionType::call;
    if (i.index != "btc_usd" || (i.strike < option.forward.value) == call) continue;
    CAPTURE(name);
    CHECK((used.contains(name) ? 1 : 0) + (gone.contains(name) || gone.contains(to_string(i.expiry)) ? 1 : 0) == 1);
  }
  // With rules that nothing meets every expiry is named by the one it fails.
  const auto none = [&](const QuoteRules& rules, const char* reason) {
    const SmileQuotes left = smile_quotes(snapshot, chain, "btc_usd", rules);
    CHECK(left.slices.empty());
    CHECK(reasons(left)[reason] >= static_cast<int>(found.slices.size()));
  };
  none({.least_quotes = 1000}, "too_few_quotes");
  none({.least_days = 10'000.0}, "too_near");
  none({.target = FitTarget::mid, .widest_vol = 0.0}, "wide");
  CHECK(smile_quotes(snapshot, chain, "eth_usd", {}).slices.empty());
}

TEST_CASE("the smiles of the sample chain are free of arbitrage and close to its marks") {
  const market::Snapshot snapshot = sample();
  const SmileQuotes found = smile_quotes(snapshot, quoted(snapshot), "btc_usd", {});
  double worst = 0.0;
  for (const Model model : {Model::spline, Model::svi, Model::essvi}) {
    CAPTURE(std::string(name(model)));
    const Surface surface = fit(found.slices, {.model = model}).value();
    for (const Slice& slice : surface.slices) {
      CHECK(slice.health.least_butterfly >= 0.0);
      CHECK(slice.health.calendar_margin >= 0.0);
      if (model == Model::spline) worst = std::max(worst, slice.health.rmse);
    }
  }
  MESSAGE("worst rmse of a slice: " << worst);
  CHECK(worst <= 1e-3);
}
