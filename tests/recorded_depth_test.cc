// Eleven minutes of three books, each update of them: the ladder against the books walked level by level in integers.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "ballast/base/text.h"
#include "ballast/hedge/split.h"
#include "ballast/store/file.h"
#include "ballast/venue/binance/depth.h"
#include "tests/support.h"

using namespace ballast;
using namespace ballast::hedge;
using market::BookSide;
using venue::binance::DepthBook;

namespace {

const std::string folder = "data/binance-l2-btc-20240808/";
constexpr double infinite = std::numeric_limits<double>::infinity();
const CostRules shown_only{.future_collar = infinite, .option_collar = infinite, .impact = std::nullopt};

/// A book kept beside ours in the plainest way.
struct PlainBook {
  std::map<std::int64_t, std::int64_t> bids, asks;  // scaled
  void set(const std::vector<market::BookLevel>& changes, std::map<std::int64_t, std::int64_t>& side) {
    for (const market::BookLevel& level : changes) {
      if (level.amount == 0)
        side.erase(level.price);
      else
        side[level.price] = level.amount;
    }
  }
};

struct Market {
  std::string name;
  market::Instrument instrument;
  std::vector<std::string> files;
  std::size_t messages;  // as the README of the data counts them
  DepthBook book;
  PlainBook plain;
  std::vector<venue::binance::DepthUpdate> waiting;               // before the snapshot, for the plain book
  std::map<std::int64_t, std::array<market::BookLevel, 2>> tops;  // by update id: the venue's own best bid and ask
  std::size_t updates = 0, applied = 0, compared = 0;
};

market::Instrument instrument(market::Kind kind, market::Settlement settlement, double contract, double lot,
                              double tick, double taker) {
  market::Instrument i{.name = "BTC", .underlying = "BTC", .kind = kind, .settlement = settlement};
  i.contract_size = contract;
  i.lot = lot;
  i.ticks.tick = tick;
  i.fees.taker = taker;
  return i;
}

std::array<Market, 3> markets() {
  using market::Kind, market::Settlement;
  return {Market{.name = "inverse perpetual",
                 .instrument = instrument(Kind::perpetual, Settlement::inverse, 100.0, 100.0, 0.1, 0.0005),
                 .files = {"cm_btcusd_perp_20240808.gz", "cm_btcusd_perp_20240809.gz"},
                 .messages = 44'795},
          Market{.name = "linear perpetual",
                 .instrument = instrument(Kind::perpetual, Settlement::linear, 1.0, 0.001, 0.1, 0.0005),
                 .files = {"usdm_btcusdt_20240808.gz"},
                 .messages = 6'551},
          Market{.name = "spot",
                 .instrument = instrument(Kind::spot, Settlement::linear, 1.0, 0.00001, 0.01, 0.001),
                 .files = {"spot_btcusdt_20240808.gz", "spot_btcusdt_20240809.gz"},
                 .messages = 6'495}};
}

struct Line {
  std::int64_t received;
  std::size_t market;
  std::string_view json;
};

/// USD that a walk of the plain book costs, from whole numbers; NaN beyond its end. `amount` > 0 is scaled, in the
/// book's own unit.
long double walked(const Market& m, bool buy, std::int64_t amount) {
  const auto& bids = m.plain.bids;
  const auto& asks = m.plain.asks;
  const __int128 twice_mid = bids.rbegin()->first + asks.begin()->first;
  const bool inverse = m.instrument.settlement == market::Settlement::inverse;
  const long double rate = m.instrument.fees.taker;
  __int128 left = amount, twice_spread = 0, paid = 0;
  long double coin_spread = 0.0L;  // inverse: USD of face times (p - mid)/p, each exact but for one rounding
  const auto take = [&](std::int64_t price, std::int64_t there) {
    const __int128 taken = std::min<__int128>(left, there);
    const __int128 away = buy ? 2 * __int128{price} - twice_mid : twice_mid - 2 * __int128{price};
    twice_spread += taken * away;
    paid += taken * price;
    coin_spread += static_cast<long double>(taken * away) / (2.0L * static_cast<long double>(price));
    left -= taken;
    return left > 0;
  };
  if (buy) {
    for (const auto& [price, there] : asks) {
      if (!take(price, there)) break;
    }
  } else {
    for (auto level = bids.rbegin(); level != bids.rend(); ++level) {
      if (!take(level->first, level->second)) break;
    }
  }
  if (left > 0) return NAN;
  if (inverse) {
    const long double face = 100.0L * static_cast<long double>(amount) / 1e8L;
    return 100.0L * coin_spread / 1e8L + rate * face;
  }
  return static_cast<long double>(twice_spread) / 2e16L + rate * static_cast<long double>(paid) / 1e16L;
}

CostCurve curve_of(const Market& m) {
  market::Quote quote;
  m.book.book().lay(quote, m.instrument.contract_size);
  risk::Valuation unit;
  unit.price = 0.5 * (*quote.bid + *quote.ask);
  unit.index = unit.forward = Price(unit.price);
  const auto curve = cost_curve(m.instrument, &quote, unit, shown_only);
  REQUIRE(curve);
  return curve.value();
}

/// Compares with the venue's own word for the best prices of the very state that our book is in, where there is one.
void compare_top(Market& m) {
  const auto top = m.tops.find(m.book.last_id());
  if (!m.book.valid() || top == m.tops.end()) return;
  ++m.compared;
  CHECK(m.book.book().best(BookSide::bid) == top->second[0]);
  CHECK(m.book.book().best(BookSide::ask) == top->second[1]);
  m.tops.erase(top);
}

void take_in(Market& m, std::string_view json) {
  const auto snapshot = venue::binance::decode_depth_snapshot(json);
  if (snapshot) {
    REQUIRE(m.book.apply(snapshot.value()).value() == venue::binance::Applied::applied);
    m.plain.set(snapshot.value().bids, m.plain.bids);
    m.plain.set(snapshot.value().asks, m.plain.asks);
    for (const auto& update : m.waiting) {
      if (update.last_id <= snapshot.value().last_id) continue;
      m.plain.set(update.bids, m.plain.bids);
      m.plain.set(update.asks, m.plain.asks);
      ++m.applied;
    }
    m.waiting.clear();
    return;
  }
  const auto update = venue::binance::decode_depth_update(json);
  if (!update) {
    if (update.error().fault != Fault::not_ours) FAIL(m.name, ": ", update.error().what);
    const auto ticker = nlohmann::json::parse(json).at("data");
    if (!ticker.contains("B")) return;
    const auto best = [&](const char* price, const char* amount) {
      return market::BookLevel{*parse_decimal(ticker.at(price).get<std::string>(), 8),
                               *parse_decimal(ticker.at(amount).get<std::string>(), 8)};
    };
    m.tops[ticker.at("u").get<std::int64_t>()] = {best("b", "B"), best("a", "A")};
    compare_top(m);
    return;
  }
  ++m.updates;
  const auto applied = m.book.apply(update.value());
  if (!applied) FAIL(m.name, ": ", applied.error().what);
  if (applied.value() == venue::binance::Applied::kept) m.waiting.push_back(update.value());
  if (applied.value() != venue::binance::Applied::applied) return;
  ++m.applied;
  m.plain.set(update.value().bids, m.plain.bids);
  m.plain.set(update.value().asks, m.plain.asks);
  compare_top(m);
}

}  // namespace

TEST_CASE("the ladder is the recorded book, and a split is never dearer than one venue") {
  std::array<Market, 3> all = markets();
  std::vector<std::string> bytes;
  std::vector<Line> lines;
  for (const Market& m : all) {
    for (const std::string& file : m.files) {
      const auto path = test::shared(folder + file);
      if (!path) return;
      bytes.push_back(store::read_bytes(*path, std::size_t{256} << 20).value());
    }
  }
  std::size_t file = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t n = 0; n < all[i].files.size(); ++n, ++file) {
      for (const std::string_view line : split(bytes[file], '\n')) {
        const std::size_t space = line.find(' ');
        if (space == std::string_view::npos) continue;
        lines.push_back({parse_integer(line.substr(0, space)).value(), i, line.substr(space + 1)});
      }
    }
  }
  std::stable_sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) { return a.received < b.received; });

  std::mt19937_64 random(20261125);
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  std::size_t walks = 0, beyond = 0, splits = 0, singles = 0, of_several = 0;
  double worst_usd = 0.0, worst_ticks = 0.0, worst_relative = 0.0, saved = 0.0;
  for (const Line& line : lines) {
    Market& m = all[line.market];
    const std::size_t before = m.applied;
    take_in(m, line.json);
    if (m.applied == before || !m.book.valid()) continue;
    // Every book comes up about equally often: the inverse one has seven times as many updates.
    if (unit(random) < (line.market == 0 ? 0.08 : 0.55)) {
      const CostCurve curve = curve_of(m);
      const bool buy = random() % 2 == 0;
      const double most = (buy ? curve.most_buy() : curve.most_sell()) / m.instrument.contract_size;
      const double lot = m.instrument.lot / m.instrument.contract_size;
      // from one lot to a tenth more than all there is, evenly in its logarithm
      const double wanted = lot * std::exp(unit(random) * std::log(1.1 * most / lot));
      const auto lots = std::max<std::int64_t>(std::llround(wanted / lot), 1);
      const std::int64_t scaled = lots * std::llround(lot * 1e8);
      const double amount = m.instrument.contract_size * market::book_value(scaled);
      const long double exact = walked(m, buy, scaled);
      const double ours = cost(curve, buy ? amount : -amount);
      const Fill f = fill(curve, buy ? amount : -amount);
      ++walks;
      if (std::isnan(static_cast<double>(exact))) {
        ++beyond;
        CHECK(ours == infinite);
        CHECK_FALSE(f.complete);
        continue;
      }
      CHECK(f.complete);
      CHECK(f.cost().value == doctest::Approx(ours).epsilon(1e-12));
      // One tick on one lot is the least that a walk can be wrong by: USD 0.1 · 0.001, 0.01 · 0.00001, or 100 · 0.1/p.
      const bool inverse = line.market == 0;
      const double tick_lot = inverse ? 100.0 * 0.1 / curve.mid : m.instrument.ticks.tick * m.instrument.lot;
      const double gap = std::abs(ours - static_cast<double>(exact));
      worst_usd = std::max(worst_usd, gap);
      worst_ticks = std::max(worst_ticks, gap / tick_lot);
      worst_relative = std::max(worst_relative, gap / static_cast<double>(exact));
      // What doubles of 61,800 leave of a difference to the middle, 1e-11 USD a coin, and of sums over the levels.
      const double coins = inverse ? amount / curve.mid : amount;
      CHECK(gap <= 2e-11 * coins + 1e-14 * static_cast<double>(curve.buy.size() + curve.sell.size()) * ours);
    }
    if (unit(random) >= 0.02 || !(all[0].book.valid() && all[1].book.valid() && all[2].book.valid())) continue;
    std::vector<SplitVenue> venues;
    for (const Market& at : all) {
      CostCurve curve = curve_of(at);
      const double mid = curve.mid;
      venues.push_back({at.instrument, std::move(curve),
                        at.instrument.settlement == market::Settlement::inverse ? mid : 1.0,
                        Usd(random() % 3 == 0 ? 5.0 : 0.0)});
    }
    if (random() % 2 == 0) venues.erase(venues.begin());  // spot and linear only
    // A whole number of one venue's lots, so that it alone can do it to the letter.
    const SplitVenue& whole = venues[random() % venues.size()];
    const double lot = whole.instrument.lot / whole.amount_per_coin;
    const double size = lot * std::max(std::nearbyint(std::exp(std::log(200.0) * unit(random)) / lot), 1.0);
    const double coins = random() % 2 == 0 ? size : -size;
    const auto s = hedge::split(venues, Coin(coins));
    REQUIRE(s);
    ++splits;
    double finest = infinite;
    for (const SplitVenue& v : venues) finest = std::min(finest, v.instrument.lot / v.amount_per_coin);
    double best = infinite, sum = 0.0;
    for (std::size_t i = 0; i < venues.size(); ++i) {
      const SplitVenue& v = venues[i];
      if (s.value().lots[i] != 0) sum += cost(v.curve, s.value().amounts[i]) + v.fixed.value;
      const double alone_lot = v.instrument.lot / v.amount_per_coin, lots = std::nearbyint(coins / alone_lot);
      if (std::abs(lots * alone_lot - coins) > 0.5 * finest) continue;
      const double alone = cost(v.curve, lots * v.instrument.lot) + v.fixed.value;
      if (!std::isfinite(alone)) continue;
      ++singles;
      best = std::min(best, alone);
    }
    CHECK(s.value().cost.value == doctest::Approx(sum).epsilon(1e-10));
    CHECK(s.value().bound.value <= s.value().cost.value * (1.0 + 1e-12));
    if (!std::isfinite(best)) continue;
    CHECK(s.value().complete);
    CHECK(s.value().cost.value <= best * (1.0 + 1e-12));
    if (std::count(s.value().lots.begin(), s.value().lots.end(), 0) + 1 < std::ssize(venues)) ++of_several;
    saved += 1.0 - s.value().cost.value / best;
  }
  for (const Market& m : all) {
    MESSAGE(m.name, ": ", m.updates, " updates, ", m.applied,
            " applied, no gap, never crossed; best prices equal to the ", "venue's own at ", m.compared, " instants");
    CHECK(m.updates == m.messages);
    std::vector<market::BookLevel> ours, plain;
    m.book.book().walk(BookSide::ask, [&](const market::BookLevel& level) {
      ours.push_back(level);
      return true;
    });
    for (const auto& [price, amount] : m.plain.asks) plain.push_back({price, amount});
    CHECK(ours == plain);
  }
  MESSAGE(walks, " walks, ", beyond, " of them beyond the book; largest difference ", worst_usd, " USD, ", worst_ticks,
          " of a tick on a lot, relative ", worst_relative);
  MESSAGE(splits, " splits against ", singles, " single venues, ", of_several, " over several; ",
          100.0 * saved / static_cast<double>(splits), " % saved on average");
  CHECK(walks >= 10'000);
  CHECK(splits >= 500);
}
