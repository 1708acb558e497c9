// ETH options hedged with BTC futures by ratios from past steps: docs/ratio-study.md.
#pragma once
#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include "ballast/ballast.h"
#include "recorded_chains.h"

namespace ballast::study {

enum CrossRule { cross_unhedged, cross_one, cross_ols, cross_ewma, cross_dcc, cross_own, cross_rules };
inline constexpr std::array<const char*, cross_rules> cross_names{"unhedged", "one", "ols",
                                                                  "ewma",     "dcc", "own_future"};

struct Cross {
  std::vector<double> eth, btc;  ///< returns of the future of each step so far
  std::vector<math::Garch> garch;
  std::optional<math::Dcc> dcc;
  std::size_t fitted_at = 0;
  std::array<std::vector<double>, cross_rules> loss;  ///< (USD over the ETH price)², a step each
  std::array<double, cross_rules> last_ratio{};
};

/// The first listed future with over a week left and a price at both ends of the step: its return.
std::optional<double> future_return(const Step& at);

/// Ratios from steps that are over, judged on this one: USD P&L of each ETH option on marks, its Black delta in USD
/// hedged; then the step is one of them. Nothing is judged before 60 steps.
std::optional<Error> add_step(const Step& eth, double btc_return, Cross& c);

}  // namespace ballast::study
