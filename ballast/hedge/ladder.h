#pragma once
#include <limits>
#include <optional>
#include <vector>

#include "ballast/market/quote.h"
#include "ballast/risk/exposure.h"

namespace ballast::hedge {

/// One straight piece of the cost: so much amount more at so many USD each, against the middle of the market.
struct CostPiece {
  double amount = 0.0;    ///< > 0, the venue's size unit
  double per_unit = 0.0;  ///< USD per size unit: spread, impact and fee together; never falls along a side
  double price = 0.0;     ///< execution price, the instrument's quote unit
  double fee = 0.0;       ///< of per_unit, USD per size unit
  double impact = 0.0;    ///< of per_unit, USD per size unit: what the model adds beyond the last shown price; else 0
};

/// Why a side of a curve goes no further. What a hedge wants beyond it is a liquidity gap.
enum class CurveEnd {
  depth,         ///< the book shows no more, and nothing is modelled beyond it
  share,         ///< the share of the shown depth that may be used
  collar,        ///< the next price is too far from the reference price
  participation  ///< the impact model is believed up to here
};
const char* name(CurveEnd end);

/// What is taken for granted of an instrument that does not say it.
struct AssumedMarket {
  double best_usd;  ///< > 0, USD of underlying: the size at the best price where none is displayed
  double turnover;  ///< > 0: the day's volume over open interest, where only that is known (options: if it is more)
  double day_usd;   ///< > 0, USD of underlying: the day's volume where neither is known
};

/// Beyond the shown depth: trading x of a day's volume V costs factor · (daily deviation of the price) · sqrt(x/V) a
/// unit, x^1.5 in all. From where it takes over, x0, to where it ends, x1, it is cut into pieces that grow by one
/// factor: never below the model, above it by at most 0.1 g² of its impact, g = ln(x1/x0)/pieces <= 1 (3 % where the
/// sizes are the assumed ones of a perpetual). Source  the square-root law: B. Tóth et al., Phys. Rev. X 1 (2011)
/// 021006, factor of order 1; on bitcoin over four
///         decades of size: J. Donier, J. Bonart, Market Microstructure and Liquidity 1 (2015) 1550008.
struct ImpactRules {
  double factor = 1.0;  ///< > 0
  Vol vol = Vol(0.8);   ///< > 0, of the coin: futures and spot; an option takes its own. Bitcoin's realised vol of days
                        ///< from August 2017 to 2023 was 0.77
  /// > 0: daily deviation of ln vol of an option of 30 days, others by sqrt(30/days). Bitcoin at the money on Deribit:
  /// 0.058 in the first quarter of 2026, 0.043 from May to July; 7 to 180 days are within 20 % of that rule.
  double vol_move = 0.058;
  std::optional<double> daily_volume;  ///< > 0, size unit, where it is known
  /// (0, 1]: of the day's volume, as far as the model goes. What was measured is mostly under a tenth.
  double participation = 1.0;
  int pieces = 16;  ///< 1 to 256
  // Recorded: best sizes of futures on Binance, 8 Aug 2024 (the least median of three BTC books, the least lower
  // quartile for dated futures), of options on Deribit, 12 Sep 2020 (the lower quartile of 599, 1.1 coins, at 73,000);
  // volumes on Deribit, 22 May 2026 (BTC-PERPETUAL; of dated futures with over 10 million USD open the least) and 23
  // Jan 2026 (BTC options: all together over their open interest; the median of those that were traded). docs/costs.md.
  AssumedMarket perpetual{74'000, 0.37, 380e6};  ///< and spot
  AssumedMarket future{11'000, 0.014, 1.8e6};
  AssumedMarket option{80'000, 0.065, 0.62e6};
};

struct CostRules {
  double believed = 1.0;  ///< (0, 1]: fraction of each displayed size that is thought to be there
  double share = 1.0;     ///< (0, 1]: of the believed depth within the collar; under 1 the curve ends there.
                          ///< docs/safety.md has 0.25 for orders
  /// The farthest price from the reference, the valuation's price, as a fraction of it; three ticks are always within.
  /// docs/safety.md. Infinite: none.
  double future_collar = 0.01;
  double option_collar = 0.10;
  std::optional<ImpactRules> impact = ImpactRules{};  ///< absent: the curve ends with the shown depth
};

/// What trading one instrument costs in USD against the middle of its market, convex and made of straight pieces.
struct CostCurve {
  std::vector<CostPiece> buy, sell;          ///< nearest to the market first
  double shown_buy = 0.0, shown_sell = 0.0;  ///< size unit: pieces up to here are displayed, those beyond modelled
  bool size_buy = false, size_sell = false;  ///< some size was displayed on that side
  bool book_buy = false, book_sell = false;  ///< an order book was, not only the best price
  CurveEnd buy_end = CurveEnd::depth, sell_end = CurveEnd::depth;
  double mid = 0.0;  ///< quote unit, > 0
  market::SizeUnit unit = market::SizeUnit::coin;
  Time as_of;  ///< the venue's time of the quote

  double most_buy() const;   ///< size unit: where that side ends
  double most_sell() const;  ///< size unit, >= 0
};

/// What the venue's taker fee is at an execution price (quote unit), USD per size unit; < 0 for a rebate.
///   futures and spot rate · notional; inverse options min(rate, cap · price) coin; linear options
///   min(rate · index, cap · price)
/// Source  docs/sources.md: deribit 1.6, 2.1.
double taker_fee(const market::Instrument& instrument, Price index, double price);

/// The curve of an instrument from its order book, or from its best prices where there is none. Each displayed level is
/// one piece. Against the middle m = (bid + ask)/2 a unit at price p loses
///   futures and spot sized in coin   |p - m|                     + rate · p
///   inverse futures, a USD           coin 1/m - 1/p, worth m: |p - m|/p   + rate   (a sale the same, exactly)
///   options                          |p - m|                     + min(rate, cap · p)          times the index:
///   inverse
///                                    |p - m|                     + min(rate · index, cap · p)  linear
/// which is linear in the amount at a level: the curve is exact. USDC and USDT prices count as USD. Where no size
/// is displayed the half spread holds for the size that the rules assume, and the impact model takes over.
/// Faults  missing_data: no quote, or not both a bid and an ask; not_believable: bid >= ask, levels that are not
///         positive, not in order or on the wrong side of the middle, fees over 100 % or rebates over the spread;
///         bad_input: a rule out of range.
/// Cost    O(levels + pieces).
/// Source  docs/costs.md; hedge ratio 6; docs/safety.md.
Result<CostCurve> cost_curve(const market::Instrument& instrument, const market::Quote* quote,
                             const risk::Valuation& unit, const CostRules& rules = {});

/// USD that trading the signed amount (size unit, > 0 buys) costs: >= 0 but for rebates, 0 at 0, convex; infinite
/// beyond the curve's end, NaN for a NaN. O(pieces).
double cost(const CostCurve& curve, double amount);

/// What an order of a signed amount finds.
struct Fill {
  double asked = 0.0;                    ///< signed, size unit
  double filled = 0.0;                   ///< signed: as much of it as the curve has
  std::optional<double> average_price;   ///< quote unit; harmonic for inverse futures, whose sizes are USD
  std::optional<double> marginal_price;  ///< quote unit: of the last unit
  Usd spread, impact, fee;               ///< of what is filled, against the middle
  double shown = 0.0;                    ///< >= 0: the part of it that the market displays
  bool complete = false;                 ///< all of it; else asked - filled is a liquidity gap
  Time as_of;

  Usd cost() const { return spread + impact + fee; }
};

/// O(pieces). NaN fills nothing.
Fill fill(const CostCurve& curve, double amount);

}  // namespace ballast::hedge
