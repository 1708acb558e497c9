#include "model_deltas.h"

#include <cmath>

#include "ballast/market/deribit/name.h"
#include "ballast/model/transform.h"
#include "ballast/pricing/model_move.h"

namespace ballast::study {
namespace {

struct Listed {
  std::string name;
  double strike = 0.0, sign = 0.0, vol = 0.0;
};
struct Expiry {
  double forward = 0.0;
  Years years;
  std::vector<Listed> options;
};

}  // namespace

Result<std::map<std::string, ModelDelta>> ModelHedger::deltas(const desk::ObservedChain& chain) {
  std::map<Time, Expiry> expiries;
  for (const auto& [name, option] : chain.options) {
    const auto instrument = market::deribit::parse_name(name);
    if (!instrument) return instrument.error();
    Expiry& expiry = expiries[option.expiry];
    expiry.forward = chain.forwards.at(option.expiry), expiry.years = option.years;
    const double sign = instrument.value().option_type == market::OptionType::call ? 1.0 : -1.0;
    expiry.options.push_back({name, instrument.value().strike, sign, option.vol.value});
  }
  std::vector<pricing::ExpiryVols> quotes;
  for (const auto& [time, expiry] : expiries) {
    pricing::ExpiryVols& q = quotes.emplace_back(pricing::ExpiryVols{
        .forward = Price(expiry.forward), .years = expiry.years, .strike = {}, .vol = {}, .weight = {}});
    for (const Listed& o : expiry.options) {
      if (o.sign * (o.strike - expiry.forward) < 0.0) continue;
      q.strike.push_back(o.strike), q.vol.push_back(o.vol), q.weight.push_back(1.0);
    }
  }
  const auto fitted = pricing::calibrate(model_, quotes, {}, last_ ? &*last_ : nullptr);
  if (!fitted) return fitted.error();
  last_ = fitted.value().model;
  ++fits_, errors_ += fitted.value().rmse_vol;

  std::map<std::string, ModelDelta> found;
  for (const auto& [time, expiry] : expiries) {
    std::vector<double> strike, sign;
    for (const Listed& o : expiry.options) strike.push_back(o.strike), sign.push_back(o.sign);
    std::vector<double> delta(strike.size()), least(strike.size());
    model::TransformColumns columns;
    columns.delta = delta, columns.minimum_variance_delta = least;
    const auto priced = model::transform(
        *last_, {.forward = Price(expiry.forward), .years = expiry.years, .strike = strike, .sign = sign}, columns,
        1e-10);
    if (!priced) return priced.error();
    std::map<double, double> moves;  // by strike: a call and a put share one
    for (std::size_t i = 0; i < strike.size(); ++i) {
      if (!moves.contains(strike[i])) {
        const auto move = pricing::model_move(*last_, Price(expiry.forward), Price(strike[i]), expiry.years);
        if (!move) return move.error();
        moves[strike[i]] = move.value().to_forward * expiry.forward;
      }
      found[expiry.options[i].name] = {delta[i], least[i], moves[strike[i]]};
    }
  }
  return found;
}

}  // namespace ballast::study
