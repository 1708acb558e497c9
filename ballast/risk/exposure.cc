#include "ballast/risk/exposure.h"

#include <cmath>
#include <set>

#include <fmt/format.h>

namespace ballast::risk {
namespace {

using market::Kind;
using market::Position;
using market::Settlement;

/// The position's delta when the book is counted in coin. A value v held in USDC is v/S coins and loses as the coin
/// rises: it counts -v/S (docs/conventions.md).
Result<double> coin_delta(const PositionRisk& p) {
  const double coins = p.coins.value, spot = p.unit.index.value;
  if (p.instrument.settlement == Settlement::inverse) return coins * p.unit.hedge_delta();
  if (p.position.average_price) {
    // profit coins·(price - average) lies in USDC; bought spot has left -coins·average of USDC behind: the same number
    return coins * p.unit.hedge_delta() - coins * (p.unit.price - *p.position.average_price) / spot;
  }
  if (p.instrument.kind == Kind::spot) return 0.0;  // coins held: they are the numeraire
  return Error{
      Fault::missing_data,
      fmt::format("{}: a linear position counted in coin needs its average_price: its profit is USDC, which loses "
                  "against the coin; give it, or count the book in usd",
                  p.instrument.name)};
}

Totals totals_of(const PositionRisk& p, double coin_delta) {
  const double q = p.coins.value, forward = p.unit.forward.value;
  Totals t;
  t.black_delta = Coin(q * p.unit.black_delta);
  t.net_delta = Coin(q * p.unit.net_delta);
  t.gross_delta = Coin(std::abs(q * p.unit.net_delta));
  t.gamma = q * p.unit.gamma;
  t.vega = Usd(q * p.unit.vega);
  t.theta = Usd(q * p.unit.theta);
  if (p.instrument.is_option() && p.instrument.settlement == Settlement::inverse)
    t.options_value = Coin(q * p.unit.price);
  if (p.unit.smile) {
    t.smile_delta = Coin(q * p.unit.smile->delta);
    t.smile_gamma = q * p.unit.smile->gamma;
    t.smile_theta = Usd(q * p.unit.smile->theta);
    t.delta_by_stickiness = Coin(q * p.unit.smile->delta_by_stickiness);
  }
  t.coin.delta = InCoin::Delta(coin_delta);
  t.coin.gamma = InCoin::Gamma(q * p.unit.hedge_gamma() * forward);
  t.coin.vega = InCoin::Vega(q * p.unit.vega / forward);
  t.coin.theta = InCoin::Theta(q * p.unit.hedge_theta() / forward);
  t.usd.delta = InUsd::Delta(q * p.unit.hedge_delta());
  t.usd.gamma = InUsd::Gamma(q * p.unit.hedge_gamma() * forward * forward);
  t.usd.vega = InUsd::Vega(t.vega.value);
  t.usd.theta = InUsd::Theta(q * p.unit.hedge_theta());
  return t;
}

void add(Totals& sum, const Totals& t) {
  sum.black_delta += t.black_delta;
  sum.net_delta += t.net_delta;
  sum.gross_delta += t.gross_delta;
  sum.gamma += t.gamma;
  sum.vega += t.vega;
  sum.theta += t.theta;
  sum.options_value += t.options_value;
  sum.smile_delta += t.smile_delta;
  sum.smile_gamma += t.smile_gamma;
  sum.smile_theta += t.smile_theta;
  sum.delta_by_stickiness += t.delta_by_stickiness;
  sum.coin += t.coin;
  sum.usd += t.usd;
}

Result<PositionRisk> assess(const Position& position, const market::Snapshot& snapshot, const vol::QuotedChain& surface,
                            const Smiles* smiles) {
  const auto found = snapshot.instruments.find(position.instrument);
  if (found == snapshot.instruments.end()) {
    return Error{Fault::bad_input, fmt::format("{}: unknown instrument", position.instrument)};
  }
  const auto unit = value(found->second, snapshot, surface, smiles);
  if (!unit) return unit.error();
  const auto amount = market::amount_of(found->second, position.quantity, position.unit);
  if (!amount) return amount.error();
  if (!std::isfinite(amount.value())) {
    return Error{Fault::bad_input, fmt::format("{}: quantity is not a finite number", position.instrument)};
  }
  PositionRisk p{
      .position = position, .instrument = found->second, .unit = unit.value(), .amount = amount.value(), .coins = {}};
  p.coins = Coin(p.instrument.size_unit() == market::SizeUnit::usd ? p.amount / p.unit.price : p.amount);
  return p;
}

}  // namespace

Result<InUsd::Delta> Exposure::usd_delta() const {
  if (equity && holds_spot) {
    return Error{
        Fault::bad_input,
        fmt::format(
            "the book holds spot {0} and the {0} equity is given: the account's coins would count twice; leave one out",
            underlying)};
  }
  if (equity) return InUsd::Delta(equity->value) + total.usd.delta;
  if (!coin_settled) return total.usd.delta;
  return Error{
      Fault::missing_data,
      fmt::format(
          "the USD-neutral point of a {0}-settled book needs the {0} equity of its account (cash, option value "
          "and futures profit), which counts at delta 1: give its account summary or the amount (--account, --equity)",
          underlying)};
}

Result<std::vector<Exposure>> exposure(const market::Portfolio& portfolio, const market::Snapshot& snapshot,
                                       const vol::QuotedChain& surface, const Smiles* smiles) {
  std::map<std::string, Exposure> found;
  std::set<std::pair<std::string, std::string>> seen;
  for (const Position& position : portfolio.positions) {
    const auto place = [&](Error error) {
      return position.where.empty() ? error : in(position.where, std::move(error));
    };
    if (!seen.emplace(position.venue, position.instrument).second) {
      return place({Fault::bad_input, fmt::format("{} is in the book twice", position.instrument)});
    }
    const auto assessed = assess(position, snapshot, surface, smiles);
    if (!assessed) return place(assessed.error());
    PositionRisk p = assessed.value();
    const auto coin = coin_delta(p);
    if (coin) p.coin_delta = Coin(coin.value());
    const Totals totals = totals_of(p, coin ? coin.value() : 0.0);

    Exposure& e = found[p.instrument.underlying];
    e.underlying = p.instrument.underlying;
    e.index = p.unit.index;
    if (smiles != nullptr) e.dynamics = smiles->dynamics;
    e.holds_spot |= p.instrument.kind == Kind::spot;
    e.coin_settled |= p.instrument.settlement == Settlement::inverse;
    if (!coin && !e.coin_unknown) e.coin_unknown = place(coin.error());
    add(e.total, totals);
    add(e.by_expiry[p.instrument.expiry], totals);
    e.positions.push_back(std::move(p));
  }
  std::vector<Exposure> list;
  for (auto& [underlying, e] : found) {
    if (const auto account = portfolio.accounts.find(underlying); account != portfolio.accounts.end()) {
      e.equity = Coin(account->second.equity);
    }
    list.push_back(std::move(e));
  }
  return list;
}

}  // namespace ballast::risk
