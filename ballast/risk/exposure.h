#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ballast/market/position.h"
#include "ballast/market/snapshot.h"
#include "ballast/model/parameters.h"
#include "ballast/vol/dynamics.h"
#include "ballast/vol/quoted.h"
#include "ballast/vol/surface.h"

namespace ballast::risk {

/// Sensitivities of a value that is counted in numeraire N. Two numeraires never add: their neutral points differ.
template <Numeraire N>
struct In {
  struct DeltaTag;
  struct GammaTag;
  struct VegaTag;
  struct ThetaTag;
  using Delta = Unit<DeltaTag>;  ///< coin: change of value for a relative move of the coin's price, over the price
  using Gamma = Unit<GammaTag>;  ///< change of value by a squared relative move, twice, once delta is flat: q·F·Γ coin,
                                 ///< q·F²·Γ USD
  using Vega = Unit<VegaTag>;    ///< per 1.00 of vol: coin or USD
  using Theta = Unit<ThetaTag>;  ///< per year: coin or USD

  Delta delta;
  Gamma gamma;
  Vega vega;
  Theta theta;

  In& operator+=(const In& o) {
    delta += o.delta;
    gamma += o.gamma;
    vega += o.vega;
    theta += o.theta;
    return *this;
  }
};
using InCoin = In<Numeraire::coin>;
using InUsd = In<Numeraire::usd>;

/// Where the price of an instrument came from, best first.
enum class PriceSource { mark, mid, parity_forward, index };
const char* name(PriceSource source);

/// The smiles that a book is looked at with, and how they move when the forward does.
struct Smiles {
  vol::SmileDynamics dynamics;
  std::map<std::string, vol::Surface> surfaces;         ///< by index name, "btc_usd"
  std::map<std::string, Error> unfitted;                ///< indices without a surface (or model), and why
  std::map<std::string, model::TransformModel> models;  ///< of the rule model, by index: fitted to the same quotes
};

/// What smile dynamics add to the Greeks of one coin of an option, after the settlement window's decay. Its vol is the
/// quoted one; slope and curvature are those of the fitted smile at its strike.
struct SmileRisk {
  Vol fitted;                      ///< the fitted smile's vol: near the quoted one, or the slope is doubtful
  double slope = 0;                ///< dvol/dk, k = ln(strike/forward)
  double curvature = 0;            ///< d²vol/dk²
  double stickiness = 1;           ///< R that was used; NaN under the adaptive rule and a model, which have none
  double response = 0;             ///< dln vol / dln F at this strike, as the dynamics have it
  double delta = 0;                ///< coin per coin, to Black and net delta alike: vega dvol/dF
  double gamma = 0;                ///< coin per USD
  double vanna = 0;                ///< coin per 1.00 of vol
  double theta = 0;                ///< USD per year
  double delta_by_stickiness = 0;  ///< coin per coin and unit of R: vega slope / F
};

/// One coin of one instrument, long, at the market. Numbers are for the underlying's forward of that expiry.
struct Valuation {
  double price = 0.0;  ///< quote unit: coin for inverse options, USD per coin otherwise
  PriceSource price_source = PriceSource::mark;
  Price index;                     ///< USD per coin
  Price forward;                   ///< options: of their expiry; else the instrument's own price
  Vol vol;                         ///< options only
  Years years;                     ///< to expiry; 0 for perpetuals and spot
  double black_delta = 1;          ///< coin per coin, after the settlement window's decay
  double net_delta = 1;            ///< inverse options: black_delta less the premium in coin; else black_delta
  double gamma = 0;                ///< coin per USD of the forward
  double vega = 0;                 ///< USD per 1.00 of vol
  double theta = 0;                ///< USD per year
  double still_exposed = 1;        ///< 1, falling to 0 through the settlement window
  std::optional<SmileRisk> smile;  ///< of options, when smiles were given; the Greeks above are without it

  double hedge_delta() const { return net_delta + (smile ? smile->delta : 0.0); }  ///< what a hedge counts, coin
  double hedge_gamma() const { return gamma + (smile ? smile->gamma : 0.0); }      ///< coin per USD
  double hedge_theta() const { return theta + (smile ? smile->theta : 0.0); }      ///< USD per year
};

/// Values one instrument. With smiles, an option also carries what their dynamics add.
/// Fault missing_data names what is not there: with smiles, the smile of the option's expiry too.
Result<Valuation> value(const market::Instrument& instrument, const market::Snapshot& snapshot,
                        const vol::QuotedChain& surface, const Smiles* smiles = nullptr);

/// A position with its valuation.
struct PositionRisk {
  market::Position position;
  market::Instrument instrument;
  Valuation unit;
  double amount = 0.0;             ///< signed, in the venue's unit: USD for inverse futures, coin otherwise
  std::optional<Coin> coin_delta;  ///< its share of the book's delta counted in coin; absent when not known
  Coin coins;                      ///< signed size in coin (inverse futures: USD amount / price)
};

/// Sums over positions. Vega and theta in USD, screens divide them by 100 and by 365.
struct Totals {
  Coin black_delta;          ///< options Black delta + futures in coin: the venue's `delta_total_map`
  Coin net_delta;            ///< premium-adjusted: the venue's `delta_total` for a coin-settled book
  Coin gross_delta;          ///< sum of |net delta| of positions
  double gamma = 0;          ///< coin per USD: sum of quantity times Black gamma, the venue's `options_gamma`
  Usd vega, theta;           ///< per 1.00 of vol; per year
  Coin options_value;        ///< worth of coin-settled options in coin
  Coin smile_delta;          ///< what the smile dynamics add to either delta; 0 without them
  double smile_gamma = 0;    ///< coin per USD, likewise
  Usd smile_theta;           ///< per year, likewise
  Coin delta_by_stickiness;  ///< d delta / dR = sum of quantity · vega · slope / F: the model risk of the ratio
  InCoin coin;               ///< the book counted in coin, smile dynamics included
  InUsd usd;  ///< the book counted in USD, smile dynamics included; delta WITHOUT the coin equity, which counts at 1
              ///< (see Exposure)
};

/// One underlying's share of a book.
struct Exposure {
  std::string underlying;
  Price index;
  Totals total;
  std::map<Time, Totals> by_expiry;  ///< perpetuals and spot under `never`
  std::optional<Coin> equity;        ///< of the coin account; absent = not known
  bool coin_settled = false;         ///< some position settles in the coin
  bool holds_spot = false;           ///< some position is spot
  /// The smile dynamics behind the deltas in coin and usd; absent = vols stay, the deltas are net deltas.
  std::optional<vol::SmileDynamics> dynamics;
  /// Why the delta in coin is not known (a linear position without its average price); then total.coin.delta says
  /// nothing.
  std::optional<Error> coin_unknown;
  std::vector<PositionRisk> positions;

  /// Coin-neutral target: d(value in coin)/d ln S = 0.
  Result<InCoin::Delta> coin_delta() const {
    if (coin_unknown) return *coin_unknown;
    return total.coin.delta;
  }
  /// USD-neutral target, equity included: equity + delta_total. Fault missing_data when the book settles in coin and
  /// the equity is not known: it is not zero by default.
  Result<InUsd::Delta> usd_delta() const;
};

/// The exposure of a portfolio, by underlying in alphabetical order. With `smiles` the deltas, gammas and thetas in
/// coin and usd are along their dynamics; black_delta, net_delta, gamma and theta of Totals are without, as the
/// venue's. Faults  bad_input: a quantity in a unit that is not the instrument's, the same instrument twice, an expired
/// or unknown
///         instrument; missing_data: no price, forward or vol for a position. Each names the position.
/// Error   sums are plain, in order of the positions: |error| <= positions · 2^-53 · gross.
/// Source  docs/conventions.md; Deribit's delta_total identities.
Result<std::vector<Exposure>> exposure(const market::Portfolio& portfolio, const market::Snapshot& snapshot,
                                       const vol::QuotedChain& surface, const Smiles* smiles = nullptr);

}  // namespace ballast::risk
