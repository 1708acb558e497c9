#include "ballast/vol/smile_quotes.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "ballast/math/elementary.h"
#include "ballast/math/normal.h"
#include "ballast/math/normalised_black.h"

namespace ballast::vol {
namespace {

using market::Instrument;
using market::OptionType;
using market::Quote;
using market::Settlement;

constexpr double absent = std::numeric_limits<double>::quiet_NaN();

struct Candidate {
  std::string name;
  double log_moneyness, vol, bid_vol, ask_vol;
};

/// The vol of one side of the market; NaN when there is none.
double side_vol(const Instrument& instrument, const std::optional<double>& price, double forward, Years years) {
  if (!price) return absent;
  const double usd = instrument.settlement == Settlement::inverse ? *price * forward : *price;
  const auto implied =
      math::implied_stdev_of_price(forward, instrument.strike, usd, instrument.option_type == OptionType::call);
  return implied.outcome == math::ImpliedOutcome::ok ? implied.stdev / std::sqrt(years.value) : absent;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// 1 / spread², a quarter of the least for a quote without a spread, at most 25 times the median.
std::vector<double> spread_weights(const std::vector<Candidate>& quotes) {
  std::vector<double> weights, known;
  for (const Candidate& q : quotes) {
    const double spread = q.ask_vol - q.bid_vol;
    weights.push_back(spread >= 0.0 ? 1.0 / std::max(spread * spread, 1e-12)
                                    : absent);  // a locked market is a narrow one
    if (spread >= 0.0) known.push_back(weights.back());
  }
  if (known.empty()) return std::vector<double>(quotes.size(), 1.0);
  const double middle = median(known), least = *std::min_element(known.begin(), known.end());
  for (double& w : weights) w = std::isnan(w) ? 0.25 * least / middle : std::min(w / middle, 25.0);
  return weights;
}

std::vector<double> weights_of(const std::vector<Candidate>& quotes, FitWeight choice, Years years) {
  if (choice == FitWeight::spread) return spread_weights(quotes);
  std::vector<double> weights(quotes.size(), 1.0);
  if (choice == FitWeight::equal) return weights;
  for (std::size_t i = 0; i < quotes.size(); ++i) {
    // vega over vega at the money: phi(d1)/phi(0) to first order, errors of price; squared, as the fit squares errors
    const double stdev = quotes[i].vol * std::sqrt(years.value);
    const double d1 = -quotes[i].log_moneyness / stdev + 0.5 * stdev;
    weights[i] = std::max(math::exp(-d1 * d1), 1e-8);
  }
  return weights;
}

void drop_one_sided(std::vector<Candidate>& quotes, std::size_t least, std::vector<market::Dropped>& dropped) {
  const auto one_sided = [](const Candidate& q) { return std::isnan(q.bid_vol) || std::isnan(q.ask_vol); };
  const auto count = std::count_if(quotes.begin(), quotes.end(), one_sided);
  if (count == 0 || quotes.size() - static_cast<std::size_t>(count) < least) return;
  for (const Candidate& q : quotes) {
    if (one_sided(q))
      dropped.push_back({q.name, "one_sided", fmt::format("vol {:.4f} without a bid and an ask", q.vol)});
  }
  std::erase_if(quotes, one_sided);
}

}  // namespace

const char* name(FitTarget target) {
  switch (target) {
    case FitTarget::mark: return "mark";
    case FitTarget::mid: return "mid";
  }
  return "";
}

const char* name(FitWeight weight) {
  switch (weight) {
    case FitWeight::equal: return "equal";
    case FitWeight::spread: return "spread";
    case FitWeight::vega: return "vega";
  }
  return "";
}

SmileQuotes smile_quotes(const market::Snapshot& snapshot, const QuotedChain& chain, const std::string& index,
                         const QuoteRules& rules) {
  SmileQuotes found;
  found.dropped = chain.dropped;
  std::map<Time, std::vector<Candidate>> by_expiry;
  for (const auto& [name, option] : chain.options) {
    const Instrument& instrument = snapshot.instruments.at(name);
    if (instrument.index != index) continue;
    const double f = option.forward.value, k = instrument.strike;
    if ((k < f) != (instrument.option_type == OptionType::put)) continue;
    const Quote& quote = snapshot.quotes.at(name);
    Candidate c{.name = name,
                .log_moneyness = math::log_ratio(k, f),
                .vol = option.vol.value,
                .bid_vol = side_vol(instrument, quote.bid, f, option.years),
                .ask_vol = side_vol(instrument, quote.ask, f, option.years)};
    if (rules.target == FitTarget::mid) {
      if (std::isnan(c.bid_vol) || std::isnan(c.ask_vol)) {
        found.dropped.push_back({name, "one_sided", "a mid needs a bid and an ask that have vols"});
        continue;
      }
      if (c.ask_vol - c.bid_vol > rules.widest_vol) {
        found.dropped.push_back(
            {name, "wide",
             fmt::format("bid vol {:.4f} ask vol {:.4f}, limit {} apart", c.bid_vol, c.ask_vol, rules.widest_vol)});
        continue;
      }
      c.vol = side_vol(instrument, 0.5 * (*quote.bid + *quote.ask), f, option.years);
    }
    by_expiry[instrument.expiry].push_back(std::move(c));
  }
  for (auto& [expiry, quotes] : by_expiry) {
    std::sort(quotes.begin(), quotes.end(),
              [](const Candidate& a, const Candidate& b) { return a.log_moneyness < b.log_moneyness; });
    const Years years = years_between(snapshot.as_of, expiry);
    if (years.value * 365.0 < rules.least_days) {
      found.dropped.push_back({to_string(expiry), "too_near",
                               fmt::format("{:.3f} days to expiry, limit {}", years.value * 365.0, rules.least_days)});
      continue;
    }
    if (rules.two_sided) drop_one_sided(quotes, rules.least_quotes, found.dropped);
    if (quotes.size() < rules.least_quotes) {
      found.dropped.push_back(
          {to_string(expiry), "too_few_quotes", fmt::format("{} quotes, limit {}", quotes.size(), rules.least_quotes)});
      continue;
    }
    SliceQuotes slice{.index = index,
                      .expiry = expiry,
                      .years = years,
                      .forward = chain.forwards.at({index, expiry}).price,
                      .weight = weights_of(quotes, rules.weight, years)};
    for (Candidate& q : quotes) {
      slice.instrument.push_back(std::move(q.name));
      slice.log_moneyness.push_back(q.log_moneyness);
      slice.vol.push_back(q.vol);
      slice.bid_vol.push_back(q.bid_vol);
      slice.ask_vol.push_back(q.ask_vol);
    }
    found.slices.push_back(std::move(slice));
  }
  return found;
}

}  // namespace ballast::vol
