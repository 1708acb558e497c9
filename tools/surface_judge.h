// What surface_study and quantlib_svi_study share: the recorded slices, and a judge that looks at smiles from outside.
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "ballast/app/archive.h"
#include "ballast/ballast.h"
#include "ballast/market/clean.h"
#include "ballast/vol/smile.h"
#include "ballast/vol/smile_quotes.h"

namespace ballast::study {

/// visit(quotes of one index at one instant): out of the money, both sides quoted, a day or more, six strikes or more.
inline std::optional<Error> for_each_chain(const std::vector<std::string>& folders, std::size_t every,
                                           const std::function<void(const std::vector<vol::SliceQuotes>&)>& visit) {
  std::size_t seen = 0;
  return app::for_each_snapshot(
      folders, std::cerr, [&](const std::string&, market::Snapshot snapshot) -> std::optional<Error> {
        if (seen++ % every != 0) return std::nullopt;
        snapshot = market::clean(std::move(snapshot), market::CleaningRules{}.with_age(1e4));  // collected over minutes
        const vol::QuotedChain chain = vol::quoted(snapshot);
        for (const char* index : {"btc_usd", "eth_usd"}) {
          std::vector<vol::SliceQuotes> slices = vol::smile_quotes(snapshot, chain, index, {}).slices;
          std::erase_if(slices, [](const vol::SliceQuotes& q) {
            for (std::size_t i = 0; i < q.vol.size(); ++i)
              if (std::isnan(q.bid_vol[i]) || std::isnan(q.ask_vol[i])) return true;
            return false;
          });
          if (!slices.empty()) visit(slices);
        }
        return std::nullopt;
      });
}

using Smile = std::function<vol::SmilePoint(double)>;

class Judge {
 public:
  /// One smile against the vols it should have; `near` the earlier expiry's, empty for the first.
  void look(const vol::SliceQuotes& q, const std::vector<double>& truth, const Smile& smile, const Smile& near) {
    double squares = 0.0, money = 1e9, at_money = 0.0;
    for (std::size_t i = 0; i < q.vol.size(); ++i) {
      const double error = vol::vol_of(smile(q.log_moneyness[i]), q.years).value - truth[i];
      squares += error * error;
      if (std::abs(q.log_moneyness[i]) < money) money = std::abs(q.log_moneyness[i]), at_money = std::abs(error);
    }
    quotes_ += q.vol.size();
    squares_ += squares;
    rmse_.push_back(100.0 * std::sqrt(squares / static_cast<double>(q.vol.size())));
    at_money_.push_back(100.0 * at_money);
    double g = 1e9, rise = 1e9;
    for (int j = -points; j <= points; ++j) {
      const double k = furthest * std::sinh(5.0 * j / points) / std::sinh(5.0);
      const vol::SmilePoint p = smile(k);
      g = std::min(g, p.total_variance > 0.0 ? vol::butterfly(k, p) : -1.0);
      const double step = near ? p.total_variance - near(k).total_variance : 0.0;
      if (near) rise = step < rise ? step : std::isnan(step) ? -1.0 : rise;  // what is no number crosses
    }
    butterflies_ += g < 0.0 ? 1 : 0;
    pairs_ += near ? 1 : 0;
    crossings_ += near && rise < 0.0 ? 1 : 0;
  }

  std::size_t slices() const { return rmse_.size(); }
  double pooled() const { return 100.0 * std::sqrt(squares_ / static_cast<double>(std::max<std::size_t>(quotes_, 1))); }
  std::size_t butterflies() const { return butterflies_; }
  std::size_t crossings() const { return crossings_; }

  static const char* header() {
    return "slices,quotes,rmse_points,rmse_median,rmse_p95,rmse_p99,rmse_worst,slices_over_2,atm_p99,atm_worst,"
           "atm_over_half,butterfly_slices,crossing_pairs,pairs";
  }
  std::string row() {
    std::sort(rmse_.begin(), rmse_.end()), std::sort(at_money_.begin(), at_money_.end());
    const auto at = [](const std::vector<double>& v, double share) {
      return v[std::min(static_cast<std::size_t>(share * static_cast<double>(v.size())), v.size() - 1)];
    };
    const auto over = [](const std::vector<double>& v, double x) {
      return v.end() - std::upper_bound(v.begin(), v.end(), x);
    };
    return fmt::format("{},{},{:.4f},{:.3f},{:.3f},{:.3f},{:.3f},{},{:.3f},{:.3f},{},{},{},{}", slices(), quotes_,
                       pooled(), at(rmse_, 0.5), at(rmse_, 0.95), at(rmse_, 0.99), rmse_.back(), over(rmse_, 2.0),
                       at(at_money_, 0.99), at_money_.back(), over(at_money_, 0.5), butterflies_, crossings_, pairs_);
  }

 private:
  static constexpr int points = 1000;  // a side
  static constexpr double furthest = 1.5;
  std::size_t quotes_ = 0, butterflies_ = 0, pairs_ = 0, crossings_ = 0;
  double squares_ = 0.0;
  std::vector<double> rmse_, at_money_;
};

}  // namespace ballast::study
