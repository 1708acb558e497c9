#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "ballast/math/elementary.h"
#include "ballast/pricing/black.h"
#include "ballast/pricing/model_move.h"
#include "ballast/pricing/settlement_window.h"
#include "ballast/pricing/smile_greeks.h"
#include "ballast/risk/exposure.h"

namespace ballast::risk {
namespace {

using market::Instrument;
using market::Settlement;
using market::Snapshot;

/// Why a quote was turned away; empty when there was none.
std::optional<std::string> turned_away(const std::string& instrument, const Snapshot& snapshot,
                                       const vol::QuotedChain& surface) {
  for (const auto* list : {&snapshot.dropped, &surface.dropped}) {
    for (const market::Dropped& dropped : *list) {
      if (dropped.instrument == instrument) return dropped.reason + " (" + dropped.detail + ")";
    }
  }
  return std::nullopt;
}

std::string why_absent(const std::string& instrument, const Snapshot& snapshot, const vol::QuotedChain& surface) {
  return turned_away(instrument, snapshot, surface).value_or("no quote of it in the data");
}

struct Found {
  double price;
  PriceSource source;
};

/// The price of a future, perpetual or spot: its own quote, else what the same chain says of it. A quote that was
/// turned away is not replaced: it said something is wrong with the instrument, or that it does not trade.
std::optional<Found> linear_price(const Instrument& instrument, const Snapshot& snapshot,
                                  const vol::QuotedChain& surface) {
  if (const auto quote = snapshot.quotes.find(instrument.name); quote != snapshot.quotes.end()) {
    if (quote->second.mark) return Found{*quote->second.mark, PriceSource::mark};
    if (quote->second.bid && quote->second.ask) {
      return Found{0.5 * (*quote->second.bid + *quote->second.ask), PriceSource::mid};
    }
  }
  if (turned_away(instrument.name, snapshot, surface)) return std::nullopt;
  if (instrument.expiry != never) {
    const auto forward = surface.forwards.find({instrument.index, instrument.expiry});
    if (forward != surface.forwards.end()) return Found{forward->second.price.value, PriceSource::parity_forward};
    return std::nullopt;
  }
  const auto index = snapshot.indices.find(instrument.underlying);
  if (index != snapshot.indices.end()) return Found{index->second.price, PriceSource::index};
  return std::nullopt;
}

/// Why an expiry has no smile.
std::string why_no_smile(const Instrument& instrument, const Smiles& smiles) {
  const std::string expiry = to_string(instrument.expiry);
  if (const auto unfitted = smiles.unfitted.find(instrument.index); unfitted != smiles.unfitted.end()) {
    return unfitted->second.what;
  }
  if (const auto surface = smiles.surfaces.find(instrument.index); surface != smiles.surfaces.end()) {
    for (const market::Dropped& dropped : surface->second.dropped) {
      if (dropped.instrument == expiry) return dropped.reason + " (" + dropped.detail + ")";
    }
  }
  return "none was fitted";
}

/// What the dynamics add to Black's Greeks of an option with the quoted vol.
Result<SmileRisk> smile_risk(const Instrument& instrument, const pricing::Vanilla& option, double still_exposed,
                             const Smiles& smiles) {
  const auto surface = smiles.surfaces.find(instrument.index);
  const vol::Slice* slice =
      surface == smiles.surfaces.end() ? nullptr : vol::slice_of(surface->second, instrument.expiry);
  if (slice == nullptr) {
    return Error{Fault::missing_data, fmt::format("{}: smile dynamics {} need the smile of {} {}: {}", instrument.name,
                                                  vol::name(smiles.dynamics), instrument.index,
                                                  to_string(instrument.expiry), why_no_smile(instrument, smiles))};
  }
  const double k = math::log_ratio(option.strike.value, option.forward.value);
  const vol::SmilePoint point = vol::at(slice->shape, k);
  vol::VolMove move;
  if (smiles.dynamics.rule == vol::SmileRule::adaptive) {
    const auto learned = smiles.dynamics.learned.find(instrument.underlying);
    if (learned == smiles.dynamics.learned.end()) {
      return Error{Fault::missing_data, fmt::format("{}: the adaptive rule has learned nothing of {}", instrument.name,
                                                    instrument.underlying)};
    }
    move = vol::adaptive_move(learned->second, option.vol, k, vol::at(slice->shape, 0.0).total_variance, option.forward,
                              option.years);
  } else if (smiles.dynamics.rule == vol::SmileRule::model) {
    const auto fitted = smiles.models.find(instrument.index);
    if (fitted == smiles.models.end()) {
      return Error{Fault::missing_data,
                   fmt::format("{}: no {} was fitted to {}", instrument.name, smiles.dynamics.model, instrument.index)};
    }
    const auto expected = pricing::model_move(fitted->second, option.forward, option.strike, option.years);
    if (!expected) return in(instrument.name, expected.error());
    move = expected.value();
  } else {
    move = vol::vol_move(smiles.dynamics, point, option.forward, option.years,
                         vol::variance_slope(surface->second, k, option.years));
  }
  const pricing::BlackGreeks fixed = pricing::black_greeks(option);
  const pricing::SmileGreeks along = pricing::smile_greeks(option, move);
  SmileRisk r;
  r.fitted = vol::vol_of(point, option.years);
  r.slope = vol::vol_slope(point, option.years);
  r.curvature = vol::vol_curvature(point, option.years);
  r.stickiness = vol::rule_at(smiles.dynamics, option.years).stickiness;
  r.response = move.to_forward * option.forward.value / option.vol.value;
  r.delta = fixed.vega * move.to_forward * still_exposed;  // not along.delta - fixed.delta, which would round
  r.gamma = (along.gamma - fixed.gamma) * still_exposed;
  r.vanna = (along.vanna - fixed.vanna) * still_exposed;
  r.theta = fixed.vega * move.to_time * still_exposed;
  r.delta_by_stickiness = fixed.vega * r.slope / option.forward.value * still_exposed;
  if (!(std::isfinite(r.delta) && std::isfinite(r.gamma) && std::isfinite(r.vanna) && std::isfinite(r.theta) &&
        std::isfinite(r.delta_by_stickiness))) {
    return Error{Fault::missing_data,
                 fmt::format("{}: its smile Greeks are not finite at log-moneyness {}, fitted vol {}, slope {}",
                             instrument.name, k, r.fitted.value, r.slope)};
  }
  return r;
}

}  // namespace

const char* name(PriceSource source) {
  switch (source) {
    case PriceSource::mark: return "mark";
    case PriceSource::mid: return "mid";
    case PriceSource::parity_forward: return "parity forward";
    case PriceSource::index: return "index";
  }
  return "";
}

Result<Valuation> value(const Instrument& instrument, const Snapshot& snapshot, const vol::QuotedChain& surface,
                        const Smiles* smiles) {
  const auto missing = [&](const std::string& what) {
    return Error{Fault::missing_data, fmt::format("{}: {}", instrument.name, what)};
  };
  if (instrument.expiry <= snapshot.as_of) {
    return Error{Fault::missing_data, fmt::format("{}: expired {}, the data are of {}", instrument.name,
                                                  to_string(instrument.expiry), to_string(snapshot.as_of))};
  }
  const auto index = snapshot.indices.find(instrument.underlying);
  if (index == snapshot.indices.end() || !(index->second.price > 0.0)) {
    return missing("no usable index of " + instrument.underlying + ": " +
                   why_absent(instrument.underlying + " index", snapshot, surface));
  }

  Valuation v;
  v.index = Price(index->second.price);
  v.still_exposed = 1.0 - pricing::settlement_elapsed(snapshot.as_of, instrument.expiry);
  if (!instrument.is_option()) {
    const auto price = linear_price(instrument, snapshot, surface);
    if (!price || !(price->price > 0.0)) return missing(why_absent(instrument.name, snapshot, surface));
    v.price = price->price;
    v.price_source = price->source;
    v.forward = Price(v.price);
    v.years = instrument.expiry == never ? Years(0.0) : years_between(snapshot.as_of, instrument.expiry);
    v.black_delta = v.net_delta = v.still_exposed;
    return v;
  }

  const auto quoted = surface.options.find(instrument.name);
  if (quoted == surface.options.end()) return missing(why_absent(instrument.name, snapshot, surface));
  const vol::QuotedOption& option = quoted->second;
  const pricing::Vanilla vanilla{.forward = option.forward,
                                 .strike = Price(instrument.strike),
                                 .vol = option.vol,
                                 .years = option.years,
                                 .type = instrument.option_type};
  const pricing::BlackGreeks greeks = pricing::black_greeks(vanilla);
  v.price = option.price;
  v.price_source = option.source == vol::VolSource::mid ? PriceSource::mid : PriceSource::mark;
  v.forward = option.forward;
  v.vol = option.vol;
  v.years = option.years;
  const double premium = instrument.settlement == Settlement::inverse ? option.price : 0.0;
  v.black_delta = greeks.delta * v.still_exposed;
  v.net_delta = (greeks.delta - premium) * v.still_exposed;
  v.gamma = greeks.gamma * v.still_exposed;
  v.vega = greeks.vega * v.still_exposed;
  v.theta = greeks.theta * v.still_exposed;
  if (!std::isfinite(v.net_delta) || !std::isfinite(v.gamma) || !std::isfinite(v.theta)) {
    return missing(fmt::format("its Greeks are not finite at forward {}, vol {}, {} years", v.forward.value,
                               v.vol.value, v.years.value));
  }
  if (smiles != nullptr) {
    const auto smile = smile_risk(instrument, vanilla, v.still_exposed, *smiles);
    if (!smile) return smile.error();
    v.smile = smile.value();
  }
  return v;
}

}  // namespace ballast::risk
