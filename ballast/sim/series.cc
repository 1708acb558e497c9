#include "ballast/sim/series.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "ballast/math/elementary.h"

namespace ballast::sim {
namespace {

constexpr double day_s = 86'400.0, year_s = 31'536'000.0;
constexpr double least_vol = 0.01, most_vol = 5.0;  // what a modelled chain may be quoted at

Error off(const char* name, double value, const char* domain) {
  return {Fault::bad_input, fmt::format("series: {} is {}, it must lie within {}", name, value, domain)};
}

bool is_vol(double vol) { return vol >= least_vol && vol <= most_vol; }

/// What a vol source is asked for, row after row: at(row), absent where there is none yet. Each is O(1) a row.
class Constant {
 public:
  Constant(const ConstantVol& rules, std::span<const IndexPoint>) : vol_(rules.vol) {}
  Result<std::optional<double>> at(std::size_t) { return std::optional(vol_); }

 private:
  double vol_;
};

/// Sums of squared returns up to each row; a window is a difference of two. Squares of returns of a minute are some
/// 1e-7 and sums some 1e2 at most, so that what cancels is below 1e-7 of a day's.
class Realised {
 public:
  Realised(const RealisedVol& rules, std::span<const IndexPoint> prices) : rules_(rules), prices_(prices) {
    squares_.reserve(prices.size());
    squares_.push_back(0.0);
    for (std::size_t i = 1; i < prices.size(); ++i) {
      const double r = math::log_ratio(prices[i].price, prices[i - 1].price);
      squares_.push_back(squares_.back() + r * r);
    }
  }

  Result<std::optional<double>> at(std::size_t row) {
    if (row < 2) return std::optional<double>();
    const std::size_t last = row - 1;  // strictly before the instant
    const auto too_old = [&](std::size_t i) {
      return seconds_between(prices_[i].at, prices_[row].at) > rules_.window_days * day_s;
    };
    if (!too_old(0)) return std::optional<double>();
    while (first_ < last && too_old(first_)) ++first_;
    if (first_ >= last) {
      return Error{Fault::missing_data, fmt::format("series: within {} days before {} there are no two prices",
                                                    rules_.window_days, to_string(prices_[row].at))};
    }
    const double years = seconds_between(prices_[first_].at, prices_[last].at) / year_s;
    const double vol = rules_.scale * std::sqrt(std::max(squares_[last] - squares_[first_], 0.0) / years);
    return std::optional(std::clamp(vol, rules_.least, most_vol));
  }

 private:
  const RealisedVol& rules_;
  std::span<const IndexPoint> prices_;
  std::vector<double> squares_;
  std::size_t first_ = 0;
};

class Recorded {
 public:
  Recorded(const RecordedVol& rules, std::span<const IndexPoint> prices) : rules_(rules), prices_(prices) {}

  Result<std::optional<double>> at(std::size_t row) {
    const Time now = prices_[row].at;
    while (next_ < rules_.points.size() && rules_.points[next_].at <= now) ++next_;
    if (next_ == 0) return std::optional<double>();
    const VolPoint& last = rules_.points[next_ - 1];
    const double age = seconds_between(last.at, now) / day_s;
    if (age > rules_.most_age_days) {
      return Error{Fault::missing_data, fmt::format("series: at {} the last vol is {:.2f} days old, limit {}",
                                                    to_string(now), age, rules_.most_age_days)};
    }
    return std::optional(last.vol);
  }

 private:
  const RecordedVol& rules_;
  std::span<const IndexPoint> prices_;
  std::size_t next_ = 0;
};

Constant reader(const ConstantVol& r, std::span<const IndexPoint> p) { return {r, p}; }
Realised reader(const RealisedVol& r, std::span<const IndexPoint> p) { return {r, p}; }
Recorded reader(const RecordedVol& r, std::span<const IndexPoint> p) { return {r, p}; }

std::optional<Error> fault_of(const ConstantVol& v) {
  if (!is_vol(v.vol)) return off("vol", v.vol, "[0.01, 5]");
  return std::nullopt;
}

std::optional<Error> fault_of(const RealisedVol& v) {
  if (!(v.window_days > 0.0)) return off("window_days", v.window_days, "(0, inf)");
  if (!(v.scale >= 0.1 && v.scale <= 10.0)) return off("scale", v.scale, "[0.1, 10]");
  if (!is_vol(v.least)) return off("least", v.least, "[0.01, 5]");
  return std::nullopt;
}

std::optional<Error> fault_of(const RecordedVol& v) {
  if (!(v.most_age_days > 0.0)) return off("most_age_days", v.most_age_days, "(0, inf)");
  for (std::size_t i = 0; i < v.points.size(); ++i) {
    if (!is_vol(v.points[i].vol)) return off("a recorded vol", v.points[i].vol, "[0.01, 5]");
    if (i > 0 && !(v.points[i - 1].at < v.points[i].at)) {
      return Error{Fault::bad_input, "series: vols do not rise in time at " + to_string(v.points[i].at)};
    }
  }
  return std::nullopt;
}

std::optional<Error> fault(std::span<const IndexPoint> prices, const SeriesRules& rules) {
  if (rules.every == 0) return off("every", 0.0, "[1, inf)");
  if (!(std::abs(rules.premium) < 0.5)) return off("premium", rules.premium, "(-0.5, 0.5)");
  for (std::size_t i = 0; i < prices.size(); ++i) {
    if (!(prices[i].price > 0.0 && std::isfinite(prices[i].price))) {
      return Error{Fault::bad_input,
                   fmt::format("series: the price at {} is {}", to_string(prices[i].at), prices[i].price)};
    }
    if (i > 0 && !(prices[i - 1].at < prices[i].at)) {
      return Error{Fault::bad_input, "series: prices do not rise in time at " + to_string(prices[i].at)};
    }
  }
  for (std::size_t i = 0; i < rules.funding.size(); ++i) {
    const curve::FundingPayment& f = rules.funding[i];
    if (!std::isfinite(f.rate) || !(f.interval.value > 0.0)) {
      return Error{Fault::bad_input, fmt::format("series: funding at {}: rate {} for {} years", to_string(f.at), f.rate,
                                                 f.interval.value)};
    }
    if (i > 0 && !(rules.funding[i - 1].at < f.at)) {
      return Error{Fault::bad_input, "series: funding does not rise in time at " + to_string(f.at)};
    }
  }
  return std::visit([](const auto& vol) { return fault_of(vol); }, rules.vol);
}

template <class Vols>
Result<std::vector<SeriesInstant>> instants(std::span<const IndexPoint> prices, const SeriesRules& rules, Vols vols) {
  std::vector<SeriesInstant> out;
  std::size_t paid = 0, first = prices.size();
  for (std::size_t row = 0; row < prices.size(); ++row) {
    if (first < row && (row - first) % rules.every != 0) continue;
    const auto vol = vols.at(row);
    if (!vol) return vol.error();
    if (!vol.value()) continue;  // not yet
    first = std::min(first, row);
    SeriesInstant now{
        .at = prices[row].at, .index = prices[row].price, .atm_vol = *vol.value(), .premium = rules.premium};
    while (paid < rules.funding.size() && rules.funding[paid].at <= now.at) ++paid;
    if (paid > 0) {
      const curve::FundingPayment& last = rules.funding[paid - 1];
      if (years_between(last.at, now.at).value > 3.0 * last.interval.value) {
        return Error{Fault::missing_data,
                     fmt::format("series: at {} the last funding is of {}", to_string(now.at), to_string(last.at))};
      }
      now.funding_8h = last.rate * (curve::eight_hours / last.interval);
    }
    out.push_back(now);
  }
  if (out.empty()) {
    return Error{Fault::missing_data, fmt::format("series: none of {} rows has a vol", prices.size())};
  }
  return out;
}

}  // namespace

Result<std::vector<SeriesInstant>> series(std::span<const IndexPoint> prices, const SeriesRules& rules) {
  if (auto found = fault(prices, rules)) return *found;
  return std::visit([&](const auto& vol) { return instants(prices, rules, reader(vol, prices)); }, rules.vol);
}

Result<market::Snapshot> modelled_chain(ChainShape shape, const SeriesInstant& now,
                                        const std::vector<std::string>& keep) {
  shape.perpetual_premium = now.premium;
  shape.funding_8h = now.funding_8h;
  return modelled_chain(shape, now.at, now.index, now.atm_vol, keep);
}

}  // namespace ballast::sim
