#include "ballast/risk/regimes.h"

#include <cmath>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "ballast/math/elementary.h"

namespace ballast::risk {

std::string_view name(Regime regime) {
  switch (regime) {
    case Regime::crash: return "crash";
    case Regime::calm: return "calm";
    case Regime::rally: return "rally";
    case Regime::unknown: break;
  }
  return "unknown";
}

Result<std::vector<Regime>> regimes(std::span<const Time> times, std::span<const double> prices,
                                    const RegimeRules& rules) {
  const auto bad = [](std::string what) { return Error{Fault::bad_input, std::move(what)}; };
  const std::size_t n = prices.size();
  if (times.size() != n) return bad(fmt::format("{} times for {} prices", times.size(), n));
  if (rules.horizon_ms < 0) return bad(fmt::format("a horizon of {} ms", rules.horizon_ms));
  if (rules.trailing < 2) return bad(fmt::format("a vol of {} steps", rules.trailing));
  if (!(rules.threshold > 0.0)) return bad(fmt::format("a threshold of {}", rules.threshold));
  for (std::size_t i = 0; i < n; ++i) {
    if (!(prices[i] > 0.0 && std::isfinite(prices[i]))) return bad(fmt::format("instant {}: price {}", i, prices[i]));
    if (i > 0 && !(times[i - 1] < times[i]))
      return bad(fmt::format("instant {}: {} does not follow {}", i, to_string(times[i]), to_string(times[i - 1])));
  }
  std::vector<double> square(n);  // of the step that ends here
  for (std::size_t i = 1; i < n; ++i) {
    const double move = math::log_ratio(prices[i], prices[i - 1]);
    square[i] = move * move;
  }
  std::vector<Regime> found(n, Regime::unknown);
  std::size_t end = 0;
  for (std::size_t i = rules.trailing; i + 1 < n; ++i) {
    if (end <= i) end = i + 1;
    while (end < n && times[end].ms - times[i].ms < rules.horizon_ms) ++end;
    if (end == n) break;
    // Summed anew at each instant: a running sum would keep the rounding of a large move that has left it.
    double squares = 0.0;
    for (std::size_t k = i + 1 - rules.trailing; k <= i; ++k) squares += square[k];
    const double past = years_between(times[i - rules.trailing], times[i]).value,
                 ahead = years_between(times[i], times[end]).value;
    const double usual = std::sqrt(squares * ahead / past), move = math::log_ratio(prices[end], prices[i]);
    found[i] = Regime::calm;
    if (move != 0.0 && std::abs(move) >= rules.threshold * usual) found[i] = move < 0.0 ? Regime::crash : Regime::rally;
  }
  return found;
}

}  // namespace ballast::risk
