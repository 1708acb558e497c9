// Smile dynamics on recorded chains: `../shared` has them, a machine without it skips this test with a message.
#include <cmath>
#include <string>

#include <doctest/doctest.h>

#include "ballast/ballast.h"
#include "tests/support.h"

using namespace ballast;

TEST_CASE("smile dynamics on recorded chains") {
  for (const std::string sample :
       {"data/deribit-optionchain-20251230-20260331/sample_deribit_options_snapshot_20260205T212937Z.csv.gz",
        "data/deribit-optionchain-20260516-20260727/sample_deribit_options_snapshot_20260624T171724Z.csv.gz"}) {
    const auto path = test::shared(sample);
    if (!path) return;
    CAPTURE(sample);
    market::Snapshot s = store::read_snapshot({*path}).value();
    const std::string perpetual = "BTC-PERPETUAL";
    s.instruments.emplace(perpetual, venue::deribit::parse_name(perpetual).value());
    desk::Config config;
    // Every option that a desk trades, 10 to 50 delta, of every expiry.
    const market::Snapshot cleaned = market::clean(s, config.cleaning);
    const vol::QuotedChain chain = vol::quoted(cleaned);
    market::Portfolio book;
    for (const auto& [name, option] : chain.options) {
      const market::Instrument& i = cleaned.instruments.at(name);
      const double delta =
          pricing::black_delta({option.forward, Price(i.strike), option.vol, option.years, i.option_type});
      if (i.index == "btc_usd" && std::abs(delta) >= 0.1 && std::abs(delta) <= 0.5)
        book.positions.push_back({.venue = "deribit", .instrument = name, .quantity = 1.0});
    }
    REQUIRE(book.positions.size() >= 100);
    const auto decide = [&](const char* word) {
      config.dynamics.reset();
      if (word != nullptr) config.dynamics = vol::smile_dynamics(word).value();
      desk::Decision d = desk::decide(config, s, book);
      CAPTURE(d.reasons.empty() ? std::string() : d.reasons[0]);
      REQUIRE(d.plans.size() == 1);
      return d;
    };
    const desk::Decision net = decide(nullptr), strike = decide("sticky-strike"),
                         moneyness = decide("sticky-moneyness"), tree = decide("local-vol");
    CHECK(strike.plans[0].before.delta == net.plans[0].before.delta);
    const double by_r = strike.exposures[0].total.delta_by_stickiness.value;
    const double gross = strike.exposures[0].total.gross_delta.value;
    CHECK(std::abs(tree.plans[0].before.delta - net.plans[0].before.delta - by_r) <= 1e-12 * gross);
    CHECK(std::abs(moneyness.plans[0].before.delta - net.plans[0].before.delta + by_r) <= 1e-12 * gross);
    // The slope of the fit is the slope of the neighbouring quotes, to what a fit can do: R moves the book by as much
    // as the quotes' own differences say.
    double by_quotes = 0.0, by_fit = 0.0;
    int doubtful = 0;
    for (const risk::PositionRisk& p : strike.exposures[0].positions) {
      const vol::QuotedOption* below = nullptr;
      const vol::QuotedOption* above = nullptr;
      double lower = 0.0, upper = HUGE_VAL;
      for (const auto& [name, option] : chain.options) {
        const market::Instrument& i = cleaned.instruments.at(name);
        if (i.index != "btc_usd" || i.expiry != p.instrument.expiry || i.option_type != p.instrument.option_type)
          continue;
        if (i.strike < p.instrument.strike && i.strike > lower) lower = i.strike, below = &option;
        if (i.strike > p.instrument.strike && i.strike < upper) upper = i.strike, above = &option;
      }
      if (below == nullptr || above == nullptr) continue;
      const double slope = (above->vol - below->vol).value / std::log(upper / lower);
      by_quotes += p.unit.vega * slope / p.unit.forward.value;
      by_fit += p.unit.smile->delta_by_stickiness;
      doubtful += std::abs(p.unit.smile->fitted.value - p.unit.vol.value) > 0.03 ? 1 : 0;
    }
    CHECK(by_fit == doctest::Approx(by_quotes).epsilon(0.05));
    CHECK(doubtful <= 0.05 * static_cast<double>(book.positions.size()));
    MESSAGE(book.positions.size(), " options, net delta ", net.exposures[0].total.net_delta.value, ", one of R: fit ",
            by_fit, ", quotes ", by_quotes, "; ", doubtful, " over 3 points from their smile");
  }
}
