#include "cross_hedge.h"

#include <utility>

namespace ballast::study {

std::optional<double> future_return(const Step& at) {
  constexpr double week_s = 7.0 * 86400.0;
  for (const Time t : at.from.listed) {
    const auto a = at.from.chain.forwards.find(t), b = at.to.chain.forwards.find(t);
    if (seconds_between(at.from.chain.as_of, t) <= week_s || a == at.from.chain.forwards.end() ||
        b == at.to.chain.forwards.end())
      continue;
    return b->second / a->second - 1.0;
  }
  return std::nullopt;
}

std::optional<Error> add_step(const Step& eth, double btc_return, Cross& c) {
  constexpr std::size_t least = 60, refit_after = 50;  // two weeks of steps; GARCH and DCC are fitted again every other
  const auto eth_return = future_return(eth);
  if (!eth_return) return std::nullopt;
  if (c.eth.size() >= least) {
    Rng none(0);  // nothing is resampled
    const auto ratio = [&](hedge::MinimumVarianceRules rules) -> Result<double> {
      rules.resamples = 0;
      rules.garch = c.garch;
      rules.dcc = c.dcc;
      auto found = hedge::minimum_variance(c.eth, {{c.btc}}, rules, none);
      if (!found) return found.error();
      if (rules.method == hedge::RatioMethod::dcc && c.garch.empty()) {
        c.garch = found.value().garch;
        c.dcc = found.value().dcc;
        c.fitted_at = c.eth.size();
      }
      return found.value().ratios[0].ratio;
    };
    if (c.eth.size() >= c.fitted_at + refit_after) c.garch.clear(), c.dcc.reset();
    std::array<double, cross_rules> ratios{};
    ratios[cross_one] = 1.0;
    for (const auto& [rule, method] :
         {std::pair{cross_ols, hedge::RatioMethod::ols}, std::pair{cross_ewma, hedge::RatioMethod::ewma},
          std::pair{cross_dcc, hedge::RatioMethod::dcc}}) {
      const auto found = ratio({.method = method});
      if (!found) return found.error();
      ratios[rule] = found.value();
    }
    std::array<double, cross_rules> loss{};
    for (const auto& [option, held] : eth.from.chain.options) {
      const auto later = eth.to.chain.options.find(option);
      if (later == eth.to.chain.options.end() || !desk::counts(held, later->second, desk::MovePrices::marks)) continue;
      const double f0 = eth.from.chain.forwards.at(held.expiry), f1 = eth.to.chain.forwards.at(held.expiry);
      const double change = later->second.mark * f1 / f0 - held.mark;  // USD over the forward at the start
      for (std::size_t r = 0; r < cross_rules; ++r) {
        const double earned = r == cross_own ? *eth_return : ratios[r] * btc_return;
        const double error = change - held.black_delta * earned;
        loss[r] += error * error;
      }
    }
    for (std::size_t r = 0; r < cross_rules; ++r) c.loss[r].push_back(loss[r]);
    c.last_ratio = ratios;
  }
  c.eth.push_back(*eth_return);
  c.btc.push_back(btc_return);
  return std::nullopt;
}

}  // namespace ballast::study
