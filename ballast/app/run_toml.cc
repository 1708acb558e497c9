#include "ballast/app/run_toml.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "ballast/app/problem_toml.h"
#include "ballast/app/toml_section.h"
#include "ballast/store/file.h"
#include "ballast/store/snapshot.h"
#include "ballast/venue/book_trades_csv.h"
#include "ballast/venue/deribit/name.h"

namespace ballast::app {
namespace {

using namespace toml_in;

constexpr double recorded_age_s = 3600.0;  // a recorded chain was collected over minutes: docs/safety.md, ages
constexpr Range factor{0.2, 5.0, false, false, "a number from 0.2 to 5"};

class Reader {
 public:
  Reader(std::string folder, std::optional<Error>& error) : folder_(std::move(folder)), error_(error) {}

  std::string path(const std::string& name) const {
    const std::filesystem::path p(name);
    return p.is_absolute() || folder_.empty() ? name : (std::filesystem::path(folder_) / p).lexically_normal().string();
  }

  RunFile run(Section top) {
    RunFile file;
    sim::Run& run = file.run;
    run.name = top.text("name").value_or("backtest");
    run.underlying = top.text("underlying").value_or("BTC");
    run.numeraire = numeraire(top).value_or(Numeraire::coin);
    run.equity = top.number("equity", positive).value_or(10.0);
    run.hedge_every_s = 3600.0 * top.number("hedge_every_hours", not_negative).value_or(0.0);
    file.base = top.text("base");
    file.from = time(top, "from"), file.to = time(top, "to");
    file.seed = static_cast<std::uint64_t>(top.whole("seed", 0, 1'000'000'000).value_or(1));
    file.market = market(top, run.underlying);
    run.book = book(top);
    if (const toml::table* venue = top.table("venue")) {
      read_venue(Section(*venue, "venue", error_,
                         {"fee_scale", "latency_s", "patience_s", "funding_8h", "share", "impact", "option_delivery",
                          "future_delivery"}),
                 run.venue);
    }
    const bool recorded = std::holds_alternative<RecordedMarket>(file.market);
    const double age = top.number("max_age_s", positive).value_or(recorded ? recorded_age_s : 0.0);
    for (const toml::table* one : top.tables("rule")) {
      run.rules.push_back(rule(Section(*one, "rule", error_, rule_keys()), run, age));
    }
    if (run.rules.empty()) top.refuse("a run has at least one [[rule]]");
    add_unhedged(top, run);
    file.read = std::move(read_);
    std::set<std::string> names;
    for (const sim::Rule& r : run.rules) {
      if (!names.insert(r.name).second) top.refuse(fmt::format("two rules have the name {}", ballast::quoted(r.name)));
    }
    if (file.base && !names.contains(*file.base)) {
      const std::string near = nearest(*file.base, {names.begin(), names.end()});
      top.refuse(fmt::format("base is {}, which is no rule{}", ballast::quoted(*file.base),
                             near.empty() ? "" : fmt::format("; did you mean {}?", ballast::quoted(near))),
                 "base");
    }
    return file;
  }

 private:
  static std::set<std::string> rule_keys() {
    return {"name",    "hedges",     "delta",       "with",        "neutral",       "band",          "width",
            "target",  "aversion",   "cost_bps",    "every_hours", "least_move",    "move_hours",    "leland_hours",
            "problem", "candidates", "smile_model", "strict",      "future_collar", "option_collar", "trades"};
  }

  std::optional<Numeraire> numeraire(Section& s) {
    return s.word("numeraire",
                  std::vector<std::pair<std::string, Numeraire>>{{"coin", Numeraire::coin}, {"usd", Numeraire::usd}});
  }

  std::optional<Time> time(Section& s, const char* key) {
    const auto text = s.text(key);
    if (!text) return std::nullopt;
    const auto parsed = parse_time(*text);
    if (!parsed) {
      s.refuse(fmt::format("{}: {}", key, parsed.error().what), key);
      return std::nullopt;
    }
    return parsed.value();
  }

  sim::ChainShape shape(const toml::table* table, const std::string& name, const std::string& underlying) {
    sim::ChainShape shape{.underlying = underlying};
    if (table == nullptr) return shape;
    Section s(*table, name, error_,
              {"days", "strikes_z", "strikes", "skew", "convexity", "stickiness", "reference", "basis",
               "half_spread_vol", "perpetual_half_spread_ticks", "size_coins", "size_usd", "open_interest"});
    if (s.has("days")) shape.days = s.numbers("days", positive);
    s.number("strikes_z", positive, shape.strikes_z);
    shape.strikes = static_cast<std::size_t>(s.whole("strikes", 3, 200).value_or(static_cast<int>(shape.strikes)));
    s.number("skew", any, shape.skew), s.number("convexity", not_negative, shape.convexity);
    s.number("stickiness", any, shape.stickiness), s.number("reference", positive, shape.reference);
    s.number("basis", any, shape.basis), s.number("half_spread_vol", not_negative, shape.half_spread_vol);
    s.number("perpetual_half_spread_ticks", not_negative, shape.perpetual_half_spread_ticks);
    s.number("size_coins", positive, shape.size_coins), s.number("size_usd", positive, shape.size_usd);
    shape.open_interest = s.number("open_interest", positive);
    return shape;
  }

  MarketSource market(Section& top, const std::string& underlying) {
    const toml::table* table = top.table("market");
    if (table == nullptr) {
      if (!top.has("market")) top.refuse("a run has a [market]: chains, model or prices");
      return RecordedMarket{};
    }
    Section s(*table, "market", error_, {"chains", "perpetual", "perpetual_prices", "model", "prices", "levels"});
    const toml::table* model = s.table("model");
    const toml::table* prices = s.table("prices");
    const toml::table* levels = s.table("levels");
    const int kinds = (s.has("chains") ? 1 : 0) + (model ? 1 : 0) + (prices ? 1 : 0) + (levels ? 1 : 0);
    if (kinds != 1) {
      s.refuse("a [market] has one of market.chains, [market.model], [market.prices] and [market.levels]");
    }
    if (levels) return levelled(*levels, underlying);
    if (model) return drawn(*model, underlying);
    if (prices) return priced(*prices, underlying);
    RecordedMarket recorded;
    for (const std::string& one : s.texts("chains")) recorded.chains.push_back(path(one));
    if (const auto given = s.text("perpetual_prices")) recorded.perpetual_prices = path(*given);
    recorded.perpetual =
        s.word("perpetual",
               std::vector<std::pair<std::string, sim::PerpetualPrice>>{{"quoted", sim::PerpetualPrice::quoted},
                                                                        {"index", sim::PerpetualPrice::from_index}})
            .value_or(recorded.perpetual);
    return recorded;
  }

  /// Heston, Bates or the double-jump model, as the last of them.
  model::Svcj variance_model(const toml::table& table) {
    const auto names = model::parameters("svcj");  // those of the other two are its first
    std::set<std::string> known = {"name"};
    for (const model::Parameter& p : names) known.emplace(p.name);
    Section s(table, "market.model.dynamics", error_, known);
    const std::string name = s.text("name").value_or("");
    if (name != "heston" && name != "bates" && name != "svcj") {
      s.refuse("market.model.dynamics.name is heston, bates or svcj", "name");
      return {};
    }
    std::vector<double> numbers(names.size(), 0.0);
    const std::size_t count = model::parameters(name).size();
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::string key(names[i].name);
      const bool stands = s.has(key.c_str());
      if (i >= count && stands)
        s.refuse(fmt::format("market.model.dynamics.{}: {} has no such number", key, name), key.c_str());
      if (i < count && !stands) s.refuse(fmt::format("market.model.dynamics.{} is missing", key));
      if (i < count) s.number(key.c_str(), any, numbers[i]);
    }
    const auto model = model::model_of("svcj", numbers);
    if (!model) {
      s.refuse("market.model.dynamics: " + model.error().what);
      return {};
    }
    return std::get<model::Svcj>(model.value());
  }

  DrawnMarket drawn(const toml::table& table, const std::string& underlying) {
    Section s(table, "market.model", error_,
              {"start", "start_vol", "drift", "start_time", "days", "step_hours", "seed", "vol", "jumps_a_year",
               "jump_mean", "jump_deviation", "premium_mean", "premium_deviation", "premium_half_life_hours",
               "implied_over_realised", "chain", "dynamics"});
    DrawnMarket market;
    sim::MarketModel& m = market.model;
    s.number("start", positive, m.start), s.number("start_vol", positive, m.start_vol);
    s.number("drift", any, m.drift), s.number("implied_over_realised", factor, m.implied_over_realised);
    s.number("jumps_a_year", not_negative, m.jumps_a_year), s.number("jump_mean", any, m.jump_mean);
    s.number("jump_deviation", not_negative, m.jump_deviation), s.number("premium_mean", any, m.premium_mean);
    s.number("premium_deviation", not_negative, m.premium_deviation);
    s.number("premium_half_life_hours", positive, m.premium_half_life_hours);
    m.vol.mean = m.start_vol;
    if (const toml::table* vol = s.table("vol")) {
      Section v(*vol, "market.model.vol", error_, {"mean", "half_life_days", "vol_of_vol", "correlation"});
      v.number("mean", positive, m.vol.mean), v.number("half_life_days", positive, m.vol.half_life_days);
      v.number("vol_of_vol", not_negative, m.vol.vol_of_vol), v.number("correlation", any, m.vol.correlation);
    }
    if (const toml::table* dynamics = s.table("dynamics")) {
      for (const char* key :
           {"start_vol", "vol", "jumps_a_year", "jump_mean", "jump_deviation", "implied_over_realised"}) {
        if (s.has(key)) s.refuse(fmt::format("market.model.{} stands beside [market.model.dynamics]", key), key);
      }
      m.dynamics = variance_model(*dynamics);
    }
    market.start = time(s, "start_time").value_or(Time{1'767'254'400'000});  // 2026-01-01 08:00 UTC
    s.number("days", positive, market.days), s.number("step_hours", positive, market.step_hours);
    market.seed = static_cast<std::uint64_t>(s.whole("seed", 0, 1'000'000'000).value_or(1));
    market.shape = shape(s.table("chain"), "market.model.chain", underlying);
    if (const auto wrong = sim::fault(m)) s.refuse("market.model: " + wrong->what);
    return market;
  }

  LevelsMarket levelled(const toml::table& table, const std::string& underlying) {
    Section s(table, "market.levels", error_, {"file", "perpetual", "index", "every_s", "vol", "chain"});
    LevelsMarket market;
    for (const auto& [key, text] :
         std::vector<std::pair<const char*, std::string*>>{{"file", &market.file}, {"perpetual", &market.perpetual}}) {
      const auto given = s.text(key);
      if (!given) s.refuse(fmt::format("market.levels.{} is missing", key));
      *text = given.value_or("");
    }
    market.file = path(market.file);
    market.index = s.text("index").value_or(market.perpetual);
    s.number("every_s", positive, market.every_s), s.number("vol", positive, market.vol);
    market.shape = shape(s.table("chain"), "market.levels.chain", underlying);
    return market;
  }

  PricedMarket priced(const toml::table& table, const std::string& underlying) {
    Section s(table, "market.prices", error_,
              {"file", "time", "open", "high", "low", "close", "volume", "bar_minutes", "every", "vol", "window_days",
               "implied_over_realised", "premium", "chain"});
    PricedMarket market;
    if (const auto file = s.text("file")) {
      market.file = path(*file);
    } else {
      s.refuse("market.prices.file is missing");
    }
    venue::BarColumns& c = market.columns;
    for (const auto& [key, column] : std::vector<std::pair<const char*, std::string*>>{{"time", &c.time},
                                                                                       {"open", &c.open},
                                                                                       {"high", &c.high},
                                                                                       {"low", &c.low},
                                                                                       {"close", &c.close},
                                                                                       {"volume", &c.volume}}) {
      *column = s.text(key).value_or(*column);
    }
    s.number("bar_minutes", not_negative, market.bar_minutes), s.number("premium", any, market.rules.premium);
    market.rules.every = static_cast<std::size_t>(s.whole("every", 1, 1'000'000).value_or(1));
    if (const auto vol = s.number("vol", positive)) {
      market.rules.vol = sim::ConstantVol{.vol = *vol};
      for (const char* key : {"window_days", "implied_over_realised"}) {
        if (s.has(key)) s.refuse(fmt::format("market.prices.{} stands beside market.prices.vol", key), key);
      }
    } else {
      sim::RealisedVol realised;
      s.number("window_days", positive, realised.window_days),
          s.number("implied_over_realised", factor, realised.scale);
      market.rules.vol = realised;
    }
    market.shape = shape(s.table("chain"), "market.prices.chain", underlying);
    return market;
  }

  sim::Book book(Section& top) {
    const toml::table* table = top.table("book");
    if (table == nullptr) {
      if (!top.has("book")) top.refuse("a run has a [book]");
      return sim::HeldBook{};
    }
    const toml::node* kind = table->get("kind");
    const std::string word = kind && kind->is_string() ? *kind->value<std::string>() : "";
    if (word == "held") return held(Section(*table, "book", error_, {"kind", "file"}));
    if (word == "trades") return recorded(Section(*table, "book", error_, {"kind", "file"}));
    if (word == "strangle" || word == "straddle") {
      Section s(*table, "book", error_, {"kind", "coins", "days", "delta", "roll_days", "cross"});
      sim::StrangleBook b{.straddle = word == "straddle"};
      s.number("coins", positive, b.coins), s.number("days", positive, b.days);
      s.number("delta", Range{0.0, 0.5, true, false, "a number over 0 and up to 0.5"}, b.delta);
      s.number("roll_days", not_negative, b.roll_days);
      b.cross = s.yes_or_no("cross").value_or(true);
      return b;
    }
    if (word == "maker") {
      Section s(*table, "book", error_,
                {"kind", "trades_a_day", "coins", "most_days", "width", "edge", "most_vega_usd", "seed"});
      sim::MakerBook b;
      s.number("trades_a_day", positive, b.trades_a_day), s.number("coins", positive, b.coins);
      s.number("most_days", positive, b.most_days), s.number("width", positive, b.width);
      s.number("edge", probability, b.edge), s.number("most_vega_usd", positive, b.most_vega_usd);
      b.seed = static_cast<std::uint64_t>(s.whole("seed", 0, 1'000'000'000).value_or(1));
      return b;
    }
    Section(*table, "book", error_, {"kind", "file"})
        .refuse("book.kind is one of held, trades, strangle, straddle, maker", kind ? "kind" : nullptr);
    return sim::HeldBook{};
  }

  template <class T>
  T keep(Result<T> result, const std::string& file) {
    if (result) return std::move(result).value();
    if (!error_) error_ = file.empty() ? result.error() : in(file, result.error());
    return T{};
  }

  sim::HeldBook held(Section s) {
    sim::HeldBook book;
    const auto file = s.text("file");
    if (!file) {
      s.refuse("book.file is missing");
      return book;
    }
    read_.push_back(path(*file));
    for (const market::Position& p : keep(store::read_positions(read_.back()), "")) {
      const auto instrument = venue::deribit::parse_name(p.instrument);  // the table has looked at it
      book.amounts[p.instrument] += keep(market::amount_of(instrument.value(), p.quantity, p.unit), p.where);
    }
    return book;
  }

  sim::RecordedBook recorded(Section s) {
    if (s.has("file")) return {trades(s, "file")};
    s.refuse("book.file is missing");
    return {};
  }

  /// The trades of a file, or of a list of files one among the other by their times; of one time in the list's order.
  std::vector<sim::BookTrade> trades(Section& s, const char* key) {
    std::vector<sim::BookTrade> all;
    for (const std::string& file : s.raw().get(key)->is_array() ? s.texts(key) : one(s.text(key))) {
      read_.push_back(path(file));
      const std::string bytes = keep(store::read_bytes(read_.back()), "");
      if (error_) return {};
      for (const auto& t : keep(venue::decode_book_trades_csv(bytes), read_.back())) {
        all.push_back({.at = t.at, .instrument = t.instrument, .amount = t.amount, .price = t.price});
      }
    }
    std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
    return all;
  }

  static std::vector<std::string> one(std::optional<std::string> text) {
    return text ? std::vector{std::move(*text)} : std::vector<std::string>{};
  }

  void read_venue(Section s, sim::VenueRules& venue) {
    s.number("fee_scale", not_negative, venue.fee_scale), s.number("latency_s", not_negative, venue.latency_s);
    s.number("patience_s", not_negative, venue.patience_s), s.number("share", share, venue.costs.share);
    s.number("option_delivery", not_negative, venue.option_delivery);
    s.number("future_delivery", not_negative, venue.future_delivery);
    venue.funding_8h = s.number("funding_8h", any);
    if (!s.yes_or_no("impact").value_or(true)) venue.costs.impact.reset();
  }

  void read_band(Section& s, desk::Config& config) {
    const auto kind = s.word("band", std::vector<std::pair<std::string, hedge::BandKind>>{
                                         {"none", hedge::BandKind::none},
                                         {"fixed", hedge::BandKind::fixed},
                                         {"whalley-wilmott", hedge::BandKind::whalley_wilmott},
                                         {"zakamouline", hedge::BandKind::zakamouline}});
    hedge::RebalanceRule r{.band = kind.value_or(hedge::BandKind::none)};
    r.target =
        s.word("target", std::vector<std::pair<std::string, hedge::BandTarget>>{{"edge", hedge::BandTarget::edge},
                                                                                {"middle", hedge::BandTarget::middle}})
            .value_or(r.target);
    constexpr double hours_a_year = 8760.0;
    s.number("width", share, r.width), s.number("aversion", positive, r.aversion);
    r.cost_rate = s.number("cost_bps", not_negative).value_or(0.0) / 1e4;
    r.least_interval = Years(s.number("every_hours", not_negative).value_or(0.0) / hours_a_year);
    r.least_move = s.number("least_move", not_negative).value_or(0.0);
    r.move_span = Years(s.number("move_hours", positive).value_or(0.0) / hours_a_year);
    r.leland_interval = Years(s.number("leland_hours", positive).value_or(0.0) / hours_a_year);
    const bool asked = s.has("band") || s.has("every_hours") || s.has("least_move") || s.has("leland_hours");
    if (!asked) {
      for (const char* key : {"width", "target", "aversion", "cost_bps", "move_hours"}) {
        if (s.has(key)) s.refuse(fmt::format("rule.{} stands without rule.band", key), key);
      }
      return;
    }
    const auto checked = hedge::checked(r);
    if (!checked) {
      s.refuse("rule: " + checked.error().what, s.has("band") ? "band" : nullptr);
      return;
    }
    config.rebalance = checked.value();
  }

  void read_delta(Section& s, sim::Rule& rule, const std::string& underlying) {
    const std::string word = s.text("delta").value_or("net");
    desk::Config& config = rule.desk.decide;
    if (word == "net") return;
    if (word == "black") {
      config.delta = desk::HedgedDelta::black;
      return;
    }
    const auto dynamics = vol::smile_dynamics(word);
    if (!dynamics) {
      s.refuse(fmt::format("rule.delta is {}: it is net, black or smile dynamics; {}", ballast::quoted(word),
                           dynamics.error().what),
               "delta");
      return;
    }
    config.dynamics = dynamics.value();
    rule.desk.learn = config.dynamics->rule == vol::SmileRule::adaptive;
    rule.desk.moves.underlyings = {underlying};
  }

  sim::Rule rule(Section s, const sim::Run& run, double age) {
    sim::Rule rule;
    rule.name = s.text("name").value_or("");
    if (rule.name.empty()) s.refuse("rule.name is missing");
    if (rule.name.starts_with('.') || rule.name.find_first_of("/\\") != std::string::npos) {
      s.refuse(fmt::format("rule.name is {}: it names a journal's file, so no / or \\ and no . in front",
                           ballast::quoted(rule.name)),
               "name");
    }
    rule.hedges = s.yes_or_no("hedges").value_or(true);
    desk::Config& config = rule.desk.decide;
    config.numeraire = run.numeraire;
    if (age > 0.0) config.cleaning = config.cleaning.with_age(age);
    config.with = s.texts("with");
    if (s.has("neutral")) {
      config.targets.clear();
      for (const std::string& word : s.texts("neutral")) {
        std::optional<hedge::Target> found;
        for (const auto t : {hedge::Target::delta, hedge::Target::gamma, hedge::Target::vega}) {
          if (word == hedge::name(t)) found = t;
        }
        if (!found) {
          s.refuse(fmt::format("rule.neutral has {}: it takes delta, gamma, vega", ballast::quoted(word)), "neutral");
        } else {
          config.targets.push_back(*found);
        }
      }
    }
    read_delta(s, rule, run.underlying);
    read_band(s, config);
    if (s.has("trades")) {
      rule.recorded = trades(s, "trades");
      if (rule.recorded.empty()) s.refuse("rule.trades has no trade", "trades");
      if (!rule.hedges) s.refuse("rule.trades stands beside rule.hedges = false", "trades");
    }
    if (s.has("neutral") && config.targets.empty()) s.refuse("rule.neutral is empty", "neutral");
    for (const char* key : {"with", "neutral", "leland_hours"}) {
      if (s.has("problem") && s.has(key))
        s.refuse(fmt::format("rule.{} stands beside rule.problem, which says it", key), key);
    }
    if (s.has("problem") && config.delta == desk::HedgedDelta::black) {
      s.refuse("rule.delta is black beside rule.problem, which counts net delta", "delta");
    }
    if (const auto file = s.text("problem")) {
      const std::string name = path(*file);
      read_.push_back(name);
      const std::string bytes = keep(store::read_bytes(name), "");
      WrittenProblem written = bytes.empty() ? WrittenProblem{} : keep(parse_problem(bytes), name);
      config.problem = std::move(written.problem);
      rule.desk.candidates = std::move(written.candidates);
    }
    for (const std::string& word : s.texts("candidates")) rule.desk.candidates.push_back(word);
    if (!rule.desk.candidates.empty() && !config.problem) {
      s.refuse("rule.candidates stands without rule.problem", "candidates");
    }
    if (s.yes_or_no("strict").value_or(false)) rule.desk.worst = desk::Quality::ok;
    s.number("future_collar", positive, rule.desk.future_collar);
    s.number("option_collar", positive, rule.desk.option_collar);
    return rule;
  }

  /// What every rule is measured against, where the file has none of its own.
  void add_unhedged(Section& top, sim::Run& run) {
    if (!top.yes_or_no("unhedged").value_or(true)) return;
    for (const sim::Rule& r : run.rules) {
      if (!r.hedges) return;
    }
    run.rules.insert(run.rules.begin(), sim::Rule{.name = "unhedged", .hedges = false, .desk = {}});
  }

  std::string folder_;
  std::optional<Error>& error_;
  std::vector<std::string> read_;
};

}  // namespace

Result<RunFile> parse_run(const std::string& text, const std::string& folder) {
  toml::table table;
  try {
    table = toml::parse(text);
  } catch (const toml::parse_error& error) {
    return Error{Fault::bad_syntax, fmt::format("{}: {}", at(error.source()), error.description())};
  }
  std::optional<Error> error;
  Section top(table, "", error,
              {"name", "underlying", "numeraire", "equity", "hedge_every_hours", "base", "from", "to", "seed", "market",
               "book", "venue", "rule", "unhedged", "max_age_s"});
  RunFile file = Reader(folder, error).run(std::move(top));
  if (error) return *error;
  return file;
}

}  // namespace ballast::app
