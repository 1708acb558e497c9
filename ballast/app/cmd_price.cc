#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <ostream>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ballast/app/commands.h"
#include "ballast/app/inputs.h"
#include "ballast/app/model_json.h"
#include "ballast/app/model_vols.h"
#include "ballast/app/smile_source.h"
#include "ballast/base/text.h"
#include "ballast/math/arithmetic.h"
#include "ballast/model/transform.h"

namespace ballast::app {
namespace {

using market::OptionType;
using market::Settlement;

constexpr std::size_t most_options = 100'000;
constexpr double loose_error = 1e-9;  // of the transform's own estimate: said above, relative to price's scale
constexpr int settlement_hour = 8;    // UTC, when Deribit's options expire
constexpr const char* net_delta_words =
    "inverse: delta - price/forward, the coins that the coin account gains per relative move; linear: delta";

/// NaN is no number in JSON and none in a table.
Cell number(double value) { return std::isfinite(value) ? Cell(value) : Cell(); }

/// Options of one expiry, and their quotes where they come from a chain.
struct Listed {
  std::string name;
  OptionType type;
  double strike;
  Settlement settlement;
  double vol = std::numeric_limits<double>::quiet_NaN();                           // quoted
  double mark = std::numeric_limits<double>::quiet_NaN(), bid = mark, ask = mark;  // in the quote unit
};

struct Expiry {
  double forward, years;
  std::optional<Time> expiry;
  std::vector<Listed> options;
};

bool is_day(const std::string& text) { return text.size() == 10; }

/// The expiry that a word means: of those that are known the one of that day, else 08:00 UTC of it.
Result<Time> expiry_of(const std::string& text, const std::set<Time>& known) {
  const auto time = parse_time(text);
  if (!time) return in("--expiry", time.error());
  if (!is_day(text)) return time.value();
  for (const Time one : known)
    if (to_string(one).substr(0, 10) == text) return one;
  return Time{time.value().ms + settlement_hour * 3'600'000LL};
}

Result<std::vector<Expiry>> given_options(const PriceOptions& o, const ChosenModel& chosen) {
  if (o.strikes.empty()) return Error{Fault::bad_flag, "give --strikes, or --chain FILE"};
  if (o.index || o.underlying) return Error{Fault::bad_flag, "--index and --underlying need --chain"};
  if (o.market.max_age_s) return Error{Fault::bad_flag, "--max-age needs --chain"};
  if (o.market.as_of && !o.expiry) return Error{Fault::bad_flag, "--as-of needs --expiry or --chain"};
  Expiry one{.forward = o.forward.value_or(0.0), .years = o.years.value_or(0.0), .expiry = {}, .options = {}};
  if (o.expiry) {
    std::set<Time> known;
    if (chosen.file)
      for (const CalibratedExpiry& e : chosen.file->expiries) known.insert(e.expiry);
    const auto expiry = expiry_of(*o.expiry, known);
    if (!expiry) return expiry.error();
    std::optional<Time> from;
    if (o.market.as_of) {
      const auto as_of = parse_time(*o.market.as_of);
      if (!as_of) return in("--as-of", as_of.error());
      from = as_of.value();
    } else if (chosen.file) {
      from = chosen.file->as_of;
    }
    if (!from) return Error{Fault::bad_flag, "--expiry needs --as-of or --calibration to count from"};
    one.expiry = expiry.value();
    one.years = years_between(*from, expiry.value()).value;
    if (!(one.years > 0.0))
      return Error{Fault::bad_input,
                   fmt::format("--expiry {} is not after {}", to_string(expiry.value()), to_string(*from))};
    if (!o.forward && chosen.file) {
      for (const CalibratedExpiry& e : chosen.file->expiries)
        if (e.expiry == expiry.value()) one.forward = e.forward;
      if (one.forward == 0.0)
        return Error{Fault::missing_data,
                     fmt::format("{}: no expiry {}: give --forward", *o.model.calibration, to_string(expiry.value()))};
    }
  }
  if (one.forward == 0.0) return Error{Fault::bad_flag, "give --forward"};
  if (one.years == 0.0) return Error{Fault::bad_flag, "give --years or --expiry"};
  const Settlement settlement = o.settlement.value_or("inverse") == "linear" ? Settlement::linear : Settlement::inverse;
  for (const double strike : o.strikes) {
    const bool call = o.type == "call" || (o.type == "otm" && strike >= one.forward);
    one.options.push_back({.name = fmt::format("{}-{}", shortest(strike), call ? "C" : "P"),
                           .type = call ? OptionType::call : OptionType::put,
                           .strike = strike,
                           .settlement = settlement});
  }
  return std::vector<Expiry>{std::move(one)};
}

Result<std::vector<Expiry>> listed_options(const PriceOptions& o, const ChosenModel& chosen, std::ostream& err) {
  if (o.forward || !o.strikes.empty() || o.years || o.settlement)
    return Error{Fault::bad_flag, "--forward, --strikes, --years and --settlement are the chain's own with --chain"};
  auto loaded = load_market(o.market);
  if (!loaded) return loaded.error();
  const market::Snapshot market = market::clean(std::move(loaded).value(), cleaning_rules(o.market));
  const vol::QuotedChain chain = vol::quoted(market);
  std::optional<std::string> asked = o.index;
  if (!asked && !o.underlying && chosen.file && !chosen.file->index.empty()) asked = chosen.file->index;
  const auto index = chosen_index(asked, o.underlying, market, chain);
  if (!index) return index.error();
  if (chosen.file && chosen.file->as_of != market.as_of)
    err << fmt::format("note: the model is of {}, the chain of {}\n", to_string(chosen.file->as_of),
                       to_string(market.as_of));
  std::map<Time, Expiry> expiries;
  std::set<Time> known;
  for (const auto& [name, quoted] : chain.options) {
    const market::Instrument& instrument = market.instruments.at(name);
    if (instrument.index != index.value()) continue;
    known.insert(instrument.expiry);
    const bool call = instrument.option_type == OptionType::call;
    const bool out = call ? instrument.strike >= quoted.forward.value : instrument.strike < quoted.forward.value;
    if (o.type == "otm" ? !out : call != (o.type == "call")) continue;
    Expiry& expiry = expiries
                         .try_emplace(instrument.expiry, Expiry{.forward = quoted.forward.value,
                                                                .years = quoted.years.value,
                                                                .expiry = instrument.expiry,
                                                                .options = {}})
                         .first->second;
    Listed& one = expiry.options.emplace_back(Listed{.name = name,
                                                     .type = instrument.option_type,
                                                     .strike = instrument.strike,
                                                     .settlement = instrument.settlement,
                                                     .vol = quoted.vol.value});
    const market::Quote& quote = market.quotes.at(name);
    if (quote.mark) one.mark = *quote.mark;
    if (quote.bid) one.bid = *quote.bid;
    if (quote.ask) one.ask = *quote.ask;
  }
  std::optional<Time> only;
  if (o.expiry) {
    const auto expiry = expiry_of(*o.expiry, known);
    if (!expiry) return expiry.error();
    only = expiry.value();
  }
  std::vector<Expiry> list;
  for (auto& [time, expiry] : expiries) {
    if (only && time != *only) continue;
    std::sort(expiry.options.begin(), expiry.options.end(), [](const Listed& a, const Listed& b) {
      return std::pair(a.strike, a.name) < std::pair(b.strike, b.name);
    });
    list.push_back(std::move(expiry));
  }
  if (list.empty()) {
    std::string text;
    for (const Time time : known) text += (text.empty() ? "" : ", ") + to_string(time).substr(0, 10);
    return Error{Fault::missing_data, fmt::format("{}: no {} option{}; its expiries: {}", index.value(), o.type,
                                                  only ? " of " + to_string(*only) : "", text)};
  }
  return list;
}

std::vector<Column> columns_of(std::span<const model::Parameter> parameters, bool chain) {
  std::vector<Column> columns = {{"option"}, {"type"}, {"settlement"}};
  if (chain) columns.push_back({"expiry"});
  for (Column c :
       {Column{"years", 4}, {"forward_usd", 2}, {"strike_usd", 2}, {"price_usd", 4}, {"price_coin", 6}, {"vol", 4}})
    columns.push_back(c);
  if (chain)
    for (Column c :
         {Column{"bid", 4}, {"mark", 4}, {"ask", 4}, {"quoted_vol", 4}, {"vol_points_off", 2}, {"within_spread"}})
      columns.push_back(c);
  for (Column c : {Column{"delta", 4},
                   {"net_delta", 4},
                   {"min_var_delta", 4},
                   {"net_min_var_delta", 4},
                   {"gamma_per_usd", -4},
                   {"theta_usd_per_day", 2}})
    columns.push_back(c);
  for (const model::Parameter& p : parameters) columns.push_back({"vega_" + std::string(p.name) + "_usd", 1});
  return columns;
}

/// Adds a row for each option of an expiry.
std::optional<Error> add_rows(const model::TransformModel& model, const Expiry& e, bool chain, Table& table,
                              double& worst) {
  const std::size_t n = e.options.size(), m = model::parameters(model::name(model)).size();
  std::vector<double> strike, sign, out_sign, price(n), delta(n), gamma(n), theta(n), hedge(n), gradient(n * m), out(n);
  for (const Listed& o : e.options) {
    strike.push_back(o.strike);
    sign.push_back(o.type == OptionType::call ? 1.0 : -1.0);
    out_sign.push_back(o.strike >= e.forward ? 1.0 : -1.0);
  }
  model::ExpiryOptions options{.forward = Price(e.forward), .years = Years(e.years), .strike = strike, .sign = sign};
  const auto report = model::transform(model, options,
                                       {.price = price,
                                        .delta = delta,
                                        .gamma = gamma,
                                        .theta = theta,
                                        .minimum_variance_delta = hedge,
                                        .gradient = gradient});
  if (!report) return report.error();
  worst = std::max(worst, report.value().error);
  // Vols from the side out of the money: what parity takes off a price in it, nothing gives back.
  options.sign = out_sign;
  if (const auto again = model::transform(model, options, {.price = out}); !again) return again.error();
  for (std::size_t i = 0; i < n; ++i) {
    const Listed& o = e.options[i];
    const bool inverse = o.settlement == Settlement::inverse;
    const double coin = price[i] / e.forward, vol = vol_of_price(e.forward, o.strike, out[i], e.years, out_sign[i]);
    const double net = inverse ? coin : 0.0, quote_unit = inverse ? coin : price[i];
    std::vector<Cell>& row = table.rows.emplace_back();
    row = {o.name, std::string(o.type == OptionType::call ? "call" : "put"),
           std::string(inverse ? "inverse" : "linear")};
    if (chain) row.push_back(to_string(*e.expiry));
    row.insert(row.end(), {e.years, e.forward, o.strike, price[i], coin, number(vol)});
    if (chain) {
      const bool sided = std::isfinite(o.bid) && std::isfinite(o.ask);
      row.insert(row.end(), {number(o.bid), number(o.mark), number(o.ask), number(o.vol), number(100.0 * (vol - o.vol)),
                             sided ? Cell(quote_unit >= o.bid && quote_unit <= o.ask) : Cell()});
    }
    row.insert(row.end(),
               {delta[i], delta[i] - net, number(hedge[i]), number(hedge[i] - net), gamma[i], theta[i] / 365.0});
    for (std::size_t p = 0; p < m; ++p) row.push_back(gradient[p * n + i]);
  }
  return std::nullopt;
}

nlohmann::ordered_json as_json(const model::TransformModel& model, const Table& table, double error) {
  nlohmann::ordered_json j = {{"schema", "ballast.price/1"}};
  j.update(model_json(model));
  j["net_delta"] = net_delta_words;
  j["arithmetic"] = math::name(math::arithmetic());
  j["error"] = error;
  j["options"] = nlohmann::ordered_json::parse(render(table, Format::json));
  return j;
}

std::string words(const model::TransformModel& model) {
  std::string text(model::name(model));
  const auto known = model::parameters(model::name(model));
  const std::vector<double> values = model::values(model);
  for (std::size_t i = 0; i < known.size(); ++i) text += fmt::format(" {}={:.6g}", known[i].name, values[i]);
  return text;
}

/// For people: what an option is worth beside its deltas, and what it answers to in a table of its own.
std::string as_text(const model::TransformModel& model, const Table& table) {
  Table worth, greeks;
  bool only_inverse = true;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const std::string& name = table.columns[c].name;
    if (name == "settlement") {
      for (const auto& row : table.rows) only_inverse = only_inverse && std::get<std::string>(row[c]) == "inverse";
      continue;
    }
    const bool greek = name == "gamma_per_usd" || name == "theta_usd_per_day" || name.starts_with("vega_");
    if (greek || name == "option") greeks.columns.push_back(table.columns[c]);
    if (!greek && name != "expiry" && name != "type") worth.columns.push_back(table.columns[c]);
    for (std::size_t r = 0; r < table.rows.size(); ++r) {
      if (worth.rows.size() <= r) worth.rows.emplace_back(), greeks.rows.emplace_back();
      if (greek || name == "option") greeks.rows[r].push_back(table.rows[r][c]);
      if (!greek && name != "expiry" && name != "type") worth.rows[r].push_back(table.rows[r][c]);
    }
  }
  return fmt::format(
             "{}\nnet_delta is {}; min_var_delta is the hedge with the forward that leaves the least variance.\n\n",
             words(model),
             only_inverse ? "delta - price/forward, the coin account's"
                          : "delta of linear options, delta - price/forward of inverse ones") +
         render(worth, Format::table) + "\n" + render(greeks, Format::table);
}

}  // namespace

int cmd_price(const PriceOptions& options, Streams streams) {
  const auto chosen = chosen_model(options.model);
  if (!chosen) return fail(chosen.error(), streams);
  const model::TransformModel& model = chosen.value().model;
  const bool chain = !options.market.chain.empty();
  const auto expiries =
      chain ? listed_options(options, chosen.value(), streams.err) : given_options(options, chosen.value());
  if (!expiries) return fail(expiries.error(), streams);
  std::size_t count = 0;
  for (const Expiry& e : expiries.value()) count += e.options.size();
  if (count > most_options)
    return fail({Fault::limit, fmt::format("{} options: at most {}", count, most_options)}, streams);
  Table table{columns_of(model::parameters(model::name(model)), chain), {}};
  double worst = 0.0;
  for (const Expiry& e : expiries.value()) {
    if (const auto fault = add_rows(model, e, chain, table, worst)) return fail(*fault, streams);
  }
  if (worst > loose_error)
    streams.err << fmt::format("warning: prices within {:.1e} of sqrt(forward strike) only: the sum was cut\n", worst);
  if (options.format == Format::json) {
    streams.out << as_json(model, table, worst).dump(2) << "\n";
  } else {
    streams.out << (options.format == Format::table ? as_text(model, table) : render(table, options.format));
  }
  return Exit::done;
}

}  // namespace ballast::app
