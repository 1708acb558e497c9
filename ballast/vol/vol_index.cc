#include "ballast/vol/vol_index.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "ballast/math/elementary.h"
#include "ballast/math/normalised_black.h"

namespace ballast::vol {
namespace {

using market::OptionType;
using market::Settlement;

constexpr double minutes_a_year = 525'600.0;

std::optional<Error> fault_of(std::span<const StrikeQuote> strikes, Years years, const IndexRules& rules) {
  if (!(years.value > 0.0 && std::isfinite(years.value)))
    return Error{Fault::bad_input, fmt::format("years {} is not over 0", years.value)};
  if (!std::isfinite(rules.rate)) return Error{Fault::bad_input, fmt::format("rate {} is not finite", rules.rate)};
  if (rules.forward && !(rules.forward->value > 0.0 && std::isfinite(rules.forward->value)))
    return Error{Fault::bad_input, fmt::format("forward {} is not over 0", rules.forward->value)};
  for (std::size_t i = 0; i < strikes.size(); ++i) {
    const StrikeQuote& q = strikes[i];
    if (!(q.strike > (i == 0 ? 0.0 : strikes[i - 1].strike) && std::isfinite(q.strike)))
      return Error{Fault::bad_input, fmt::format("strike {} does not rise from 0", q.strike)};
    for (const auto& price : {q.call, q.put}) {
      if (price && !(*price >= 0.0 && std::isfinite(*price)))
        return Error{Fault::bad_input, fmt::format("strike {}: price {} is not 0 or more", q.strike, *price)};
    }
  }
  return std::nullopt;
}

/// By parity at the strike where call and put are worth most nearly the same.
std::optional<double> nearest_parity(std::span<const StrikeQuote> strikes, Settlement settlement, double growth) {
  const StrikeQuote* best = nullptr;
  for (const StrikeQuote& q : strikes) {
    if (q.call && q.put && (!best || std::abs(*q.call - *q.put) < std::abs(*best->call - *best->put))) best = &q;
  }
  if (!best) return std::nullopt;
  const double gap = *best->call - *best->put;
  return settlement == Settlement::inverse ? best->strike / (1.0 - gap) : best->strike + growth * gap;
}

/// A strike and its out-of-the-money price in USD.
struct Leg {
  double strike, price;
};

/// Appends the quoted legs of one wing, from the money outwards.
void walk(std::span<const StrikeQuote> strikes, std::ptrdiff_t from, std::ptrdiff_t step, double unit, int stop_after,
          std::vector<Leg>& legs) {
  int missing = 0;
  for (auto i = from; i >= 0 && i < std::ssize(strikes); i += step) {
    const StrikeQuote& q = strikes[static_cast<std::size_t>(i)];
    const auto& price = step < 0 ? q.put : q.call;
    if (price && *price > 0.0) {
      legs.push_back({q.strike, *price * unit});
      missing = 0;
    } else if (++missing == stop_after) {
      return;
    }
  }
}

}  // namespace

Result<ExpiryVariance> expiry_variance(std::span<const StrikeQuote> strikes, Settlement settlement, Years years,
                                       const IndexRules& rules) {
  if (auto fault = fault_of(strikes, years, rules)) return std::move(*fault);
  const bool inverse = settlement == Settlement::inverse;
  const double growth = inverse ? 1.0 : math::exp(rules.rate * years.value);
  const auto found = rules.forward ? std::optional(rules.forward->value) : nearest_parity(strikes, settlement, growth);
  if (!found) return Error{Fault::missing_data, "no strike has both a call and a put: no forward"};
  const double forward = *found;
  if (!(forward > 0.0 && std::isfinite(forward)))
    return Error{Fault::bad_input, fmt::format("parity gives the forward {}", forward)};
  const auto above = std::upper_bound(strikes.begin(), strikes.end(), forward,
                                      [](double f, const StrikeQuote& q) { return f < q.strike; });
  if (above == strikes.begin())
    return Error{Fault::missing_data, fmt::format("no strike at or below the forward {:.2f}", forward)};
  const std::ptrdiff_t at = above - strikes.begin() - 1;
  const StrikeQuote& middle = strikes[static_cast<std::size_t>(at)];
  if (!middle.call || !middle.put)
    return Error{Fault::missing_data, fmt::format("strike {} at the money lacks its call or put", middle.strike)};

  const double unit = inverse ? forward : 1.0;
  std::vector<Leg> legs;
  walk(strikes, at - 1, -1, unit, rules.stop_after, legs);
  std::reverse(legs.begin(), legs.end());
  legs.push_back({middle.strike, 0.5 * (*middle.call + *middle.put) * unit});
  walk(strikes, at + 1, 1, unit, rules.stop_after, legs);
  if (legs.size() < 3)
    return Error{Fault::missing_data, fmt::format("{} strikes with a quote, 3 are due", legs.size())};

  double sum = 0.0;
  for (std::size_t i = 0; i < legs.size(); ++i) {
    const double width = i == 0                 ? legs[1].strike - legs[0].strike
                         : i + 1 == legs.size() ? legs[i].strike - legs[i - 1].strike
                                                : 0.5 * (legs[i + 1].strike - legs[i - 1].strike);
    sum += width / (legs[i].strike * legs[i].strike) * growth * legs[i].price;
  }
  const double off = (forward - middle.strike) / middle.strike;
  return ExpiryVariance{.years = years,
                        .forward = Price(forward),
                        .k0 = middle.strike,
                        .variance = (2.0 * sum - off * off) / years.value,
                        .strikes = static_cast<int>(legs.size()),
                        .least_strike = legs.front().strike,
                        .most_strike = legs.back().strike};
}

Vol constant_maturity_vol(const TermVariance& near, const TermVariance& far, double minutes) {
  const bool bracket = near.minutes > 0.0 && near.minutes <= minutes && minutes <= far.minutes &&
                       near.minutes < far.minutes && std::isfinite(far.minutes);
  if (!(bracket && near.years.value > 0.0 && far.years.value > 0.0 && near.variance >= 0.0 && far.variance >= 0.0))
    return Vol(std::nan(""));
  const double total = near.years.value * near.variance * (far.minutes - minutes) +
                       far.years.value * far.variance * (minutes - near.minutes);
  return Vol(std::sqrt(total / (far.minutes - near.minutes) * (minutes_a_year / minutes)));
}

Result<VolIndex> vol_index(const market::Snapshot& snapshot, const QuotedChain& chain, const std::string& index,
                           double days) {
  if (!(days > 0.0 && std::isfinite(days))) return Error{Fault::bad_input, fmt::format("{} days is not over 0", days)};
  struct Listed {
    Settlement settlement = Settlement::inverse;
    Price forward;
    std::map<double, StrikeQuote> strikes;
  };
  std::map<Time, Listed> expiries;
  for (const auto& [name, option] : chain.options) {
    const market::Instrument& instrument = snapshot.instruments.at(name);
    if (instrument.index != index) continue;
    Listed& listed = expiries[instrument.expiry];
    listed.settlement = instrument.settlement;
    listed.forward = option.forward;
    StrikeQuote& quote = listed.strikes[instrument.strike];
    quote.strike = instrument.strike;
    (instrument.option_type == OptionType::call ? quote.call : quote.put) = option.price;
  }
  const double target = days * 1440.0;
  const auto minutes = [&](Time expiry) { return seconds_between(snapshot.as_of, expiry) / 60.0; };
  const auto far = std::find_if(expiries.begin(), expiries.end(),
                                [&](const auto& listed) { return minutes(listed.first) > target; });
  if (far == expiries.begin() || far == expiries.end())
    return Error{Fault::missing_data, fmt::format("no two expiries of {} around {} days", index, days)};
  VolIndex out;
  TermVariance terms[2];
  for (const auto& [at, variance, term] :
       {std::tuple(std::prev(far), &out.near, &terms[0]), std::tuple(far, &out.far, &terms[1])}) {
    const Listed& listed = at->second;
    std::vector<StrikeQuote> strikes;
    for (const auto& [strike, quote] : listed.strikes) strikes.push_back(quote);
    const auto found = expiry_variance(strikes, listed.settlement, years_between(snapshot.as_of, at->first),
                                       {.forward = listed.forward});
    if (!found) return in(to_string(at->first), found.error());
    *variance = found.value();
    *term = {.years = variance->years, .variance = variance->variance, .minutes = minutes(at->first)};
  }
  out.level = constant_maturity_vol(terms[0], terms[1], target);
  if (std::isnan(out.level.value))
    return Error{Fault::no_solution,
                 fmt::format("variances {} and {} give no index", terms[0].variance, terms[1].variance)};
  return out;
}

namespace {

// Half of the nodes and weights on [-1, 1]: Abramowitz and Stegun, table 25.4, n = 16.
struct Node {
  double x, weight;
};
constexpr Node nodes[] = {
    {0.9894009349916499326, 0.027152459411754094852}, {0.94457502307323257608, 0.062253523938647892863},
    {0.86563120238783174388, 0.09515851168249278481}, {0.7554044083550030339, 0.12462897125553387205},
    {0.6178762444026437484, 0.14959598881657673208},  {0.45801677765722738634, 0.16915651939500253819},
    {0.28160355077925891323, 0.18260341504492358887}, {0.095012509837637440185, 0.18945061045506849629}};
constexpr int most_evaluations = 200'000, most_panels = 400, most_halvings = 30;
constexpr double furthest = 400.0;  // |k|

/// One wing of the integral of OTM(k)/F e^{-k} over k, which is e^{-k/2} b(|k|, s).
class Wing {
 public:
  Wing(const Smile& smile, double sign, double scale) : smile_(smile), sign_(sign), scale_(scale) {}

  /// The whole wing, panel by panel outwards until one no longer counts.
  double integral() {
    const double step = std::sqrt(scale_);
    double sum = 0.0, from = 0.0, width = step;
    for (int i = 0; i < most_panels && from < furthest; ++i) {
      const double panel = halved(from, from + width, gauss(from, from + width), 0);
      if (std::isnan(panel) || limited) return std::nan("");
      sum += panel;
      from += width;
      width *= 1.25;
      // Beyond four standard deviations only a tail that falls slower than any market's could still count.
      if (panel <= 0x1p-58 * (scale_ + sum) && from > 4.0 * step) return sum;
    }
    endless = true;
    return std::nan("");
  }

  int evaluations = 0;
  bool limited = false, endless = false;

 private:
  double integrand(double x) {
    ++evaluations;
    const double w = smile_(sign_ * x).total_variance;
    if (!(w > 0.0)) return std::nan("");
    return math::exp(-0.5 * sign_ * x) * math::normalised_black(x, std::sqrt(w));
  }

  double gauss(double from, double to) {
    const double half = 0.5 * (to - from), middle = 0.5 * (from + to);
    double sum = 0.0;
    for (const Node& node : nodes)
      sum += node.weight * (integrand(middle - half * node.x) + integrand(middle + half * node.x));
    return half * sum;
  }

  /// `whole` is gauss(from, to).
  double halved(double from, double to, double whole, int depth) {
    if (evaluations > most_evaluations || depth > most_halvings) limited = true;
    if (std::isnan(whole) || limited) return std::nan("");
    const double middle = 0.5 * (from + to), left = gauss(from, middle), right = gauss(middle, to);
    if (std::abs(left + right - whole) <= 0x1p-50 * scale_) return left + right;
    return halved(from, middle, left, depth + 1) + halved(middle, to, right, depth + 1);
  }

  const Smile& smile_;
  double sign_, scale_;
};

}  // namespace

VarianceSwap variance_swap(const Smile& smile, Years years) {
  VarianceSwap out{.outcome = SmileOutcome::bad_input, .variance = std::nan(""), .level = Vol(std::nan(""))};
  const double money = years.value > 0.0 && std::isfinite(years.value) ? smile(0.0).total_variance : 0.0;
  if (!(money > 0.0 && std::isfinite(money))) return out;
  Wing puts(smile, -1.0, money), calls(smile, 1.0, money);
  const double sum = puts.integral() + calls.integral();
  out.evaluations = 1 + puts.evaluations + calls.evaluations;
  if (puts.endless || calls.endless) out.outcome = SmileOutcome::no_solution;
  if (puts.limited || calls.limited) out.outcome = SmileOutcome::limit;
  if (std::isnan(sum)) return out;
  out.outcome = SmileOutcome::ok;
  out.variance = 2.0 * sum / years.value;
  out.level = Vol(std::sqrt(out.variance));
  return out;
}

}  // namespace ballast::vol
