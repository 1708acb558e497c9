#include "ballast/desk/smile_moves.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "ballast/market/clean.h"
#include "ballast/math/elementary.h"
#include "ballast/pricing/inverse.h"
#include "ballast/vol/fit.h"
#include "ballast/vol/quoted.h"
#include "ballast/vol/smile_quotes.h"

namespace ballast::desk {
namespace {

// Cleaning of mids, at both ends of a step: the spread is at most this share of the mid, and the mid at most so many
// robust deviations off the smile in price. The latter and mark_off_mid of market::clean are the outlier limits that
// outlier_scale moves.
constexpr double mid_spread = 0.5, mid_deviations = 8.0;

double median(std::vector<double> values) {
  if (values.empty()) return std::nan("");
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

bool chosen(const market::Instrument& i, const market::Quote& q, double forward, Time as_of, double middle) {
  const double moneyness = i.strike / forward;
  return q.open_interest.value_or(0.0) >= 1.0 && *q.ask - *q.bid <= 0.5 * middle && moneyness >= 0.5 &&
         moneyness <= 2.0 && seconds_between(as_of, i.expiry) >= 86400.0;
}

/// The moves are in coin: options that settle in it.
bool wanted(const market::Instrument& i, const MoveRules& rules) {
  return i.is_option() && i.settlement == market::Settlement::inverse &&
         (rules.underlyings.empty() ||
          std::find(rules.underlyings.begin(), rules.underlyings.end(), i.underlying) != rules.underlyings.end());
}

}  // namespace

Result<std::map<std::string, ObservedChain>> observed(const market::Snapshot& snapshot, const MoveRules& rules,
                                                      std::map<std::string, vol::Surface>& before) {
  market::CleaningRules cleaning = market::CleaningRules{}.with_age(rules.most_age_s);
  cleaning.mark_off_mid *= rules.outlier_scale;
  cleaning.mark_off_mid_ticks *= rules.outlier_scale;
  const market::Snapshot believed = market::clean(snapshot, cleaning);
  // A mark is taken as it comes: what is not believed is a mid.
  const vol::QuotedChain quoted = vol::quoted(snapshot), believed_chain = vol::quoted(believed);
  std::set<std::string> indices;
  for (const auto& [name, o] : quoted.options) {
    const market::Instrument& i = snapshot.instruments.at(name);
    if (wanted(i, rules)) indices.insert(i.index);
  }
  std::map<std::string, const vol::Surface*> surfaces;
  for (const std::string& index : indices) {
    const vol::SmileQuotes quotes =
        vol::smile_quotes(believed, believed_chain, index, {.least_days = rules.least_smile_days});
    if (quotes.slices.empty()) continue;
    const auto last = before.find(index);
    auto surface = vol::fit(quotes.slices, {}, last == before.end() ? nullptr : &last->second);
    if (!surface) return in(index, surface.error());
    surfaces[index] = &before.insert_or_assign(index, std::move(surface).value()).first->second;
  }

  std::map<std::string, ObservedChain> found;
  std::map<std::pair<std::string, Time>, std::vector<double>> deviations;
  for (const auto& [name, o] : quoted.options) {
    const market::Instrument& i = snapshot.instruments.at(name);
    const market::Quote& q = snapshot.quotes.at(name);
    const auto surface = surfaces.find(i.index);
    const vol::Slice* smile = surface == surfaces.end() ? nullptr : vol::slice_of(*surface->second, i.expiry);
    if (!wanted(i, rules) || !q.mark || !q.bid || !q.ask || !(*q.bid < *q.ask) || !smile) continue;
    const double k = math::log_ratio(i.strike, o.forward.value), middle = 0.5 * (*q.bid + *q.ask);
    const vol::SmilePoint point = vol::at(smile->shape, k), money = vol::at(smile->shape, 0.0);
    const auto at = [&](Vol vol) {
      return pricing::inverse_greeks(
          {.forward = o.forward, .strike = Price(i.strike), .vol = vol, .years = o.years, .type = i.option_type});
    };
    const pricing::InverseGreeks greeks = at(o.vol);
    const ObservedOption held{.mark = *q.mark,
                              .mid = middle,
                              .half_spread = 0.5 * (*q.ask - *q.bid),
                              .black_delta = greeks.black_delta,
                              .vega_coin = greeks.vega_coin,
                              .vol = o.vol,
                              .slope = vol::vol_slope(point, o.years),
                              .moneyness = k / std::sqrt(money.total_variance),
                              .smile_price = at(vol::vol_of(point, o.years)).price.value,
                              .years = o.years,
                              .expiry = i.expiry,
                              .chosen = chosen(i, q, o.forward.value, snapshot.as_of, middle),
                              .clean = believed.quotes.contains(name)};
    deviations[{i.underlying, i.expiry}].push_back(std::abs(held.mid - held.smile_price));
    ObservedChain& chain = found[i.underlying];
    chain.as_of = snapshot.as_of;
    chain.forwards[i.expiry] = o.forward.value;
    chain.options.emplace(name, held);
  }
  for (auto& [coin, chain] : found) {
    std::map<Time, double> limits;
    for (auto& [name, held] : chain.options) {
      if (!limits.contains(held.expiry)) {
        // At least a tick of cheap options: where all mids sit on the smile nothing is an outlier for a rounding.
        limits[held.expiry] =
            rules.outlier_scale * mid_deviations * std::max(1.4826 * median(deviations[{coin, held.expiry}]), 0.0001);
      }
      if (std::abs(held.mid - held.smile_price) > limits[held.expiry] || 2.0 * held.half_spread > mid_spread * held.mid)
        held.clean = false;
    }
  }
  return found;
}

bool is_step(const ObservedChain& from, const ObservedChain& to, const MoveRules& rules) {
  const double hours = seconds_between(from.as_of, to.as_of) / 3600.0;
  return hours >= rules.least_gap_h && hours <= rules.most_gap_h;
}

bool counts(const ObservedOption& from, const ObservedOption& to, MovePrices prices) {
  return from.chosen && (prices != MovePrices::mids || (from.clean && to.clean));
}

double price_of(const ObservedOption& option, MovePrices prices) {
  return prices == MovePrices::marks ? option.mark : option.mid;
}

std::vector<vol::SmileMove> smile_moves(const ObservedChain& from, const ObservedChain& to, MovePrices prices) {
  std::vector<vol::SmileMove> moves;
  for (const auto& [name, held] : from.options) {
    const auto later = to.options.find(name);
    if (later == to.options.end() || !counts(held, later->second, prices)) continue;
    moves.push_back({.years = held.years,
                     .vol = held.vol,
                     .moneyness = held.moneyness,
                     .vega_coin = held.vega_coin,
                     .net_delta = held.black_delta - price_of(held, prices),
                     .change = price_of(later->second, prices) - price_of(held, prices),
                     .hedge_gain = 1.0 - from.forwards.at(held.expiry) / to.forwards.at(held.expiry)});
  }
  return moves;
}

std::optional<Error> learn(Learning& learning, const market::Snapshot& snapshot, const MoveRules& moves,
                           const vol::AdaptiveRules& rules) {
  if (!(snapshot.as_of > learning.as_of)) {
    return Error{Fault::bad_input,
                 fmt::format("a snapshot of {} after one of {}", to_string(snapshot.as_of), to_string(learning.as_of))};
  }
  auto now = observed(snapshot, moves, learning.surfaces);
  if (!now) return now.error();
  for (const auto& [underlying, chain] : now.value()) {
    const auto last = learning.chains.find(underlying);
    if (last == learning.chains.end() || !is_step(last->second, chain, moves)) continue;
    vol::Learned& learned = learning.learned[underlying];
    auto next = vol::update(learned.state, chain.as_of, smile_moves(last->second, chain, MovePrices::marks), rules);
    if (!next) return in(underlying, next.error());
    learned = {.state = next.value(), .rules = rules, .steps = learned.steps + 1};
  }
  learning.as_of = snapshot.as_of;
  learning.chains = std::move(now).value();
  return std::nullopt;
}

}  // namespace ballast::desk
