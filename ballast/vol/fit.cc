#include "ballast/vol/fit.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "ballast/vol/essvi_fit.h"
#include "ballast/vol/internal/arbitrage_free.h"
#include "ballast/vol/sabr_fit.h"

namespace ballast::vol {
namespace {

constexpr std::size_t least_quotes = 5;
constexpr double furthest = 1.5;  // |k| that the promise covers

std::optional<Error> fault_of(std::span<const SliceQuotes> quotes) {
  if (quotes.empty()) return Error{Fault::missing_data, "no expiry with enough quotes to fit a smile to"};
  Years before(0.0);
  for (const SliceQuotes& q : quotes) {
    const std::string where = to_string(q.expiry);
    const std::size_t n = q.vol.size();
    if (!(q.years > before) || !std::isfinite(q.years.value)) {
      return Error{Fault::bad_input,
                   fmt::format("{}: {} years to expiry, after {}", where, q.years.value, before.value)};
    }
    before = q.years;
    if (n < least_quotes || q.log_moneyness.size() != n || q.weight.size() != n) {
      return Error{Fault::bad_input,
                   fmt::format("{}: {} log-moneynesses, {} vols, {} weights; a smile needs {} of each", where,
                               q.log_moneyness.size(), n, q.weight.size(), least_quotes)};
    }
    for (std::size_t i = 0; i < n; ++i) {
      const bool rises = i == 0 || q.log_moneyness[i] > q.log_moneyness[i - 1];
      if (!rises || !(std::abs(q.log_moneyness[i]) < 20.0)) {
        return Error{Fault::bad_input, fmt::format("{}: log-moneyness {} of quote {}", where, q.log_moneyness[i], i)};
      }
      if (!(q.vol[i] > 0.0 && q.vol[i] < 100.0) || !(q.weight[i] > 0.0 && q.weight[i] < 1e12)) {
        return Error{Fault::bad_input,
                     fmt::format("{}: vol {} weight {} of quote {}", where, q.vol[i], q.weight[i], i)};
      }
    }
  }
  return std::nullopt;
}

/// The instant that the times to expiry count from.
Time as_of(const SliceQuotes& q) { return Time{q.expiry.ms - std::llround(q.years.value * 31'536'000'000.0)}; }

/// Errors of vol at the quotes that count.
void judge(const SliceQuotes& q, const std::vector<double>& trust, const Shape& shape, SliceHealth& health) {
  double squares = 0.0;
  int two_sided = 0, within = 0;
  for (std::size_t i = 0; i < q.vol.size(); ++i) {
    if (trust[i] == 0.0) {
      ++health.dropped;
      continue;
    }
    const double vol = vol_of(at(shape, q.log_moneyness[i]), q.years).value, error = vol - q.vol[i];
    ++health.quotes;
    squares += error * error;
    health.worst = std::max(health.worst, std::abs(error));
    if (i < q.bid_vol.size() && i < q.ask_vol.size() && q.bid_vol[i] <= q.ask_vol[i]) {
      ++two_sided;
      within += vol >= q.bid_vol[i] && vol <= q.ask_vol[i] ? 1 : 0;
    }
  }
  health.rmse = std::sqrt(squares / std::max(health.quotes, 1));
  health.within_spread =
      two_sided > 0 ? static_cast<double>(within) / two_sided : std::numeric_limits<double>::quiet_NaN();
}

/// The no-arbitrage figures of a slice, on a grid that is dense at the money.
void look_at(Surface& surface, std::size_t i) {
  Slice& slice = surface.slices[i];
  constexpr int points = 200;  // a side
  const double scale = 0.3 * std::sqrt(at(slice.shape, 0.0).total_variance), edge = std::asinh(furthest / scale);
  slice.health.least_butterfly = slice.health.calendar_margin = std::numeric_limits<double>::max();
  for (int j = -points; j <= points; ++j) {
    const double k = scale * std::sinh(edge * j / points);
    const SmilePoint point = at(slice.shape, k);
    const double g = point.total_variance > 0.0 ? butterfly(k, point) : -1.0;
    slice.health.least_butterfly = std::min(slice.health.least_butterfly, g);
    const double before = i == 0 ? 0.0 : at(surface.slices[i - 1].shape, k).total_variance;
    slice.health.calendar_margin = std::min(slice.health.calendar_margin, point.total_variance - before);
  }
}

void add_slice(Surface& surface, const SliceQuotes& q, const Shape& shape, const std::vector<double>& trust,
               SliceHealth health) {
  judge(q, trust, shape, health);
  for (std::size_t i = 0; i < trust.size(); ++i) {
    if (trust[i] > 0.0) continue;
    surface.dropped.push_back(
        {i < q.instrument.size() ? q.instrument[i] : to_string(q.expiry), "outlier",
         fmt::format("vol {:.4f} at log-moneyness {:.4f}, its neighbours' smile has {:.4f}", q.vol[i],
                     q.log_moneyness[i], vol_of(at(shape, q.log_moneyness[i]), q.years).value)});
  }
  surface.slices.push_back(
      {.expiry = q.expiry, .years = q.years, .forward = q.forward, .shape = shape, .health = health});
}

internal::SliceRules slice_rules(const FitRules& rules) {
  return {.correction = rules.model == Model::spline,
          .arbitrage_free = rules.arbitrage_free,
          .robust = rules.robust,
          .exact = rules.exact};
}

Result<Surface> fit_by_condition(std::span<const SliceQuotes> quotes, const FitRules& rules, const Surface* warm) {
  std::vector<VarianceSpline> starts(quotes.size());
  std::vector<const VarianceSpline*> start_of(warm ? quotes.size() : 0, nullptr);
  for (std::size_t i = 0; i < start_of.size(); ++i) {
    const Slice* slice = slice_of(*warm, quotes[i].expiry);
    if (!slice) continue;
    if (const auto* spline = std::get_if<VarianceSpline>(&slice->shape)) {
      starts[i] = *spline;
    } else if (const auto* svi = std::get_if<Svi>(&slice->shape)) {
      starts[i].backbone = *svi;
    } else {
      continue;
    }
    start_of[i] = &starts[i];
  }
  const auto fits = internal::fit_slices(quotes, slice_rules(rules), start_of);
  if (rules.arbitrage_free && !internal::free_of_arbitrage(fits)) {
    return Error{Fault::no_solution, fmt::format("{}: no smiles without arbitrage were found", quotes.front().index)};
  }
  Surface surface{.index = quotes.front().index, .as_of = as_of(quotes.front()), .slices = {}, .dropped = {}};
  for (std::size_t i = 0; i < fits.size(); ++i) {
    const internal::SliceFit& f = fits[i];
    const Shape shape = rules.model == Model::spline ? Shape(f.shape) : Shape(f.shape.backbone);
    add_slice(surface, quotes[i], shape, f.trust,
              {.least_butterfly = f.least_butterfly,
               .calendar_margin = f.calendar_margin,
               .iterations = f.iterations,
               .repaired = f.repaired});
  }
  return surface;
}

Surface fit_by_theorem(std::span<const SliceQuotes> quotes, const FitRules& rules, const Surface* warm) {
  const auto trust = internal::trust_of(quotes, rules.robust);
  Surface surface{.index = quotes.front().index, .as_of = as_of(quotes.front()), .slices = {}, .dropped = {}};
  const Essvi* near = nullptr;
  std::vector<EssviFit> fits(quotes.size());
  for (std::size_t i = 0; i < quotes.size(); ++i) {
    const Slice* slice = warm ? slice_of(*warm, quotes[i].expiry) : nullptr;
    fits[i] = fit_essvi(quotes[i], trust[i], near, slice ? std::get_if<Essvi>(&slice->shape) : nullptr);
    near = &fits[i].slice;
    SliceHealth health{.iterations = fits[i].iterations};
    add_slice(surface, quotes[i], fits[i].slice, trust[i], health);
  }
  for (std::size_t i = 0; i < surface.slices.size(); ++i) look_at(surface, i);
  return surface;
}

/// Three numbers a slice and nothing to repair arbitrage with: the health says what is left of it.
Result<Surface> fit_sabr_slices(std::span<const SliceQuotes> quotes, const FitRules& rules, const Surface* warm) {
  Surface surface{.index = quotes.front().index, .as_of = as_of(quotes.front()), .slices = {}, .dropped = {}};
  for (std::size_t i = 0; i < quotes.size(); ++i) {
    const Slice* slice = warm ? slice_of(*warm, quotes[i].expiry) : nullptr;
    const auto fitted =
        fit_sabr(quotes[i], {.beta = 1.0, .robust = rules.robust}, slice ? std::get_if<Sabr>(&slice->shape) : nullptr);
    if (!fitted) return fitted.error();
    add_slice(surface, quotes[i], fitted.value().sabr, std::vector<double>(quotes[i].vol.size(), 1.0),
              {.iterations = fitted.value().iterations});
  }
  for (std::size_t i = 0; i < surface.slices.size(); ++i) look_at(surface, i);
  return surface;
}

}  // namespace

const char* name(Model model) {
  switch (model) {
    case Model::essvi: return "essvi";
    case Model::svi: return "svi";
    case Model::sabr: return "sabr";
    case Model::spline: return "spline";
  }
  return "";
}

Result<Surface> fit(std::span<const SliceQuotes> quotes, const FitRules& rules, const Surface* warm) {
  if (const auto fault = fault_of(quotes)) return *fault;
  if (rules.model == Model::svi || rules.model == Model::spline) return fit_by_condition(quotes, rules, warm);
  if (rules.model == Model::essvi) return fit_by_theorem(quotes, rules, warm);
  if (rules.model == Model::sabr) return fit_sabr_slices(quotes, rules, warm);
  return Error{Fault::bad_input, fmt::format("no fit for the model {}", name(rules.model))};
}

std::vector<double> SliceSensitivity::at(double k) const {
  constexpr std::size_t width = 13;
  std::vector<double> answer;
  if (slopes.empty()) return answer;
  const Svi& svi = shape.backbone;
  const double y = k - svi.m, root = std::sqrt(y * y + svi.sigma * svi.sigma);
  double base[width] = {1.0, k, root, -svi.b * y / root, svi.b * svi.sigma * svi.sigma / root};
  for (std::size_t j = 0; j < shape.terms.size(); ++j) {
    VarianceSpline one = shape;
    one.backbone = {.a = 0.0, .b = 0.0, .rho = 0.0, .m = 0.0, .sigma = 1.0};
    one.terms = {};
    one.terms[j] = 1.0;
    base[5 + j] = vol::at(one, k).total_variance;
  }
  const double per_w = 0.5 / std::sqrt(vol::at(shape, k).total_variance * years.value);
  for (std::size_t i = 0; i < quotes; ++i) {
    double sum = 0.0;
    for (std::size_t j = 0; j < width; ++j) sum += base[j] * slopes[i * width + j];
    answer.push_back(per_w * sum);
  }
  return answer;
}

Result<std::vector<SliceSensitivity>> sensitivities(std::span<const SliceQuotes> quotes, const FitRules& rules) {
  if (const auto fault = fault_of(quotes)) return *fault;
  if (rules.model != Model::svi && rules.model != Model::spline) {
    return Error{Fault::bad_input, fmt::format("no sensitivities for the model {}", name(rules.model))};
  }
  internal::SliceRules exact = slice_rules(rules);
  exact.exact = true;
  std::vector<SliceSensitivity> found;
  auto fits = internal::fit_slices(quotes, exact, {});
  for (std::size_t i = 0; i < fits.size(); ++i) {
    found.push_back({.expiry = quotes[i].expiry,
                     .years = quotes[i].years,
                     .shape = fits[i].shape,
                     .quotes = quotes[i].vol.size(),
                     .led = fits[i].led,
                     .slopes = std::move(fits[i].slopes)});
  }
  return found;
}

}  // namespace ballast::vol
