#pragma once
#include <limits>
#include <optional>

#include "ballast/base/result.h"
#include "ballast/base/units.h"

/// When to trade a hedge: the widths of no-trade bands, the vols that go with them, and a rule made of them as data.
/// The same functions serve the desk, which has a book, and the study (sim/hedge_study.h), which has one coin of one
/// option.
namespace ballast::hedge {

/// What the formulas for bands look at. For a book: its own gamma, and the time to expiry that its gamma is at.
struct BandInputs {
  double cost_rate = 0.0;  ///< >= 0: one way, USD of cost per USD traded: half the spread, the fee, the impact
  double aversion = 0.0;   ///< > 0: absolute risk aversion, 1/USD; a variance of one USD² is worth aversion/2 USD
  Price price;             ///< > 0, of what is traded, USD per coin
  double gamma = 0.0;      ///< of the position, signed: coin per USD, negative for sold options
  Vol vol;                 ///< > 0
  Years years;             ///< > 0, to expiry
  double discount = 1.0;   ///< (0, 1]: e^{-rate years}; 1 for a hedge with futures
};

/// The vol at which a hedge that is put right every `interval` pays for its trading on average: vol sqrt(1 + Le) for
/// sold options (gamma < 0), vol sqrt(1 - Le) for bought ones, Le = sqrt(2/pi) 2 cost_rate / (vol sqrt(interval)).
/// Domain   vol, interval > 0, cost_rate >= 0, gamma no NaN; bought options: Le < 1, beyond it that often cannot pay.
///          Outside: NaN. gamma = 0: vol.
/// Error    <= 4 epsilon relative, epsilon = 2^-52; bought options <= 4 epsilon / (1 - Le). tests/data/leland.csv.
/// Source   H. E. Leland, "Option pricing and replication with transactions costs", J. Finance 40 (1985) 1283-1301.
Vol leland_vol(Vol vol, double cost_rate, Years interval, double gamma);

/// Half-width in coin of the band around Black's delta within which trading costs more than the risk it removes:
/// (3/2 discount cost_rate price gamma² / aversion)^(1/3). Does not look at vol and years.
/// Domain   as BandInputs; outside: NaN. gamma = 0: 0.
/// Error    <= 1e-13 relative, tests/data/hedge_bands.csv.
/// Source   A. E. Whalley, P. Wilmott, "An asymptotic analysis of an optimal hedging model for option pricing with
///          transaction costs", Mathematical Finance 7 (1997) 307-324.
Coin whalley_wilmott_half_width(const BandInputs& in);

/// Half-width in coin of the band around the delta at zakamouline_vol: cost_rate / (aversion price vol² years)
///   + 1.12 cost_rate^0.31 years^0.05 (discount/vol)^0.25 (|gamma|/aversion)^0.5.
/// The first term grows without bound as years fall: `half_width` below bounds it.
/// Domain   as BandInputs; outside: NaN. Fitted for cost rates of 0.1 to 2 % and up to two years.
/// Error    <= 1e-13 relative, tests/data/hedge_bands.csv.
/// Source   V. I. Zakamouline, "European option pricing and hedging with both fixed and proportional transaction
/// costs",
///          J. Economic Dynamics and Control 30 (2006) 1-25.
Coin zakamouline_half_width(const BandInputs& in);

/// The vol at which Zakamouline's band takes its delta: vol sqrt(1 + K), higher for sold options and lower for bought
/// ones, K = -sign(gamma) 4.76 cost_rate^0.78 years^-0.02 (discount/vol)^0.25 (aversion price² |gamma|)^0.15. 1 + K is
/// kept within [0.1, 4]: the fit was made for small costs and says nothing beyond. Domain, error, source as
/// zakamouline_half_width. gamma = 0: vol.
Vol zakamouline_vol(const BandInputs& in);

enum class BandKind {
  none,             ///< no band: the interval and the move decide alone, and the trade goes to neutral
  fixed,            ///< RebalanceRule::width
  whalley_wilmott,  ///< around Black's delta
  zakamouline       ///< around the delta at zakamouline_vol
};
enum class BandTarget {
  edge,   ///< the nearest delta inside the band: cheapest while costs are proportional
  middle  ///< neutral: fewer and larger trades, for costs per order
};
const char* name(BandKind kind);
const char* name(BandTarget target);

/// When to trade and how far. A trade needs every condition: outside the band, and the least interval, and the least
/// move. A zero turns a condition off; a rule of zeros trades at every look.
struct RebalanceRule {
  BandKind band = BandKind::none;
  BandTarget target = BandTarget::edge;
  std::optional<BandTarget>
      first_target;             ///< of the first trade, while HedgedBook::price_at_trade is 0; absent: target
  double width = 0.0;           ///< fixed: half-width in delta per coin of the book's options, (0, 1]
  double aversion = 0.0;        ///< whalley_wilmott and zakamouline: > 0, 1/USD (BandInputs)
  double cost_rate = 0.0;       ///< >= 0, one way (BandInputs): also of Leland's vol
  Years leland_interval;        ///< > 0: deltas at leland_vol of this interval; 0: not. Not with zakamouline
  Years handover{1.0 / 365.0};  ///< zakamouline: with less than this to expiry Whalley-Wilmott's band takes over
  Years least_interval;         ///< since the last trade
  double least_move = 0.0;      ///< of the price since the last trade: relative, or in units of vol sqrt(move_span)
  Years move_span;              ///< > 0: least_move is in standard deviations of a move over this time; 0: relative
};

/// The rule, or bad_input that names the number outside its range.
Result<RebalanceRule> checked(const RebalanceRule& rule);

/// A book at a look, with the hedge it has.
struct HedgedBook {
  Coin delta;          ///< of options (at hedge_vol) and hedge together, off neutral, signed: + is too long
  double gamma = 0.0;  ///< of the options, signed: coin per USD
  std::optional<double> hedge_gamma;  ///< the same at hedge_vol(rule, book), for Zakamouline's width; absent: gamma
  Coin options;                       ///< > 0: sum of |coins| of the options, the most their delta can change
  Price price;                        ///< > 0, of the hedge, USD per coin
  Vol vol;                            ///< > 0, at the money or of the option
  Years years;                        ///< > 0, to expiry, weighted by gamma
  Coin noise;  ///< standard deviation of delta from the noise of quotes: no half-width is below twice this
  double discount = 1.0;
  /// Since the last trade; without a band, since the hedge was last put right, whether or not that took a trade.
  /// Infinite: not yet, nothing to wait for.
  Years since_trade{std::numeric_limits<double>::infinity()};
  Price price_at_trade;  ///< 0: no trade yet
};

/// The vol that the deltas of a hedge by this rule are taken at: Leland's, Zakamouline's or the book's own. Where
/// deltas are not recomputed at it, vanna times the difference of the two vols is the correction to first order. NaN
/// outside the domains above.
Vol hedge_vol(const RebalanceRule& rule, const HedgedBook& book);

/// Half-width of the rule's band in coin of the whole book: at least twice the noise, at most all of the options'
/// delta. Zakamouline's first term runs away as expiry nears: below RebalanceRule::handover, a day unless said
/// otherwise, Whalley and Wilmott's half-width with the book's own vol takes its place. 0 without a band; NaN outside
/// the domains above.
Coin half_width(const RebalanceRule& rule, const HedgedBook& book);

/// Where to bring the delta off neutral: the trade of the hedge in coin is this less book.delta. Nothing: stay.
/// A delta on the edge of the band is inside it. An interval counts as over when a billionth is missing, so that sums
/// of rounded steps reach it. A book outside its domain gives NaN, which is no order.
std::optional<Coin> wanted(const RebalanceRule& rule, const HedgedBook& book);

}  // namespace ballast::hedge
