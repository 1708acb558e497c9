#pragma once
#include <compare>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ballast/curve/parity.h"
#include "ballast/market/snapshot.h"

namespace ballast::curve {

/// Where a forward came from, best first.
enum class ForwardSource {
  parity_of_marks,  ///< call - put of the venue's marks, all strikes
  parity_of_mids,   ///< call - put of two-sided quotes
  listed_future,    ///< the dated future of the same expiry
  venue_underlying  ///< the median of the options' own `underlying_price`
};
const char* name(ForwardSource source);

/// The forward of one expiry, USD per coin, and how well the chain agrees on it.
struct Forward {
  Price price;
  ForwardSource source = ForwardSource::parity_of_marks;
  int pairs = 0;                ///< call/put pairs (parity), else quotes
  int outliers = 0;             ///< pairs set aside, or cut to three half widths (mids)
  std::optional<Price> listed;  ///< the future of the same expiry, where the chain has one
  double spread = 0;            ///< USD: largest distance of a used pair's own forward from `price`
  double discount = 1.0;        ///< > 0: what call - put is discounted with; 1 unless the chain says otherwise
};

/// Options of one expiry may settle in the coin or in USDC and then have two forwards: the index keeps them apart.
struct ExpiryKey {
  std::string index;  ///< "btc_usd"
  Time expiry;
  friend auto operator<=>(const ExpiryKey&, const ExpiryKey&) = default;
};

/// One strike with its call and put, in the instruments' quote unit.
struct ParityPair {
  double strike = 0.0;  ///< > 0, USD per coin
  double call_minus_put = 0.0;
  double error =
      1.0;  ///< > 0: the standard error that the pair's weight comes from (1 for marks, half spreads for mids)
};

/// The forward that put-call parity gives: inverse C - P = D(1 - K/F), linear C - P = D(F - K), with D = 1 as a rule
/// (the venue's rate is 0). The median over strikes finds the level, pairs further than 5 median absolute deviations
/// (but at least 1e-7 of the level) are set aside, least squares over the rest gives the value. D is fitted too and
/// taken where eight pairs or more say so: it differs from 1 by 1e-5 and leaves a tenth of the residuals of D = 1 or
/// less. Marks are computed, not traded: a discount explains them to their rounding or is not there.
/// Domain   at least one pair.
/// Faults   missing_data when there is none or the pairs do not give a positive forward.
/// Error    exact parity gives F within 4 ulp; marks rounded to h give F within F²/K·h / sqrt(pairs).
/// Source   docs/sources.md: deribit 2.3, closed forms 5.4.
Result<Forward> parity_forward(const std::vector<ParityPair>& pairs, market::Settlement settlement);

/// The forward of every expiry that has an option or a dated future in the snapshot, from the first source that gives
/// one. An expiry for which none does is absent here; diagnose() says why.
std::map<ExpiryKey, Forward> forwards(const market::Snapshot& snapshot);

/// What is wrong with the forward of an expiry.
enum class ForwardFault {
  no_pair,             ///< no strike has both a call and a put with marks, or quoted on both sides
  not_positive,        ///< parity of marks or of mids gives no positive forward: that source is passed over
  no_forward,          ///< no source gives one
  quotes_disagree,     ///< no forward agrees with all quotes: an arbitrage, or a stale quote
  outside_the_quotes,  ///< the forward used is not one that all quotes agree with
  discount_ignored     ///< marks have D = 1, two-sided quotes a discount that differs significantly from it
};
const char* name(ForwardFault fault);

struct ForwardNote {
  ForwardFault fault = ForwardFault::no_pair;
  std::string detail;  ///< for people, with the offending values
};

/// All that a snapshot says of one expiry's forward.
struct ForwardDiagnosis {
  std::string underlying;                                          ///< "BTC"
  market::Settlement settlement = market::Settlement::inverse;     ///< of the options, else of the future
  std::optional<Forward> forward;                                  ///< as forwards() has it
  std::vector<ParityQuote> quotes;                                 ///< strikes with two-sided call and put, by strike
  std::optional<ParityFit> of_quotes;                              ///< what these give by themselves
  ForwardInterval interval;                                        ///< of the quotes, at the forward's discount
  std::vector<ParityViolation> violations;                         ///< of the forward, by strike
  std::optional<double> from_index, from_listed, from_underlying;  ///< USD: forward less index, future, venue's own
  std::vector<ForwardNote> notes;
};

/// The same expiries as forwards(), the ones without a forward too, with what agrees and what does not. Cost
/// O(quotes + strikes² of each expiry): for reports, not for the path of a decision.
std::map<ExpiryKey, ForwardDiagnosis> diagnose(const market::Snapshot& snapshot);

}  // namespace ballast::curve
