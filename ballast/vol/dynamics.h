#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/vol/adaptive.h"
#include "ballast/vol/surface.h"

namespace ballast::vol {

/// How a smile is taken to move when the forward does: by name.
enum class SmileRule {
  sticky_strike,     ///< R = 1: every strike keeps its vol; the delta is Black's
  sticky_moneyness,  ///< R = 0: the smile goes with the forward (sticky delta); what every scale-invariant model says
  sticky_local_vol,  ///< R = 2: the local vols stay. To first order in the skew only: on a CEV model the delta is
                     ///< within 2e-3 of the exact one; the exact one reprices on bumped spot with the local vols kept
  skew_stickiness,   ///< R as given: the move of the vol at the money per unit of ln(forward), over the skew there
  by_tenor,          ///< R, or the move itself, as given for each tenor
  adaptive,          ///< the move as learned from recorded chains, tenor by tenor: ballast/vol/adaptive.h
  model              ///< the move that a calibrated stochastic model expects: ballast/pricing/model_move.h
};

/// The rule of one tenor. The vol at the money moves by stickiness · skew + atm_slope per unit of ln(forward).
struct TenorRule {
  Years years;              ///< > 0
  double stickiness = 1.0;  ///< R
  double atm_slope = 0.0;   ///< vol per unit of ln(forward), the same for every strike: where the skew is near 0 and no
                            ///< R can be had, R = 0 and the measured slope
};

/// What the adaptive rule has learned of one underlying. Its as_of is the end of the last step.
struct Learned {
  AdaptiveState state;
  AdaptiveRules rules;    ///< that the state was learned by and is read with
  std::size_t steps = 0;  ///< from one snapshot to the next that it learned from
};

/// A named choice of smile dynamics.
struct SmileDynamics {
  SmileRule rule = SmileRule::sticky_strike;
  double stickiness = 1.0;                 ///< R of skew_stickiness
  std::vector<TenorRule> tenors;           ///< of by_tenor, by rising years
  std::map<std::string, Learned> learned;  ///< of adaptive, by underlying: "BTC"
  std::string model;                       ///< of model: its name, "heston"
};

/// "sticky-strike", "sticky-moneyness", "local-vol", "ssr=1.4", "by-tenor", "adaptive", "model=heston".
std::string name(const SmileDynamics& dynamics);

/// The dynamics of a word: a name above but by-tenor ("net" is sticky-strike by another name), with its number;
/// adaptive has learned nothing yet, and model=NAME only has a name, which is not looked at here.
/// Fault bad_input: another word, or an R that is no finite number in [-10, 10].
Result<SmileDynamics> smile_dynamics(const std::string& word);

/// The rule at one time to expiry; of by_tenor linear in years between tenors and flat beyond them.
/// Domain   years > 0; by_tenor with tenors by strictly rising years; not adaptive or model, which have no R. Outside:
/// NaN fields.
TenorRule rule_at(const SmileDynamics& dynamics, Years years);

/// How the vol of a fixed strike and expiry moves.
///
/// With k = ln(K/F), x = the move of ln F, s the smile now, R the stickiness and b the slope at the money, the rule
/// carries the smile along the strikes and lifts it:
///
///     sigma(K; x) = s(k + (R - 1) x) + b x
///
/// At the money of the moved forward this is s(R x) + b x: R times the skew, as R is defined. Rule by rule: R = 1
/// s(k); R = 0 s(ln(K/(F e^x))). Its derivatives at x = 0 are sigma_x = (R - 1) s' + b and sigma_xx = (R - 1)² s'', so
///
///     dsigma/dF = sigma_x / F        d²sigma/dF² = (sigma_xx - sigma_x) / F²
///
/// Time, at a fixed forward: under sticky moneyness the surface in (k, time to expiry) is what stays, so the vol of an
/// expiry rolls down the term structure, dsigma/dt = -dsigma/dyears at fixed k. Under every other rule a strike of an
/// expiry keeps its vol, dsigma/dt = 0. (Under local vol the variance to come is what stays; that drift is of second
/// order in the slope of the term structure and left out.)
struct VolMove {
  double to_forward = 0.0;        ///< dsigma(K)/dF, vol per USD
  double to_forward_twice = 0.0;  ///< d²sigma(K)/dF², vol per USD²
  double to_time = 0.0;           ///< dsigma(K)/dt, vol per year
};

/// The move at one point of a slice. `total_variance_slope` is dw/dyears at fixed k, as variance_slope() has it; only
/// sticky moneyness asks for it.
/// Domain   total variance, years and forward > 0, not adaptive (it has adaptive_move()) or model; outside: NaN fields.
/// Source   L. Bergomi, "Smile dynamics IV", Risk (December 2009) for R; derived above. Held by
///          moving an SVI smile and pricing again, and by tests/data/smile_deltas.csv.
VolMove vol_move(const SmileDynamics& dynamics, const SmilePoint& point, Price forward, Years years,
                 double total_variance_slope);

/// The adaptive rule's move of an option with vol `vol` at k = ln(K/F) and z = k / sqrt(at_the_money), at_the_money the
/// smile's total variance there. With m = scale · (level + tilt z), the rule lifts every strike in proportion,
///
///     sigma(K; x) = vol · exp(scale · (level x + tilt (z x - x² / (2 sqrt(at_the_money)))))
///
/// which is dln sigma / dx = m at every x, z moving with the forward in the same yardstick. So sigma_x = vol m and
/// sigma_xx = vol (m² - scale · tilt / sqrt(at_the_money)); where z or m is held, at 3 and at the steepest, the last
/// term is 0. A strike of an expiry keeps its vol in time. A parallel lift comes on top and leaves the move as it is.
/// sigma_x · vega_coin is vega_coin · adjustment(): exact, what the rule was judged by. While the rule is not
/// significant every field is exactly 0 and the delta is the net delta.
/// Domain   vol, at_the_money, forward, years > 0, k finite; outside: NaN fields.
VolMove adaptive_move(const Learned& learned, Vol vol, double k, double at_the_money, Price forward, Years years);

/// dw/dyears of a surface at fixed k, from the side of the nearer expiry: what passing time meets.
/// Domain   as at(surface, k, years); outside: NaN.
double variance_slope(const Surface& surface, double k, Years years);

}  // namespace ballast::vol
