#pragma once
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "ballast/curve/forward.h"
#include "ballast/market/snapshot.h"

namespace ballast::curve {

/// One option's best prices, in its quote unit.
struct StrikeQuote {
  double strike = 0.0;  ///< > 0, USD per coin
  std::optional<double> bid, ask;
};

enum class ArbitrageKind {
  vertical,      ///< the dearer payoff can be bought for less than the cheaper one sells for
  vertical_cap,  ///< a vertical sells for more than it can ever pay, discounted
  butterfly      ///< the body sells for more than the wings that cover it cost
};
const char* name(ArbitrageKind kind);

/// A trade at the quoted prices that costs nothing and cannot lose, fees and sizes apart.
struct ChainArbitrage {
  ArbitrageKind kind = ArbitrageKind::vertical;
  market::OptionType type = market::OptionType::call;
  std::vector<double> buy;  ///< strikes bought at the ask: one, or the two wings of a butterfly by strike
  double sell = 0.0;        ///< strike sold at the bid
  double profit = 0.0;      ///< > 0, quote unit, for one option sold; a cap's is after the most it can cost
};

/// Executable arbitrage in the calls or the puts of one expiry, by the strike sold. For each sold bid the best: the
/// cheapest ask on the dearer side (vertical), the dearest spread against discount·(K2 - K1) (vertical_cap), the wings
/// on the lower convex hull of the asks (butterfly). So a chain with any such arbitrage shows at least one, in
/// O(strikes log strikes). A profit of rounding, 1e-12 of the price or less, is none.
/// `unit`   what one dollar of strike is worth in the quote unit at expiry: discount (linear), discount/forward
///          (inverse: there a cap needs a short future of 1/forward coin as well, its payoff is a fixed dollar sum).
/// Domain   unit > 0, strikes > 0 and distinct, prices finite; rows outside are passed over, a unit outside finds none.
/// Source   docs/sources.md: static arbitrage.
std::vector<ChainArbitrage> chain_arbitrage(std::span<const StrikeQuote> quotes, market::OptionType type, double unit);

/// The same for every expiry of a snapshot that has a forward; an expiry without arbitrage is absent.
std::map<ExpiryKey, std::vector<ChainArbitrage>> chain_arbitrages(
    const market::Snapshot& snapshot, const std::map<ExpiryKey, ForwardDiagnosis>& expiries);

}  // namespace ballast::curve
