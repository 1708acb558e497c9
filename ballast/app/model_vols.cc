#include "ballast/app/model_vols.h"

#include <limits>

#include "ballast/math/elementary.h"
#include "ballast/model/transform.h"
#include "ballast/pricing/implied_columns.h"

namespace ballast::app {
namespace {

constexpr double absent = std::numeric_limits<double>::quiet_NaN();
constexpr double least_price = 1e-12;  // over the forward: a hundred times the transform's error

}  // namespace

double vol_of_price(double forward, double strike, double price, double years, double sign) {
  if (!(price >= least_price * forward)) return absent;
  const pricing::ImpliedVol implied = pricing::implied_vol(forward, strike, price, years, sign);
  return implied.outcome == pricing::ImpliedOutcome::ok ? implied.vol : absent;
}

std::vector<double> model_vols(const model::TransformModel& model, Years years, std::span<const double> log_moneyness) {
  std::vector<double> strike, sign, price(log_moneyness.size()), vols(log_moneyness.size(), absent);
  for (const double k : log_moneyness) {
    strike.push_back(math::exp(k));
    sign.push_back(k >= 0.0 ? 1.0 : -1.0);
  }
  const auto report = model::transform(model, {.forward = Price(1.0), .years = years, .strike = strike, .sign = sign},
                                       {.price = price});
  if (!report) return vols;
  for (std::size_t i = 0; i < vols.size(); ++i) vols[i] = vol_of_price(1.0, strike[i], price[i], years.value, sign[i]);
  return vols;
}

}  // namespace ballast::app
