#include "ballast/sim/book.h"

#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>

#include "ballast/pricing/black.h"
#include "ballast/sim/modelled_chain.h"

using namespace ballast;
using market::OptionType;

namespace {

const Time begin = instant({2026, 11, 20}, 12).value();  // a Friday
constexpr std::int64_t hour_ms = 3'600'000;

/// A market and what is read off it.
struct Seen {
  market::Snapshot snapshot;
  vol::QuotedChain chain;
};

Seen seen_at(Time at, double index = 96'000.0, const std::vector<std::string>& keep = {}) {
  sim::ChainShape shape;
  shape.strikes = 31;
  shape.skew = -0.05;
  shape.convexity = 0.02;
  shape.basis = 0.05;
  Seen seen{sim::modelled_chain(shape, at, index, 0.5, keep).value(), {}};
  seen.chain = vol::quoted(seen.snapshot);
  return seen;
}

std::vector<std::string> held_in(const sim::BookState& state) {
  std::vector<std::string> names;
  for (const auto& [name, amount] : state.amounts) names.push_back(name);
  return names;
}

std::vector<sim::BookTrade> trades(const sim::Book& book, sim::BookState& state, const Seen& seen) {
  REQUIRE(!sim::fault(book));
  const auto found = sim::trades(book, state, "BTC", seen.snapshot, seen.chain);
  if (!found) FAIL(found.error().what);
  return found.value();
}

/// Black's net delta (K/F) N(±d2) by the C library, to be independent of the room that the book asks.
double net_delta(const Seen& seen, const std::string& name) {
  const market::Instrument& i = seen.snapshot.instruments.at(name);
  const double f = *seen.snapshot.quotes.at(name).underlying_price, k = i.strike;
  const double vol = seen.snapshot.quotes.at(name).mark_vol->value;
  const double stdev = vol * std::sqrt(years_between(seen.snapshot.as_of, i.expiry).value);
  const double d2 = std::log(f / k) / stdev - 0.5 * stdev, sign = i.option_type == OptionType::call ? 1.0 : -1.0;
  return sign * k / f * 0.5 * std::erfc(-sign * d2 / std::sqrt(2.0));
}

}  // namespace

TEST_CASE("held book: there at the first instant, at its marks, and never again") {
  const Seen seen = seen_at(begin);
  const sim::Book book = sim::HeldBook{{{"BTC-25DEC26-95000-P", -2.5}, {"BTC-PERPETUAL", 1'000.0}}};
  sim::BookState state;
  const auto first = trades(book, state, seen);
  REQUIRE(first.size() == 2);
  CHECK(first[0].instrument == "BTC-25DEC26-95000-P");
  CHECK(first[0].amount == -2.5);
  CHECK(first[0].price == *seen.snapshot.quotes.at("BTC-25DEC26-95000-P").mark);
  CHECK(first[0].at == begin);
  CHECK(state.amounts.at("BTC-PERPETUAL") == 1'000.0);
  CHECK(trades(book, state, seen_at(Time{begin.ms + hour_ms})).empty());
  sim::forget(state, "BTC-25DEC26-95000-P");
  CHECK(held_in(state) == std::vector<std::string>{"BTC-PERPETUAL"});

  sim::BookState fresh;
  const auto missing = sim::trades(sim::HeldBook{{{"BTC-25DEC26-1-P", 1.0}}}, fresh, "BTC", seen.snapshot, seen.chain);
  REQUIRE(!missing);
  CHECK(missing.error().fault == Fault::missing_data);
  CHECK(missing.error().what.find("BTC-25DEC26-1-P") != std::string::npos);
  CHECK(fresh == sim::BookState{});
}

TEST_CASE("recorded book: each trade once, at the first instant that is not before it, at its own price") {
  const std::string a = "BTC-25DEC26-95000-P", b = "BTC-27NOV26-96000-C";
  const auto at = [](int minutes) { return Time{begin.ms + minutes * std::int64_t{60'000}}; };
  const sim::Book book = sim::RecordedBook{{{at(-30), a, 1.0, 0.05},
                                            {at(0), b, 2.0, 0.01},
                                            {at(10), a, -0.4, 0.06},
                                            {at(60), a, -0.6, 0.07},
                                            {at(61), b, 1.0, 0.02}}};
  sim::BookState state;
  std::vector<double> prices;
  for (int hour = 0; hour < 4; ++hour) {
    for (const auto& trade : trades(book, state, seen_at(at(60 * hour)))) {
      CHECK(trade.at == at(60 * hour));
      prices.push_back(trade.price);
    }
    prices.push_back(-1.0);  // the end of an instant
  }
  CHECK(prices == std::vector<double>{0.05, 0.01, -1.0, 0.06, 0.07, -1.0, 0.02, -1.0, -1.0});
  CHECK(held_in(state) == std::vector<std::string>{b});  // 1 - 0.4 - 0.6 is nothing, whatever binary makes of it
  CHECK(state.amounts.at(b) == 3.0);

  sim::BookState fresh;
  const Seen seen = seen_at(begin);
  const sim::Book unlisted = sim::RecordedBook{{{begin, "BTC-25DEC26-1-P", 1.0, 0.05}}};
  const auto missing = sim::trades(unlisted, fresh, "BTC", seen.snapshot, seen.chain);
  REQUIRE(!missing);
  CHECK(missing.error().what.find("BTC-25DEC26-1-P") != std::string::npos);
  CHECK(sim::fault(sim::RecordedBook{{{at(1), a, 1.0, 0.05}, {at(0), a, 1.0, 0.05}}}));
}

TEST_CASE("strangle: the expiry nearest to its days, the strikes nearest to its delta, sold at the bid") {
  const Seen seen = seen_at(begin);
  for (const double delta : {0.10, 0.25, 0.40}) {
    sim::BookState state;
    const auto sold = trades(sim::StrangleBook{.coins = 2.04, .days = 30.0, .delta = delta}, state, seen);
    REQUIRE(sold.size() == 2);
    for (const auto& trade : sold) {
      const market::Instrument& i = seen.snapshot.instruments.at(trade.instrument);
      CHECK(to_string(i.expiry) == "2026-12-25T08:00:00Z");  // 34.8 days; 4 December is 13.8
      CHECK(trade.amount == -2.0);
      CHECK(trade.price == *seen.snapshot.quotes.at(trade.instrument).bid);
      const double found = std::abs(net_delta(seen, trade.instrument));
      for (const auto& [name, other] : seen.snapshot.instruments) {
        if (!other.is_option() || other.expiry != i.expiry || other.option_type != i.option_type) continue;
        const double f = *seen.snapshot.quotes.at(name).underlying_price;
        if (i.option_type == OptionType::call ? other.strike < f : other.strike > f) continue;
        CHECK(std::abs(found - delta) <= std::abs(std::abs(net_delta(seen, name)) - delta) + 1e-12);
      }
    }
    CHECK(sold[0].instrument.back() == 'C');
    CHECK(sold[1].instrument.back() == 'P');
    CHECK(trades(sim::StrangleBook{.coins = 2.0, .delta = delta}, state, seen_at(Time{begin.ms + hour_ms})).empty());
  }
  sim::BookState state;
  const auto straddle = trades(sim::StrangleBook{.days = 7.0, .straddle = true, .cross = false}, state, seen);
  REQUIRE(straddle.size() == 2);
  const std::string call = straddle[0].instrument, put = straddle[1].instrument;
  CHECK(call.substr(0, call.size() - 1) == put.substr(0, put.size() - 1));
  CHECK(call == "BTC-27NOV26-96000-C");  // forward 96,090; the grid is in two thousands
  CHECK(straddle[0].price == *seen.snapshot.quotes.at(call).mark);
}

TEST_CASE("strangle: sold once after an expiry, and bought back before it where roll_days says so") {
  const sim::Book to_expiry = sim::StrangleBook{.days = 7.0}, rolled = sim::StrangleBook{.days = 7.0, .roll_days = 2.0};
  sim::BookState a, b;
  int sales_a = 0, sales_b = 0, bought = 0;
  for (Time t = begin; t < Time{begin.ms + 15 * 24 * hour_ms}; t.ms += 4 * hour_ms) {
    std::vector<std::string> keep = held_in(a);
    for (const std::string& name : held_in(b)) keep.push_back(name);
    const Seen seen = seen_at(t, 96'000.0 * (1.0 + 1e-4 * static_cast<double>(t.ms / hour_ms % 97)), keep);
    for (sim::BookState* state : {&a, &b}) {
      for (const std::string& name : held_in(*state)) {
        if (!seen.snapshot.instruments.contains(name)) sim::forget(*state, name);  // delivered
      }
    }
    const auto now_a = trades(to_expiry, a, seen);
    CHECK((now_a.empty() || now_a.size() == 2));
    sales_a += now_a.empty() ? 0 : 1;
    for (const auto& trade : now_a) CHECK(trade.amount == -1.0);

    const bool had = !b.amounts.empty();
    const auto now_b = trades(rolled, b, seen);
    CHECK((now_b.empty() || now_b.size() == (had ? 4u : 2u)));
    sales_b += now_b.empty() ? 0 : 1;
    if (had && !now_b.empty()) {
      for (int leg = 0; leg < 2; ++leg) {
        const market::Instrument& i = seen.snapshot.instruments.at(now_b[static_cast<std::size_t>(leg)].instrument);
        CHECK(now_b[static_cast<std::size_t>(leg)].amount == 1.0);
        CHECK(now_b[static_cast<std::size_t>(leg)].price == *seen.snapshot.quotes.at(i.name).ask);
        CHECK(seconds_between(t, i.expiry) < 2.0 * 86'400.0);
        CHECK(seconds_between(t, i.expiry) > 0.0);
        ++bought;
      }
    }
    CHECK(a.amounts.size() == 2);
    CHECK(b.amounts.size() == 2);
    for (const std::string& name : held_in(b)) {
      CHECK(seconds_between(t, seen.snapshot.instruments.at(name).expiry) >= 2.0 * 86'400.0);
    }
  }
  CHECK(sales_a == 3);  // 20 November, and at the first instants after the expiries of 27 November and 4 December
  CHECK(sales_b >= 3);
  CHECK(bought == 2 * (sales_b - 1));

  // Without an ask there is no buying back, and nothing is sold on top.
  Seen late = seen_at(begin);
  sim::BookState state;
  trades(rolled, state, late);
  const auto held = state.amounts;
  late = seen_at(Time{begin.ms + 6 * 24 * hour_ms}, 96'000.0, held_in(state));
  late.snapshot.quotes.at(held.begin()->first).ask.reset();
  CHECK(trades(rolled, state, late).empty());
  CHECK(state.amounts == held);
}

TEST_CASE("strangle: a market without options is said to have none") {
  Seen seen = seen_at(begin);
  seen.chain.options.clear();
  sim::BookState state;
  const auto found = sim::trades(sim::StrangleBook{}, state, "BTC", seen.snapshot, seen.chain);
  REQUIRE(!found);
  CHECK(found.error().fault == Fault::missing_data);
  CHECK(found.error().what.find("BTC") != std::string::npos);
  CHECK(state == sim::BookState{});
}

TEST_CASE("maker: earns its edge on every trade, keeps its vega within the bound, and both sides come") {
  for (const double edge : {0.0, 0.5}) {
    const sim::MakerBook maker{.trades_a_day = 40.0, .edge = edge, .most_vega_usd = 300.0, .seed = 5};
    sim::BookState state;
    double earned = 0.0, most = 0.0;
    int bought = 0, sold = 0;
    for (int hour = 0; hour < 100; ++hour) {
      const Seen seen = seen_at(Time{begin.ms + hour * hour_ms}, 96'000.0, held_in(state));
      for (const std::string& name : held_in(state)) {
        if (!seen.snapshot.instruments.contains(name)) sim::forget(state, name);
      }
      sim::BookState before = state;
      const double vega_before = sim::vega_usd(state, seen.snapshot, seen.chain);
      for (const auto& trade : trades(maker, state, seen)) {
        const market::Quote& quote = seen.snapshot.quotes.at(trade.instrument);
        const double gain = trade.amount * (*quote.mark - trade.price);
        const double half = trade.amount > 0.0 ? *quote.mark - *quote.bid : *quote.ask - *quote.mark;
        CHECK(gain == doctest::Approx(edge * half * std::abs(trade.amount)).epsilon(1e-9));
        earned += gain;
        trade.amount > 0.0 ? ++bought : ++sold;
        before.amounts[trade.instrument] += trade.amount;
        // The bound holds after every trade; the vega of what is held may drift over it, and then only comes back.
        const double vega = sim::vega_usd(before, seen.snapshot, seen.chain);
        CHECK(std::abs(vega) <= std::max(300.0, std::abs(vega_before)) * (1.0 + 1e-9));
        most = std::max(most, std::abs(vega));
      }
    }
    CHECK((edge == 0.0 ? std::abs(earned) <= 1e-12 : earned > 0.0));
    CHECK(bought + sold > 60);
    CHECK(std::abs(bought - sold) < 4.0 * std::sqrt(bought + sold));
    CHECK(most > 200.0);  // the bound was felt
  }
}

TEST_CASE("maker: as many clients a day as it says, of the size it says, near the money") {
  const sim::MakerBook maker{.trades_a_day = 30.0, .coins = 3.0, .width = 0.7, .most_vega_usd = 1e9, .seed = 11};
  const Seen seen = seen_at(begin);
  sim::BookState state;
  CHECK(trades(maker, state, seen).empty());  // nobody came before the first instant
  double count = 0.0, coins = 0.0, squares = 0.0;
  constexpr int days = 300;
  Seen later = seen;
  for (int day = 1; day <= days; ++day) {
    later.snapshot.as_of.ms += 24 * hour_ms;  // the same market at a later hour: only the time between plays a part
    for (const auto& trade : trades(maker, state, later)) {
      const vol::QuotedOption& o = seen.chain.options.at(trade.instrument);
      const double d = std::log(seen.snapshot.instruments.at(trade.instrument).strike / o.forward.value) /
                       (o.vol.value * std::sqrt(o.years.value));
      count += 1.0, coins += std::abs(trade.amount), squares += d * d;
      CHECK(o.years.value * 365.0 <= 60.0);
      CHECK(std::abs(trade.amount * 10.0 - std::round(trade.amount * 10.0)) <= 1e-9);
    }
  }
  CHECK(std::abs(count - 30.0 * days) <= 4.0 * std::sqrt(30.0 * days));
  CHECK(std::abs(coins / count - 3.0) <= 4.0 * 3.0 / std::sqrt(count));
  CHECK(std::sqrt(squares / count) == doctest::Approx(0.7).epsilon(0.10));  // the grid of strikes is not a density
}

TEST_CASE("maker: an instant's trades depend on the seed, its number and the market alone") {
  const sim::MakerBook maker{.trades_a_day = 200.0, .seed = 3};
  const Seen seen = seen_at(begin), next = seen_at(Time{begin.ms + 6 * hour_ms});
  sim::BookState a, b, c;
  trades(maker, a, seen), trades(maker, b, seen);
  CHECK(a.rng == 1);
  const auto one = trades(maker, a, next), two = trades(maker, b, next);
  REQUIRE(one.size() > 10);
  REQUIRE(one.size() == two.size());
  for (std::size_t i = 0; i < one.size(); ++i) {
    CHECK(one[i].instrument == two[i].instrument);
    CHECK(one[i].amount == two[i].amount);
  }
  CHECK(a == b);
  sim::MakerBook other = maker;
  other.seed = 4;
  trades(other, c, seen);
  trades(other, c, next);
  CHECK(c.amounts != a.amounts);
  sim::BookState far = a;
  const Seen years_later = [&] {
    Seen s = next;
    s.snapshot.as_of.ms += 365 * 24 * hour_ms;
    return s;
  }();
  const auto found = sim::trades(maker, far, "BTC", years_later.snapshot, years_later.chain);
  REQUIRE(!found);
  CHECK(found.error().fault == Fault::limit);
  CHECK(far == a);
}

TEST_CASE("books: what is out of its domain is named") {
  const auto says = [](const sim::Book& book, const std::string& word) {
    const auto found = sim::fault(book);
    REQUIRE(found);
    CHECK(found->fault == Fault::bad_input);
    CHECK(found->what.find(word) != std::string::npos);
  };
  says(sim::HeldBook{{{"BTC-PERPETUAL", NAN}}}, "BTC-PERPETUAL");
  says(sim::StrangleBook{.coins = 0.0}, "coins is 0");
  says(sim::StrangleBook{.delta = 0.7}, "delta is 0.7");
  says(sim::StrangleBook{.roll_days = -1.0}, "roll_days is -1");
  says(sim::MakerBook{.trades_a_day = 0.0}, "trades_a_day is 0");
  says(sim::MakerBook{.edge = 1.5}, "edge is 1.5");
  says(sim::MakerBook{.most_vega_usd = NAN}, "most_vega_usd is nan");
  says(sim::RecordedBook{{{begin, "BTC-PERPETUAL", 1.0, -1.0}}}, "price -1");
}
