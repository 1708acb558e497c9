#pragma once
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/base/time.h"
#include "ballast/market/snapshot.h"

/// Chains made from a price and a smile, where only prices were recorded or where a model draws them.
namespace ballast::sim {

/// The chain that a venue would list. The vol of strike K with T years left, k = ln(K/F), z = k/(a sqrt(T)):
/// vol = a (1 + skew z + convexity z²), held within a factor 3 of a and within [0.01, 5], where a is the vol at the
/// money. In z the smile goes along with the forward (sticky moneyness). With a stickiness R it does so by 1 - R only:
/// a = atm + R · skew/sqrt(T) · ln(index/reference), to first order the smile of `reference` in strikes where R = 1.
/// atm is one vol for all expiries, or, with a half life, the root of the variance expected on the way to long_vol:
/// atm² = long² + (now² - long²) (1 - e^{-aT})/(aT), a = ln 2/half life.
/// A shape with much skew or convexity can be arbitraged at its wings: curve/chain_arbitrage.h tells.
struct ChainShape {
  std::string underlying = "BTC";  ///< "BTC" or "ETH": what Deribit lists with coin-settled options
  std::vector<double> days = {1, 2, 7, 14, 30, 60, 90};  ///< > 0: the expiries nearest to these are listed
  double strikes_z = 2.5;    ///< (0, 10]: listed strikes reach so many standard deviations, at most e^±3 · forward
  std::size_t strikes = 15;  ///< [3, 200]: at most, an expiry; `keep` comes on top
  double skew = 0.0;         ///< [-1, 1]: change of vol for one standard deviation of strike, relative
  double convexity = 0.0;    ///< [0, 1]
  double long_vol = 0.0;     ///< [0.01, 5] with a half life: where the vol goes to
  double vol_half_life_days = 0.0;           ///< >= 0: of the variance's way there; 0: all expiries have one vol
  double stickiness = 0.0;                   ///< [-1, 3]: R above
  double reference = 0.0;                    ///< > 0 where R is not 0: USD per coin
  double basis = 0.0;                        ///< [-2, 2]: forwards are index · exp(basis · years)
  double half_spread_vol = 0.005;            ///< >= 0: of options, in vol; at least one tick of the price
  double perpetual_premium = 0.0;            ///< (-0.5, 0.5): perpetual over index, a fraction
  double perpetual_half_spread_ticks = 0.5;  ///< >= 0: of the perpetual and the futures
  std::optional<double> funding_8h;          ///< what the perpetual's quote says; absent: nothing
  double size_coins = 25.0;                  ///< > 0: displayed at each best price of options
  /// > 0: coins, of every option; absent: not shown. The adaptive rule learns of options with one coin and more.
  std::optional<double> open_interest;
  double size_usd = 500'000;  ///< > 0: and of the perpetual and futures
  double round_vol = 0.0;     ///< > 0: mark vols are rounded to this as venues do, 1e-4; 0: exact
  double round_mark = 0.0;    ///< > 0: marks of options are rounded to this, 1e-8; 0: exact
};

/// The expiries that a venue lists at an instant, by time, all at 08:00 UTC and after `at`: every day for the next
/// four, Fridays for the next three weeks, the last Fridays of months for the next hundred days, then those of
/// quarters, up to `days` ahead and the first after it. What is listed stays listed: a quarter's last Friday becomes
/// one of the months', one of the next Fridays, one of the next days.
/// Source   the list that Deribit had on 24 June 2026, recorded; the test has it.
std::vector<Time> listed_expiries(Time at, double days);

/// The step between strikes: 1, 2, 2.5 or 5 times a power of ten, the smallest that reaches `strikes_z` deviations
/// either side with at most `strikes`, but at least the largest below a hundredth of the forward (BTC at 60,000: 500).
double strike_step(const ChainShape& shape, double forward, double atm_vol, Years years);

/// The vol at the money of an expiry, from that of today, and the vol of one strike: see ChainShape.
double atm_vol_of(const ChainShape& shape, double index, double atm_vol, Years years);
double smile_vol(const ChainShape& shape, double atm_vol_of_expiry, double log_moneyness, Years years);

/// The vols of an expiry's strikes, where something other than the shape says them.
using ExpirySmile =
    std::function<Result<std::vector<double>>(Price forward, Years years, std::span<const double> strike)>;

/// The whole market of one underlying at an instant: options with mark (Black, in coin), vol, bid and ask on the
/// venue's ladder, rounded outward, no bid where there would be none over 0; the perpetual and a dated future for each
/// expiry; the index. Everything was sent at `at`. Contracts carry Deribit's documented terms,
/// which are this venue's own: from_venue is true.
/// `keep`  names of options and futures that stay listed until they expire, wherever the price went: strikes, call and
///         put, and the chains of their expiries. Expired ones, other underlyings and perpetuals are passed over.
/// `smile` the vols instead of atm_vol and the shape's skew, convexity and term structure; its faults are passed on.
/// Exact   put-call parity of the marks (round_mark = 0): C - P = 1 - K/F within 1e-12.
/// Faults  bad_input: the number outside its domain (index in [1, 1e9], atm_vol in [0.01, 5]), or the name in `keep`.
/// Cost    some 2 us an option.
Result<market::Snapshot> modelled_chain(const ChainShape& shape, Time at, double index, double atm_vol,
                                        const std::vector<std::string>& keep = {}, const ExpirySmile& smile = {});

}  // namespace ballast::sim
