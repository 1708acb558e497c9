#include "ballast/curve/chain_arbitrage.h"

#include <algorithm>
#include <cmath>

namespace ballast::curve {
namespace {

using market::OptionType;

/// A price over x, which rises where the option gets cheaper: the strike of a call, minus the strike of a put.
struct Side {
  double x, price;
};

/// The vertices of the lower convex hull, by x.
std::vector<Side> lower_hull(const std::vector<Side>& sorted) {
  std::vector<Side> hull;
  for (const Side& p : sorted) {
    const auto above = [&p](const Side& a, const Side& b) {  // b on or over the line from a to p
      return (b.price - a.price) * (p.x - a.x) >= (p.price - a.price) * (b.x - a.x);
    };
    while (hull.size() >= 2 && above(hull[hull.size() - 2], hull.back())) hull.pop_back();
    hull.push_back(p);
  }
  return hull;
}

}  // namespace

const char* name(ArbitrageKind kind) {
  switch (kind) {
    case ArbitrageKind::vertical: return "vertical";
    case ArbitrageKind::vertical_cap: return "vertical_cap";
    case ArbitrageKind::butterfly: return "butterfly";
  }
  return "";
}

std::vector<ChainArbitrage> chain_arbitrage(std::span<const StrikeQuote> quotes, OptionType type, double unit) {
  std::vector<ChainArbitrage> found;
  if (!(unit > 0.0) || !std::isfinite(unit)) return found;
  const double sign = type == OptionType::call ? 1.0 : -1.0;
  std::vector<Side> asks, bids;
  for (const StrikeQuote& q : quotes) {
    if (!(q.strike > 0.0) || !std::isfinite(q.strike)) continue;
    if (q.ask && std::isfinite(*q.ask)) asks.push_back({sign * q.strike, *q.ask});
    if (q.bid && std::isfinite(*q.bid)) bids.push_back({sign * q.strike, *q.bid});
  }
  const auto by_x = [](const Side& p, const Side& q) { return p.x < q.x; };
  std::sort(asks.begin(), asks.end(), by_x);
  std::sort(bids.begin(), bids.end(), by_x);
  const auto add = [&](ArbitrageKind kind, std::vector<double> buy, const Side& bid, double profit, double of) {
    if (!(profit > 1e-12 * of)) return;
    for (double& x : buy) x *= sign;
    std::sort(buy.begin(), buy.end());
    found.push_back({kind, type, std::move(buy), sign * bid.x, profit});
  };

  std::size_t next = 0;
  std::optional<Side> cheapest;  // among the asks before the bid: they pay no less
  for (const Side& bid : bids) {
    for (; next < asks.size() && asks[next].x < bid.x; ++next)
      if (!cheapest || asks[next].price < cheapest->price) cheapest = asks[next];
    if (cheapest) add(ArbitrageKind::vertical, {cheapest->x}, bid, bid.price - cheapest->price, bid.price);
  }
  std::optional<Side> least;  // of ask + unit·x among the asks after the bid, where the bid pays at most x2 - x1 more
  next = asks.size();
  for (auto bid = bids.rbegin(); bid != bids.rend(); ++bid) {
    for (; next > 0 && asks[next - 1].x > bid->x; --next) {
      const Side& ask = asks[next - 1];
      if (!least || ask.price + unit * ask.x < least->price + unit * least->x) least = ask;
    }
    if (!least) continue;
    const double most = unit * (least->x - bid->x);
    add(ArbitrageKind::vertical_cap, {least->x}, *bid, bid->price - least->price - most, bid->price + most);
  }
  const std::vector<Side> hull = lower_hull(asks);
  for (const Side& bid : bids) {
    const auto right = std::upper_bound(hull.begin(), hull.end(), bid, by_x);
    if (right == hull.begin() || right == hull.end()) continue;
    const Side& low = *std::prev(right);
    if (low.x == bid.x) continue;  // its own ask is the hull there, and no bid is over its ask
    const double share = (right->x - bid.x) / (right->x - low.x);
    const double cost = share * low.price + (1.0 - share) * right->price;
    add(ArbitrageKind::butterfly, {low.x, right->x}, bid, bid.price - cost, bid.price);
  }
  return found;
}

std::map<ExpiryKey, std::vector<ChainArbitrage>> chain_arbitrages(
    const market::Snapshot& snapshot, const std::map<ExpiryKey, ForwardDiagnosis>& expiries) {
  std::map<ExpiryKey, std::pair<std::vector<StrikeQuote>, std::vector<StrikeQuote>>> chains;  // calls, puts
  for (const auto& [instrument_name, quote] : snapshot.quotes) {
    const market::Instrument& i = snapshot.instruments.at(instrument_name);
    if (!i.is_option()) continue;
    auto& [calls, puts] = chains[{i.index, i.expiry}];
    (i.option_type == OptionType::call ? calls : puts).push_back({i.strike, quote.bid, quote.ask});
  }
  std::map<ExpiryKey, std::vector<ChainArbitrage>> all;
  for (const auto& [key, chain] : chains) {
    const auto expiry = expiries.find(key);
    if (expiry == expiries.end() || !expiry->second.forward) continue;
    const Forward& f = *expiry->second.forward;
    const bool inverse = expiry->second.settlement == market::Settlement::inverse;
    const double unit = inverse ? f.discount / f.price.value : f.discount;
    std::vector<ChainArbitrage> found = chain_arbitrage(chain.first, OptionType::call, unit);
    const std::vector<ChainArbitrage> puts = chain_arbitrage(chain.second, OptionType::put, unit);
    found.insert(found.end(), puts.begin(), puts.end());
    if (!found.empty()) all.emplace(key, std::move(found));
  }
  return all;
}

}  // namespace ballast::curve
