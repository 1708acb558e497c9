#include "ballast/app/market_source.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "ballast/app/archive.h"
#include "ballast/app/inputs.h"
#include "ballast/app/progress.h"
#include "ballast/base/text.h"
#include "ballast/sim/level_replay.h"
#include "ballast/sim/model_smile.h"
#include "ballast/store/file.h"
#include "ballast/store/level_archive.h"
#include "ballast/venue/deribit/chain_csv.h"

namespace ballast::app {
namespace {

using Visit = std::function<std::optional<Error>(const sim::Instant&)>;
using Held = std::function<std::vector<std::string>()>;
using Prices = std::map<std::string, std::map<Time, market::Quote>>;  // by instrument

// A table of perpetual prices has a row for each snapshot; a row further off is of another one.
constexpr double nearest_price_s = 60.0;
constexpr const char* prices_name = "perpetual_futures_prices.csv.zst";

std::set<std::string> hedge_names(const sim::Run& run) {
  std::set<std::string> names = {run.underlying + "-PERPETUAL"};
  for (const sim::Rule& rule : run.rules) names.insert(rule.desk.decide.with.begin(), rule.desk.decide.with.end());
  return names;
}

bool within(const RunFile& file, Time at) { return !(file.from && at < *file.from) && !(file.to && at > *file.to); }

Result<Prices> perpetual_prices(const RecordedMarket& recorded) {
  std::vector<std::string> tables;
  if (recorded.perpetual_prices) tables.push_back(*recorded.perpetual_prices);
  for (const std::string& path : recorded.chains) {
    const auto beside = std::filesystem::path(path) / prices_name;
    std::error_code none;
    if (!recorded.perpetual_prices && std::filesystem::exists(beside, none)) tables.push_back(beside.string());
  }
  Prices prices;
  for (const std::string& table : tables) {
    const auto bytes = store::read_bytes(table);
    if (!bytes) return bytes.error();
    auto quotes = venue::deribit::decode_perpetual_prices_csv(bytes.value());
    if (!quotes) return in(table, quotes.error());
    for (market::Quote& q : std::move(quotes).value()) {
      const std::string instrument = q.instrument;
      const Time sent = q.sent;
      if (q.mark) prices[instrument].insert_or_assign(sent, std::move(q));
    }
  }
  return prices;
}

/// The rows nearest to the snapshot's time become its quotes.
void add_prices(const Prices& prices, market::Snapshot& snapshot) {
  for (const auto& [name, rows] : prices) {
    if (snapshot.quotes.contains(name) || !snapshot.instruments.contains(name)) continue;
    const market::Quote* best = nullptr;
    const auto off = [&](const market::Quote& q) { return std::abs(seconds_between(q.sent, snapshot.as_of)); };
    auto at = rows.lower_bound(snapshot.as_of);
    if (at != rows.end()) best = &at->second;
    if (at != rows.begin() && (best == nullptr || off(std::prev(at)->second) < off(*best)))
      best = &std::prev(at)->second;
    if (best == nullptr || off(*best) > nearest_price_s) continue;
    market::Quote quote = *best;
    quote.sent = snapshot.as_of;  // what it stands for
    snapshot.quotes.emplace(name, std::move(quote));
  }
}

/// Other underlyings out of the way: half of the work of every later step.
void keep_only(market::Snapshot& snapshot, const std::string& underlying) {
  std::erase_if(snapshot.quotes, [&](const auto& q) {
    const auto listed = snapshot.instruments.find(q.first);
    return listed == snapshot.instruments.end() || listed->second.underlying != underlying;
  });
  std::erase_if(snapshot.instruments, [&](const auto& i) { return i.second.underlying != underlying; });
  std::erase_if(snapshot.indices, [&](const auto& i) { return i.first != underlying; });
}

std::optional<Error> recorded(const RunFile& file, const RecordedMarket& market, std::ostream& err, std::size_t skip,
                              const Visit& visit) {
  const auto prices = perpetual_prices(market);
  if (!prices) return prices.error();
  const auto names = hedge_names(file.run);
  Time last{0};
  return for_each_snapshot(
      market.chains, err, [&](const std::string&, market::Snapshot snapshot) -> std::optional<Error> {
        if (!within(file, snapshot.as_of)) return std::nullopt;
        if (!(snapshot.as_of > last)) {
          return Error{Fault::bad_input, fmt::format("{} is not after {}", to_string(snapshot.as_of), to_string(last))};
        }
        last = snapshot.as_of;
        if (skip > 0) {
          --skip;
          return std::nullopt;
        }
        keep_only(snapshot, file.run.underlying);
        if (auto fault = add_instruments(snapshot, {names.begin(), names.end()})) return fault;
        add_prices(prices.value(), snapshot);
        return visit(sim::instant_of(std::move(snapshot), file.run.underlying, market.perpetual));
      });
}

std::optional<Error> drawn(const RunFile& file, const DrawnMarket& market, std::ostream& err, std::size_t skip,
                           const Held& held, const Visit& visit) {
  Progress progress(err, "instants");
  const auto steps = static_cast<std::size_t>(std::floor(market.days * 24.0 / market.step_hours + 1e-9)) + 1;
  sim::MarketState state = sim::begin(market.model, market.start);
  sim::ChainShape shape = sim::quoted_by(market.model, market.shape);
  for (std::size_t i = 0; i < steps; ++i) {
    if (i > 0) state = sim::next(market.model, market.seed, 0, state, 3600.0 * market.step_hours);
    if (!within(file, state.at)) continue;
    if (skip > 0) {
      --skip;
      continue;
    }
    shape.perpetual_premium = state.premium;
    sim::ExpirySmile smile;
    if (market.model.dynamics) {
      smile = [now = sim::model_at(market.model, state)](Price forward, Years years, std::span<const double> strike) {
        return sim::model_smile(now, forward, years, strike);
      };
    }
    auto snapshot = sim::modelled_chain(shape, state.at, state.index, sim::atm_vol(market.model, state), held(), smile);
    if (!snapshot) return snapshot.error();
    const auto instant = sim::instant_of(std::move(snapshot).value(), file.run.underlying, sim::PerpetualPrice::quoted);
    if (auto fault = visit(instant)) return fault;
    progress.at(static_cast<double>(i + 1) / static_cast<double>(steps), i + 1);
  }
  return std::nullopt;
}

std::optional<Error> priced(const RunFile& file, const PricedMarket& market, std::ostream& err, std::size_t skip,
                            const Held& held, const Visit& visit) {
  const auto bytes = store::read_bytes(market.file);
  if (!bytes) return bytes.error();
  const auto bars = venue::decode_bars_csv(bytes.value(), market.columns);
  if (!bars) return in(market.file, bars.error());
  std::vector<sim::IndexPoint> points;
  const auto late = static_cast<std::int64_t>(std::llround(60'000.0 * market.bar_minutes));
  for (const venue::Bar& bar : bars.value()) points.push_back({Time{bar.at.ms + late}, bar.close});
  const auto instants = sim::series(points, market.rules);
  if (!instants) return in(market.file, instants.error());
  Progress progress(err, "instants");
  std::size_t done = 0;
  for (const sim::SeriesInstant& now : instants.value()) {
    ++done;
    if (!within(file, now.at)) continue;
    if (skip > 0) {
      --skip;
      continue;
    }
    auto snapshot = sim::modelled_chain(market.shape, now, held());
    if (!snapshot) return in(market.file, snapshot.error());
    const auto instant = sim::instant_of(std::move(snapshot).value(), file.run.underlying, sim::PerpetualPrice::quoted);
    if (auto fault = visit(instant)) return fault;
    progress.at(static_cast<double>(done) / static_cast<double>(instants.value().size()), done);
  }
  return std::nullopt;
}

/// The row of an instrument, or the fault that names the ones there are.
Result<std::size_t> row_of(const market::LevelHistory& history, const std::string& name) {
  std::string all;
  for (std::size_t i = 0; i < history.instruments.size(); ++i) {
    if (history.instruments[i].name == name) return i;
    all += (all.empty() ? "" : ", ") + history.instruments[i].name;
  }
  return Error{Fault::bad_input, fmt::format("no instrument {}: it has {}", ballast::quoted(name), all)};
}

std::optional<double> middle(const market::OrderBook& book) {
  const auto bid = book.best(market::BookSide::bid), ask = book.best(market::BookSide::ask);
  if (!book.valid() || !bid || !ask) return std::nullopt;
  return 0.5 * (market::book_value(bid->price) + market::book_value(ask->price));
}

/// The chain of a moment, its perpetual with the levels that were there.
Result<sim::Instant> instant_of_books(const RunFile& file, const LevelsMarket& market, Time at, double index,
                                      const market::OrderBook& book, double contract, const Held& held) {
  auto made = sim::modelled_chain(market.shape, at, index, market.vol, held());
  if (!made) return made.error();
  market::Snapshot snapshot = std::move(made).value();
  const std::string name = file.run.underlying + "-PERPETUAL";
  market::Quote& quote = snapshot.quotes.at(name);
  book.lay(quote, contract);
  quote.sent = at;  // a book that nothing changed is still so
  quote.mark = middle(book);
  // The recorded venue's grid is finer than the one that the name stands for.
  snapshot.instruments.at(name).ticks = {.tick = 1e-8, .steps = {}};
  return sim::instant_of(std::move(snapshot), file.run.underlying, sim::PerpetualPrice::quoted);
}

std::optional<Error> levelled(const RunFile& file, const LevelsMarket& market, std::ostream& err, std::size_t skip,
                              const Held& held, const Visit& visit) {
  const auto read = store::read_levels(market.file);
  if (!read) return read.error();
  const market::LevelHistory& history = read.value();
  const auto perpetual = row_of(history, market.perpetual), index = row_of(history, market.index);
  if (!perpetual) return in(market.file, perpetual.error());
  if (!index) return in(market.file, index.error());
  sim::LevelReplay replay(history.instruments, std::vector<sim::LevelHolding>(history.instruments.size()));
  const double contract = history.instruments[perpetual.value()].contract;
  const auto step = static_cast<std::int64_t>(std::llround(1000.0 * market.every_s));
  Progress progress(err, "instants");
  Time next{0};
  std::size_t done = 0, level = 0;
  for (std::size_t u = 0; u < history.updates.size(); ++u) {
    const market::LevelUpdate& update = history.updates[u];
    const auto spot = middle(replay.book(index.value()));
    const bool known = spot && middle(replay.book(perpetual.value()));
    if (known && next.ms == 0) next = Time{(update.sent.ms + step - 1) / step * step};
    // What was known when the clock struck: the books before the first update behind it.
    for (; known && update.sent > next; next = Time{next.ms + step}) {
      if (!within(file, next)) continue;
      if (skip > 0) {
        --skip;
        continue;
      }
      const auto now = instant_of_books(file, market, next, *spot, replay.book(perpetual.value()), contract, held);
      if (!now) return in(market.file, now.error());
      if (auto fault = visit(now.value())) return fault;
      progress.at(static_cast<double>(u + 1) / static_cast<double>(history.updates.size()), ++done);
    }
    const std::size_t count = std::size_t{update.bids} + update.asks;
    replay.apply(update, std::span(history.levels).subspan(level, count));
    level += count;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Error> for_each_instant(const RunFile& file, std::ostream& err, std::size_t skip, const Held& held,
                                      const Visit& visit) {
  if (const auto* m = std::get_if<RecordedMarket>(&file.market)) return recorded(file, *m, err, skip, visit);
  if (const auto* m = std::get_if<DrawnMarket>(&file.market)) return drawn(file, *m, err, skip, held, visit);
  if (const auto* m = std::get_if<LevelsMarket>(&file.market)) return levelled(file, *m, err, skip, held, visit);
  return priced(file, std::get<PricedMarket>(file.market), err, skip, held, visit);
}

}  // namespace ballast::app
