#include "ballast/desk/decide.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "ballast/pricing/black.h"
#include "tests/worked_example.h"

using namespace ballast;
using desk::Decision;
using desk::Quality;
using test::position;

namespace {

Decision decide(
    const std::function<void(market::Snapshot&)>& spoil = [](market::Snapshot&) {}, desk::Config config = {}) {
  market::Snapshot s = test::worked_market();
  spoil(s);
  return desk::decide(config, std::move(s), {.positions = {position(test::worked_call, 100.0)}, .accounts = {}});
}

bool mentions(const Decision& d, const char* word) {
  return std::any_of(d.reasons.begin(), d.reasons.end(),
                     [&](const std::string& r) { return r.find(word) != std::string::npos; });
}

}  // namespace

TEST_CASE("a clean market gives an OK decision, the same bits every time") {
  const Decision a = decide(), b = decide();
  CHECK(a.quality == Quality::ok);
  CHECK(a.reasons.empty());
  REQUIRE(a.plans.size() == 1);
  CHECK(a.plans[0].legs.at(0).contracts == 188957.0);
  CHECK(a.plans[0].residual.delta == b.plans[0].residual.delta);
  CHECK(a.plans[0].legs[0].ratio == b.plans[0].legs[0].ratio);
}

TEST_CASE("a problem goes the same path, and is refused in the optimiser's words") {
  hedge::Problem problem{.goals = {{.greek = hedge::Greek::delta}}, .candidates = {{.instrument = "BTC-PERPETUAL"}}};
  const auto with = [&] { return decide([](market::Snapshot&) {}, {.problem = problem}); };
  const Decision same = with();
  CHECK(same.quality == Quality::ok);
  REQUIRE(same.plans.size() == 1);
  CHECK(same.plans[0].legs.at(0).contracts == decide().plans[0].legs[0].contracts);
  REQUIRE(same.plans[0].optimum);
  CHECK(same.plans[0].optimum->goals.at(0).before == same.plans[0].before.delta);
  problem.candidates[0].most_sell = 100.0;
  const Decision tight = with();
  CHECK(tight.quality == Quality::refused);
  CHECK(tight.plans.empty());
  CHECK(mentions(tight, "the smallest relaxation"));
  problem.candidates[0].instrument = "BTC-NOTHING";
  CHECK(mentions(with(), "BTC-NOTHING: unknown hedge instrument"));
}

TEST_CASE("soft faults degrade, with the reason") {
  const auto degraded = [](const char* word, const std::function<void(market::Snapshot&)>& spoil) {
    CAPTURE(word);
    const Decision d = decide(spoil);
    CHECK(d.quality == Quality::degraded);
    CHECK(mentions(d, word));
    REQUIRE(d.plans.size() == 1);
    CHECK(std::abs(d.plans[0].residual.delta) <= d.plans[0].half_lot_delta);
  };
  degraded("sized at the index", [](market::Snapshot& s) { s.quotes.erase("BTC-PERPETUAL"); });
  degraded("beyond what the impact model",
           [](market::Snapshot& s) { s.quotes.at("BTC-PERPETUAL").open_interest = 100'000.0; });
  degraded("from the index", [](market::Snapshot& s) { s.indices.at("BTC").price = 58000.0; });
  degraded("the index of BTC is", [](market::Snapshot& s) { s.indices.at("BTC").sent.ms -= 4'000; });
  const auto with_twin = [](market::Snapshot& s, double forward) {
    market::Instrument put = s.instruments.at(test::worked_put);
    put.name = "BTC-31JAN26-65000-P";
    put.strike = 65000.0;
    s.instruments[put.name] = put;
    s.quotes[put.name] = {.instrument = put.name, .sent = s.as_of, .mark = 0.0372978 - (1.0 - 65000.0 / forward)};
  };
  degraded("rests on 1 pairs", [&](market::Snapshot& s) { with_twin(s, 60000.0); });
  degraded("its listed future", [&](market::Snapshot& s) { with_twin(s, 60600.0); });
  degraded("discounted by 0.99", [](market::Snapshot& s) {
    for (int i = 0; i < 10; ++i) {  // ten strikes whose marks have D = 0.99 at F = 60,000
      market::Instrument call = s.instruments.at(test::worked_call);
      call.strike = 51000.0 + 2000.0 * i;
      market::Instrument put = call;
      put.option_type = market::OptionType::put;
      call.name = "BTC-31JAN26-" + std::to_string(51000 + 2000 * i) + "-C";
      put.name = call.name.substr(0, call.name.size() - 1) + "P";
      const double y = 0.99 * (1.0 - call.strike / 60000.0), low = 0.03;
      if (call.name != test::worked_call)
        s.quotes[call.name] = {.instrument = call.name, .sent = s.as_of, .mark = low + std::max(y, 0.0)};
      const double mark = *s.quotes.at(call.name).mark - y;
      s.quotes[put.name] = {.instrument = put.name, .sent = s.as_of, .mark = mark};
      if (call.name != test::worked_call) s.instruments[call.name] = call;
      s.instruments[put.name] = put;
    }
  });
  degraded("settlement window", [](market::Snapshot& s) {
    s.as_of = Time{s.instruments.at(test::worked_call).expiry.ms - 600'000};
    for (auto& [name, quote] : s.quotes) quote.sent = s.as_of;
    for (auto& [coin, index] : s.indices) index.sent = s.as_of;
    s.quotes.at(test::worked_call) = {
        .instrument = test::worked_call, .sent = s.as_of, .mark = 1e-6, .mark_vol = Vol(2.0)};
  });
  degraded("not quoted on both sides", [](market::Snapshot& s) { s.quotes.at("BTC-PERPETUAL").bid.reset(); });
  degraded("over 5 %", [](market::Snapshot& s) {
    s.quotes.at("BTC-PERPETUAL").bid = 58000.0;
    s.quotes.at("BTC-PERPETUAL").ask = 62000.0;
  });
  degraded("less than", [](market::Snapshot& s) { s.quotes.at("BTC-PERPETUAL").bids = {{59999.5, 1000.0}}; });
  degraded("soft limit", [](market::Snapshot& s) { s.quotes.at("BTC-PERPETUAL").sent.ms -= 2000; });
  degraded("outside", [](market::Snapshot& s) {  // a vol of 3.5 and its price
    s.quotes.at(test::worked_call) = {
        .instrument = test::worked_call, .sent = s.as_of, .mark = 0.35, .mark_vol = Vol(3.5)};
  });
  degraded("venue's own underlying", [](market::Snapshot& s) {
    s.quotes.erase("BTC-31JAN26");
    s.quotes.at(test::worked_call).underlying_price = 60000.0;
  });
}

TEST_CASE("hard faults refuse and leave no plan") {
  const auto refused = [](const char* word, const std::function<void(market::Snapshot&)>& spoil,
                          const desk::Config& config = {}) {
    CAPTURE(word);
    const Decision d = decide(spoil, config);
    CHECK(d.quality == Quality::refused);
    CHECK(d.plans.empty());
    CHECK(mentions(d, word));
  };
  refused("crossed", [](market::Snapshot& s) { s.quotes.at(test::worked_call).bid = 0.04; });
  refused("stale", [](market::Snapshot& s) { s.as_of.ms += 60'000; });
  refused("vol_contradicts_price", [](market::Snapshot& s) { s.quotes.at(test::worked_call).mark_vol = Vol(1.2); });
  refused("vol_contradicts_price", [](market::Snapshot& s) { s.quotes.at(test::worked_call).mark_vol = Vol(0.3); });
  refused("no_forward", [](market::Snapshot& s) { s.quotes.erase("BTC-31JAN26"); });
  refused("stale", [](market::Snapshot& s) { s.indices.at("BTC").sent.ms -= 20'000; });
  refused("no_price", [](market::Snapshot& s) {
    s.quotes.at(test::worked_call).mark.reset();
    s.quotes.at(test::worked_call).bid.reset();
  });
  refused("below_intrinsic", [](market::Snapshot& s) {
    s.quotes.at("BTC-31JAN26") = {.instrument = "BTC-31JAN26", .sent = s.as_of, .mark = 70000.0};
  });
  // A hedge instrument whose quote was turned away is not sized at the index instead.
  refused("crossed", [](market::Snapshot& s) { s.quotes.at("BTC-PERPETUAL").bid = 60001.0; });
  refused("not_open", [](market::Snapshot& s) { s.quotes.at("BTC-PERPETUAL").open = false; });
  refused("stale", [](market::Snapshot& s) { s.quotes.at("BTC-PERPETUAL").sent.ms -= 6'000; });
  refused("from the index", [](market::Snapshot& s) {
    s.quotes.at("BTC-PERPETUAL") = {.instrument = "BTC-PERPETUAL", .sent = s.as_of, .mark = 6000.0};  // a digit lost
  });
  refused("from the index", [](market::Snapshot& s) { s.indices.at("BTC").price = 70000.0; });
  refused("index", [](market::Snapshot& s) { s.indices.at("BTC").price = 0.0; });
  const auto nothing = [](market::Snapshot&) {};
  refused("unknown hedge instrument", nothing, {.with = {"BTC-NO"}});
  refused("has any gamma", nothing,
          {.with = {"BTC-PERPETUAL", "BTC-31JAN26"}, .targets = {hedge::Target::delta, hedge::Target::gamma}});
  refused("equity", nothing, {.numeraire = Numeraire::usd});
}

namespace {

/// Puts and calls of one expiry around the worked example's, on a smile.
void add_smile(market::Snapshot& s, const std::function<double(double)>& vol_at) {
  for (double strike = 48000.0; strike <= 75000.0; strike += 3000.0) {
    for (const market::OptionType type : {market::OptionType::put, market::OptionType::call}) {
      const bool put = type == market::OptionType::put;
      market::Instrument i = s.instruments.at(put ? test::worked_put : test::worked_call);
      i.name = fmt::format("BTC-31JAN26-{:.0f}-{}", strike, put ? "P" : "C");
      i.strike = strike;
      const Vol vol(vol_at(strike));
      const double mark =
          pricing::black_price({Price(60000.0), Price(strike), vol, years_between(s.as_of, i.expiry), type}).value /
          60000.0;
      s.quotes[i.name] = {.instrument = i.name, .sent = s.as_of, .mark = mark, .mark_vol = vol};
      s.instruments[i.name] = i;
    }
  }
}

double skewed(double strike) { return 0.6 - 0.25 * std::log(strike / 60000.0); }

Decision decide_on_smile(const char* dynamics, const std::function<double(double)>& vol_at,
                         const std::string& held = "BTC-31JAN26-66000-C", desk::Config config = {}) {
  market::Snapshot s = test::worked_market();
  add_smile(s, vol_at);
  config.smile_fit.model = vol::Model::sabr;  // which has these smiles to 1e-4 of vol
  if (dynamics != nullptr) config.dynamics = vol::smile_dynamics(dynamics).value();
  return desk::decide(config, std::move(s), {.positions = {position(held, 100.0)}, .accounts = {}});
}

}  // namespace

TEST_CASE("smile dynamics reach the trade") {
  const Decision net = decide_on_smile(nullptr, skewed), strike = decide_on_smile("sticky-strike", skewed),
                 moneyness = decide_on_smile("sticky-moneyness", skewed), tree = decide_on_smile("local-vol", skewed);
  REQUIRE(net.plans.size() == 1);
  REQUIRE(strike.plans.size() == 1);
  REQUIRE(moneyness.plans.size() == 1);
  REQUIRE(tree.plans.size() == 1);
  CHECK(tree.quality == Quality::ok);
  CHECK_FALSE(net.smiles);
  CHECK(strike.smiles->surfaces.size() == 1);
  const auto ratio = [](const Decision& d) { return d.plans[0].legs.at(0).ratio; };
  CHECK(ratio(strike) == ratio(net));  // the same delta by another name, bit for bit
  // The skew of 0.25 falls, so a vega moves the delta by -(R - 1) 0.25 vega/F; R = 0 and R = 2 lie as far apart.
  const double vega = net.exposures[0].total.vega.value;
  CHECK(ratio(tree) - ratio(net) == doctest::Approx(-0.25 * vega / 60000.0).epsilon(0.02));
  CHECK(ratio(moneyness) - ratio(net) == doctest::Approx(0.25 * vega / 60000.0).epsilon(0.02));
  CHECK(std::abs(tree.plans[0].residual.delta) <= tree.plans[0].half_lot_delta);
}

TEST_CASE("smile dynamics without a smile are refused, and a doubtful slope degrades") {
  desk::Config config{.dynamics = vol::smile_dynamics("local-vol").value()};
  const Decision few = decide([](market::Snapshot&) {}, config);
  CHECK(few.quality == Quality::refused);
  CHECK(few.plans.empty());
  CHECK(mentions(few, "too_few_quotes"));
  CHECK(mentions(few, test::worked_call));
  const Decision far = decide_on_smile(
      "local-vol", [](double strike) { return strike == 66000.0 ? 0.68 : skewed(strike); }, "BTC-31JAN26-66000-C");
  CHECK(far.quality == Quality::degraded);
  CHECK(mentions(far, "its slope is doubtful"));
  // The hedge's own option needs a smile as well.
  config = {.with = {test::worked_call}, .dynamics = config.dynamics};
  market::Snapshot s = test::worked_market();
  const Decision hedge = desk::decide(
      config, std::move(s), {.positions = {position("BTC-31JAN26", 60000.0, market::SizeUnit::usd)}, .accounts = {}});
  CHECK(hedge.quality == Quality::refused);
  CHECK(mentions(hedge, "too_few_quotes"));
}

TEST_CASE("a reference tenor that is none is refused") {
  const Decision d = decide([](market::Snapshot&) {}, {.vega_reference_days = 0.0});
  CHECK(d.quality == Quality::refused);
  CHECK(mentions(d, "0 days"));
}

TEST_CASE("an empty book is refused, not hedged with nothing") {
  const Decision d = desk::decide({}, test::worked_market(), {});
  CHECK(d.quality == Quality::refused);
}

TEST_CASE("every quote that went in is used or dropped with a reason") {
  const Decision d = decide([](market::Snapshot& s) {
    s.quotes.at(test::worked_put).bid = 0.08;
    s.quotes.at("BTC-31JAN26").sent.ms -= 60'000;
  });
  std::set<std::string> seen;
  for (const auto& [name, quote] : d.market.quotes) seen.insert(name);
  for (const market::Dropped& dropped : d.dropped) seen.insert(dropped.instrument);
  for (const auto& [name, quote] : test::worked_market().quotes) CHECK(seen.contains(name));
  for (const market::Dropped& dropped : d.dropped) CHECK_FALSE(dropped.reason.empty());
}

TEST_CASE("the adaptive rule reaches the trade, and is refused, doubted or set aside by what it has learned") {
  const Time now = test::worked_market().as_of;
  const auto decide_on = [&](const vol::Learned& learned) {
    desk::Config config;
    config.dynamics = {.rule = vol::SmileRule::adaptive, .learned = {{"BTC", learned}}};
    return decide_on_smile(nullptr, skewed, "BTC-31JAN26-66000-C", config);
  };
  const auto hours_ago = [&](double hours) { return Time{now.ms - static_cast<std::int64_t>(hours * 3.6e6)}; };
  const Decision net = decide_on_smile(nullptr, skewed);
  const Decision used = decide_on(test::learned_example(-1.2, -0.4, 0.1, 40, hours_ago(6.0)));
  REQUIRE(used.plans.size() == 1);
  CHECK(used.quality == Quality::ok);
  CHECK(used.plans[0].legs.at(0).ratio < net.plans[0].legs.at(0).ratio - 1.0);

  const Decision idle = decide_on(test::learned_example(0.0, 0.0, 1.0, 40, hours_ago(6.0)));
  REQUIRE(idle.plans.size() == 1);
  CHECK(idle.quality == Quality::ok);
  CHECK(idle.plans[0].legs.at(0).ratio == net.plans[0].legs.at(0).ratio);  // net delta, bit for bit
  CHECK(std::any_of(idle.notes.begin(), idle.notes.end(), [](const std::string& note) {
    return note.find("not significant, net delta") != std::string::npos;
  }));

  const Decision brief = decide_on(test::learned_example(-1.2, -0.4, 0.1, 6, hours_ago(6.0)));
  CHECK(brief.quality == Quality::degraded);
  CHECK(mentions(brief, "8 are due"));
  CHECK(brief.plans.at(0).legs.at(0).ratio == net.plans[0].legs.at(0).ratio);

  CHECK(decide_on(test::learned_example(-1.2, -0.4, 0.1, 40, hours_ago(47.9))).quality == Quality::ok);
  for (const double hours : {48.1, 0.0, -6.0}) {
    CAPTURE(hours);
    const Decision refused = decide_on(test::learned_example(-1.2, -0.4, 0.1, 40, hours_ago(hours)));
    CHECK(refused.quality == Quality::refused);
    CHECK(mentions(refused, "the adaptive rule has learned of BTC to"));
  }
  desk::Config unlearned;
  unlearned.dynamics = {.rule = vol::SmileRule::adaptive};
  CHECK(decide_on_smile(nullptr, skewed, "BTC-31JAN26-66000-C", unlearned).quality == Quality::refused);
}
