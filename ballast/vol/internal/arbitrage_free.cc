#include "ballast/vol/internal/arbitrage_free.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>

#include "ballast/math/elementary.h"
#include "ballast/math/isotonic.h"
#include "ballast/vol/essvi_fit.h"
#include "ballast/vol/internal/derivatives.h"
#include "ballast/vol/internal/outliers.h"
#include "ballast/vol/internal/slice_batch.h"

namespace ballast::vol::internal {
namespace {

// Where the wings of all expiries are put in order, beyond their quotes: the furthest k that is held, and its halves.
constexpr std::array<double, 8> pin_places = {-furthest,        -0.5 * furthest, -0.25 * furthest, -0.125 * furthest,
                                              0.125 * furthest, 0.25 * furthest, 0.5 * furthest,   furthest};
// Beyond its quotes a slice is drawn, weakly, to the SSVI slice with rho = 0 and psi = sqrt(theta), half of what the
// butterfly bound allows: where few strikes are quoted nothing else says how steep the wings are. In stdevs from the
// money; a relative error of w of 1 counts like this much vol.
constexpr std::array<double, 4> prior_places = {-4.0, -2.0, 2.0, 4.0};

// The way through the conditions. The first is good for nearly every chain; where it ends in a repair the others are
// tried too, and the one that leaves the least error is taken.
struct Variant {
  double prior_strength;
  std::size_t pin_passes;
  double credit;    // of a slice in a wing, half way out to the place in question
  bool by_theorem;  // eSSVI and as much of the correction as it bears
  double patience;  // factor of what a quote may be off before it is an outlier
};
constexpr Variant variants[] = {{0.005, 4, 0.025, false, 1.0}, {0.005, 4, 0.025, false, 0.3},
                                {0.001, 6, 0.025, false, 1.0}, {0.005, 6, 0.0005, false, 1.0},
                                {0.02, 3, 0.1, false, 1.0},    {0.005, 0, 0.0, true, 1.0}};
constexpr double enough_cover = 0.5;  // stdevs: quotes that reach further say more, and the prior fades by the square
constexpr std::size_t extra_rows = pin_places.size() + prior_places.size();
constexpr double wing_rise = 0.02;  // of total variance from one expiry to the next, where wings would cross
constexpr double pin_strengths[] = {0.1, 0.3,  1.0,
                                    3.0, 10.0, 30.0};  // vol error that a relative error of w of 1 counts like
constexpr double least_rise = 5e-4;                    // of the at-the-money total variance, at every point of the grid
constexpr double least_g = 5e-4;                       // at every point of the grid, for the same reason
constexpr double ample = 1e300;

// How far from a parabola a slice has to stay, mildest first: (sigma in half-ranges, |m| in outermost quotes). The
// first leaves 99.3 % of the recorded slices without butterfly arbitrage and costs nothing; the others are for the
// rest.
struct Reach {
  double sigma, centre, butterfly_weight, of_earlier;
};
constexpr Reach wide = {100.0, 2.0, 1.0, 1.0};  // SVI as it comes
constexpr double wide_gain = 0.25;              // of the squared error: what it has to leave to be taken
constexpr Reach reaches[] = {
    {1.3, 0.35, 1.0, 1.0}, {1.0, 0.2, 10.0, 0.7}, {0.7, 0.1, 100.0, 0.3}, {0.4, 0.05, 1000.0, 0.0}};

// Outliers: robust deviations, but never less than this share of its vol. The crude first look has more misfit.
constexpr double least_outlier = 0.08, least_outlier_at_first = 0.10;  // of vol
constexpr double clean_error = 0.08;                                   // of vol, left by the plain fit
constexpr int robust_rounds = 2;

constexpr double meeting_weights[] = {10.0, 100.0, 1000.0, 10000.0};  // by round of wings, butterflies and crossings
constexpr int rounds = std::size(meeting_weights), most_shrinks = 24;

double w_of_backbone(const SliceBatch& batch, std::size_t lane, double k) {
  const auto p = [&](std::size_t row) { return batch.shape[row * batch_lanes + lane]; };
  const double sigma = math::exp(p(4)), y = k - p(3);
  return p(0) + p(1) * k + p(2) * std::sqrt(y * y + sigma * sigma);
}

double median_of(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

class Fit {
 public:
  Fit(std::span<const SliceQuotes> quotes, const SliceRules& rules, std::span<const VarianceSpline* const> warm,
      const Variant& variant)
      : quotes_(quotes),
        rules_(rules),
        variant_(variant),
        batches_((quotes.size() + batch_lanes - 1) / batch_lanes),
        repaired_(quotes.size(), false),
        range_factor_(quotes.size(), 1.0) {
    for (std::size_t b = 0; b < batches_.size(); ++b) fill(b);
    for (std::size_t b = 0; b < batches_.size(); ++b)
      for (std::size_t l = batches_[b].slices; l-- > 0;) reach(b * batch_lanes + l, reaches[0]);
    cold_.assign(batches_.size(), true);
    for (std::size_t b = 0; b < batches_.size(); ++b) {
      bool all = !warm.empty();
      for (std::size_t l = 0; l < batches_[b].slices && all; ++l) all = warm[b * batch_lanes + l] != nullptr;
      if (all) start_from(b, warm);
    }
  }

  std::vector<SliceFit> run() {
    if (rules_.robust > 0.0) trust_all();
    for (std::size_t b = 0; b < batches_.size(); ++b) {
      fit_backbone(batches_[b], cold_[b]);
      cold_[b] = false;
      if (rules_.arbitrage_free) widen(b);
    }
    if (variant_.by_theorem) {
      fall_back();
      return results();
    }
    if (!rules_.arbitrage_free) {
      for (SliceBatch& batch : batches_) correct(batch);
      return results();
    }
    order_wings();
    for (SliceBatch& batch : batches_) correct(batch);
    for (int round = 0; round < rounds; ++round) {
      const bool every = free_butterflies();
      margins_ = calendar_margins();
      if (every && !any_crosses()) return results();
      // What made a slice free of butterflies may have moved its wings; what is left then lies inside the quotes.
      if (!order_wings() && rules_.correction) meet_halfway(meeting_weights[round]);
      for (std::size_t b = 0; b < batches_.size(); ++b)
        if (moved_[b]) correct(batches_[b]);
    }
    free_butterflies();
    for (std::size_t i = 0; i < quotes_.size(); ++i)
      if (!free(batch_of(i), lane_of(i))) flatten(batch_of(i), i);
    margins_ = calendar_margins();
    raise();
    return results();
  }

  /// Weighted squares of vol errors, all slices together.
  double loss() {
    double sum = 0.0;
    for (std::size_t b = 0; b < batches_.size(); ++b) {
      residuals(batches_[b]);
      for (std::size_t l = 0; l < batches_[b].slices; ++l) {
        for (std::size_t i = 0; i < rows_of(b * batch_lanes + l); ++i) {
          const std::size_t at = i * batch_lanes + l;
          sum += batches_[b].weight[at] * batches_[b].trust[at] * batches_[b].scaled[at] * batches_[b].scaled[at];
        }
      }
    }
    return sum;
  }
  bool repaired() const { return std::find(repaired_.begin(), repaired_.end(), true) != repaired_.end(); }

 private:
  SliceBatch& batch_of(std::size_t slice) { return batches_[slice / batch_lanes]; }
  static std::size_t lane_of(std::size_t slice) { return slice % batch_lanes; }

  void fill(std::size_t b) {
    SliceBatch& batch = batches_[b];
    batch.slices = std::min(batch_lanes, quotes_.size() - b * batch_lanes);
    std::size_t rows = 0;
    for (std::size_t l = 0; l < batch.slices; ++l) rows = std::max(rows, quotes_[b * batch_lanes + l].vol.size());
    batch.resize(rows + extra_rows);
    for (std::size_t l = 0; l < batch_lanes; ++l) {
      const SliceQuotes& q = quotes_[b * batch_lanes + std::min(l, batch.slices - 1)];  // idle lanes repeat the last
      const std::size_t n = q.vol.size();
      double total = 0.0;
      for (const double w : q.weight) total += w;
      for (std::size_t i = 0; i < n; ++i) {
        batch.log_moneyness[i * batch_lanes + l] = q.log_moneyness[i];
        batch.vol[i * batch_lanes + l] = q.vol[i];
        batch.weight[i * batch_lanes + l] = q.weight[i] / total;
      }
      batch.years[l] = q.years.value;
      batch.first[l] = q.log_moneyness.front();
      batch.last[l] = q.log_moneyness.back();
      // In steps of 6 %, so that knots, prior and bounds, which hang on it, do not move with every tick.
      const double ln_stdev = math::log(near_money_vol(q) * std::sqrt(q.years.value));
      batch.stdev[l] = math::exp(std::nearbyint(ln_stdev * 16.0) / 16.0);
      batch.steps[l] = 0.0;
      if (rules_.arbitrage_free) add_prior(batch, l);
      batch.calendar_weight[l] = 0.0;
      batch.widest_sigma[l] = reaches[0].sigma, batch.furthest_centre[l] = reaches[0].centre;
      batch.butterfly_weight[l] = 0.0;
      for (std::size_t row = 0; row < parameters; ++row) batch.shape[row * batch_lanes + l] = 0.0;
      for (std::size_t i = 0; i < grid_points; ++i) {
        batch.floor[i * batch_lanes + l] = -ample;
        batch.ceiling[i * batch_lanes + l] = ample;
      }
    }
    prepare(batch);
  }

  static void set_row(SliceBatch& batch, std::size_t row, std::size_t lane, double k, double w, double strength) {
    const std::size_t at = row * batch_lanes + lane;
    const double vol = std::sqrt(w / batch.years[lane]);
    batch.log_moneyness[at] = k;
    batch.vol[at] = vol;
    batch.weight[at] = 4.0 * strength * strength / (vol * vol);
  }

  void add_prior(SliceBatch& batch, std::size_t lane) {
    const double stdev = batch.stdev[lane];
    for (std::size_t i = 0; i < prior_places.size(); ++i) {
      const double z = prior_places[i], k = z * stdev;
      if (k > batch.first[lane] && k < batch.last[lane]) continue;
      const double cover = std::max(z < 0.0 ? -batch.first[lane] : batch.last[lane], 1e-3) / (enough_cover * stdev);
      set_row(batch, batch.rows - prior_places.size() + i, lane, k,
              0.5 * stdev * stdev * (1.0 + std::sqrt(1.0 + z * z)),
              variant_.prior_strength * std::min(1.0, 1.0 / (cover * cover)));
    }
  }

  /// The median of the seven vols nearest to the money: three bad quotes do not move it.
  static double near_money_vol(const SliceQuotes& q) {
    constexpr std::size_t most = 7;
    const auto above = std::lower_bound(q.log_moneyness.begin(), q.log_moneyness.end(), 0.0);
    const std::size_t n = std::min(most, q.vol.size()),
                      centre = static_cast<std::size_t>(above - q.log_moneyness.begin());
    const std::size_t from = std::min(centre - std::min(centre, n / 2), q.vol.size() - n);
    std::vector<double> near(q.vol.begin() + static_cast<std::ptrdiff_t>(from),
                             q.vol.begin() + static_cast<std::ptrdiff_t>(from + n));
    return median_of(near);
  }

  void reach(std::size_t slice, const Reach& r) {
    SliceBatch& batch = batch_of(slice);
    const std::size_t lane = lane_of(slice);
    batch.widest_sigma[lane] =
        rules_.arbitrage_free ? r.sigma * math::exp(r.of_earlier * math::log(range_factor_[slice])) : 100.0;
    batch.furthest_centre[lane] = rules_.arbitrage_free ? r.centre : 2.0;
    batch.butterfly_weight[lane] = rules_.arbitrage_free ? r.butterfly_weight : 0.0;
  }

  /// Gatheral's form into the fit's.
  static void set_backbone(SliceBatch& batch, std::size_t lane, const Svi& svi) {
    const double values[5] = {svi.a - svi.b * svi.rho * svi.m, svi.b * svi.rho, svi.b, svi.m, math::log(svi.sigma)};
    for (std::size_t row = 0; row < 5; ++row) batch.shape[row * batch_lanes + lane] = values[row];
  }

  void start_from(std::size_t b, std::span<const VarianceSpline* const> warm) {
    SliceBatch& batch = batches_[b];
    for (std::size_t l = 0; l < batch_lanes; ++l) {
      set_backbone(batch, l, warm[b * batch_lanes + std::min(l, batch.slices - 1)]->backbone);
    }
    cold_[b] = false;
  }

  std::size_t rows_of(std::size_t slice) const { return quotes_[slice].vol.size(); }

  /// Trust from the vol errors in `scaled`, of slices that are not clean.
  void trust(SliceBatch& batch, std::size_t first_slice, double least, const std::array<bool, batch_lanes>& clean) {
    for (std::size_t l = 0; l < batch.slices; ++l) {
      if (clean[l]) continue;
      const SliceQuotes& q = quotes_[first_slice + l];
      std::vector<double> error(q.vol.size());
      for (std::size_t i = 0; i < error.size(); ++i) error[i] = batch.scaled[i * batch_lanes + l];
      const std::vector<double> left =
          trust_in(error, q.vol, variant_.patience * rules_.robust, variant_.patience * least);
      for (std::size_t i = 0; i < left.size(); ++i) batch.trust[i * batch_lanes + l] = left[i];
    }
  }

  /// Slices whose plain fit leaves no quote far off have no outlier; the others are looked at from a start that no
  /// single quote can move.
  void trust_all() {
    for (std::size_t b = 0; b < batches_.size(); ++b) {
      SliceBatch& batch = batches_[b];
      const auto fit_all = [&] {
        fit_backbone(batch, cold_[b]);
        cold_[b] = false;
        fit_spline(batch, effort());
        residuals(batch);
      };
      fit_all();
      std::array<bool, batch_lanes> clean{};
      for (std::size_t l = 0; l < batch.slices; ++l) clean[l] = nothing_far_off(batch, l, rows_of(b * batch_lanes + l));
      if (std::all_of(clean.begin(), clean.begin() + static_cast<std::ptrdiff_t>(batch.slices), std::identity()))
        continue;
      screen(batch);
      trust(batch, b * batch_lanes, least_outlier_at_first, clean);
      cold_[b] = true;
      for (int round = 0; round < robust_rounds; ++round) {
        fit_all();
        trust(batch, b * batch_lanes, least_outlier, clean);
      }
    }
  }

  bool nothing_far_off(const SliceBatch& batch, std::size_t lane, std::size_t rows) const {
    for (std::size_t i = 0; i < rows; ++i) {
      const std::size_t at = i * batch_lanes + lane;
      if (!(std::abs(batch.scaled[at]) <= variant_.patience * clean_error * batch.vol[at])) return false;
    }
    return true;
  }

  Effort effort() const { return rules_.exact ? Effort{.steps = 60, .tolerance = 1e-13} : Effort{}; }

  void fit_backbone(SliceBatch& batch, bool cold) const {
    // Newton's steps do the rest.
    fit_svi(batch, rules_.exact ? Effort{.steps = 30, .tolerance = 1e-7} : Effort{}, cold);
    if (!rules_.exact) return;
    for (std::size_t l = 0; l < batch.slices; ++l) polish(batch, l);
  }

  void correct(SliceBatch& batch) const {
    if (rules_.correction) fit_spline(batch, effort());
  }

  /// Beyond their quotes the wings of neighbouring expiries would cross: they are led through total variances that
  /// rise.
  bool order_wings() {
    moved_.assign(batches_.size(), false);
    bool ever = false;
    const std::size_t n = quotes_.size();
    std::vector<double> level(n), credit(n);
    for (std::size_t pass = 0; pass < variant_.pin_passes; ++pass) {
      const double strength = pin_strengths[pass];
      std::vector<bool> moved(batches_.size(), false);
      for (std::size_t place = 0; place < pin_places.size(); ++place) {
        const double k = pin_places[place];
        for (std::size_t i = 0; i < n; ++i) {
          const SliceBatch& batch = batch_of(i);
          const double w = w_of_backbone(batch, lane_of(i), k);
          level[i] = math::log(std::max(w, 1e-8)) - wing_rise * static_cast<double>(i);
          const double outermost = std::max(k < 0.0 ? -batch.first[lane_of(i)] : batch.last[lane_of(i)], 0.01);
          const double share = std::min(outermost / std::abs(k), 1.0);
          credit[i] = share < 1.0 ? 4.0 * variant_.credit * share * share : 1.0;
        }
        std::vector<double> ordered = level;
        math::put_in_order(ordered, credit);
        for (std::size_t i = 0; i < n; ++i) {
          if (std::abs(ordered[i] - level[i]) < 1e-12 || credit[i] == 1.0) continue;
          pin(i, place, math::exp(ordered[i] + wing_rise * static_cast<double>(i)), strength);
          moved[i / batch_lanes] = true;
        }
      }
      bool any = false;
      for (std::size_t b = 0; b < batches_.size(); ++b) {
        if (!moved[b]) continue;
        fit_backbone(batches_[b], false);
        any = moved_[b] = true;
      }
      if (!any) break;
      ever = true;
    }
    return ever;
  }

  double half_range(std::size_t slice) const {
    return std::max(0.5 * (quotes_[slice].log_moneyness.back() - quotes_[slice].log_moneyness.front()),
                    batches_[slice / batch_lanes].stdev[lane_of(slice)]);
  }

  double widest_before(std::size_t slice) const {
    double widest = 0.0;
    for (std::size_t i = 0; i < slice; ++i) widest = std::max(widest, half_range(i));
    return widest;
  }

  void pin(std::size_t slice, std::size_t place, double w, double strength) {
    SliceBatch& batch = batch_of(slice);
    // A slice that is led over an earlier one that is quoted further out may be as wide as that.
    if (slice > 0 && range_factor_[slice] == 1.0) {
      range_factor_[slice] = std::max(1.0, widest_before(slice) / half_range(slice));
      batch.widest_sigma[lane_of(slice)] *= range_factor_[slice];
    }
    set_row(batch, batch.rows - extra_rows + place, lane_of(slice), pin_places[place], w, strength);
  }

  /// A smile that is SVI without bounds, free of butterflies as it is, stays what it is.
  void widen(std::size_t b) {
    SliceBatch& batch = batches_[b];
    const auto errors = [&] {
      std::array<double, batch_lanes> sum{};
      residuals(batch);
      for (std::size_t l = 0; l < batch.slices; ++l) {
        for (std::size_t i = 0; i < rows_of(b * batch_lanes + l); ++i) {
          const std::size_t at = i * batch_lanes + l;
          sum[l] += batch.weight[at] * batch.trust[at] * batch.scaled[at] * batch.scaled[at];
        }
      }
      return sum;
    };
    for (std::size_t l = 0; l < batch_lanes; ++l)
      for (std::size_t row = 8; row < parameters; ++row) batch.shape[row * batch_lanes + l] = 0.0;
    const auto narrow_error = errors();
    const SliceBatch before = batch;
    for (std::size_t l = batch.slices; l-- > 0;) reach(b * batch_lanes + l, wide);
    fit_backbone(batch, false);
    const auto error = errors();
    check(batch);
    const auto stays = [&](std::size_t l) {
      return l >= batch.slices || !free(batch, l) || !(error[l] < wide_gain * narrow_error[l]);
    };
    std::array<bool, batch_lanes> kept{};
    for (std::size_t l = 0; l < batch_lanes; ++l) kept[l] = stays(l);
    keep(batch, before, [&](std::size_t l) { return kept[l]; });
    for (std::size_t l = batch.slices; l-- > 0;)
      if (kept[l]) reach(b * batch_lanes + l, reaches[0]);
  }

  /// Slices that still break the condition come closer to what cannot: a narrower SVI, a harder correction.
  bool free_butterflies() {
    bool every = true;
    for (std::size_t b = 0; b < batches_.size(); ++b) {
      SliceBatch& batch = batches_[b];
      check(batch);
      for (std::size_t step = 1; step < std::size(reaches) && !all_free(batch); ++step) {
        const SliceBatch before = batch;
        for (std::size_t l = 0; l < batch_lanes; ++l)
          if (!free(before, l) && l < batch.slices) reach(b * batch_lanes + l, reaches[step]);
        fit_backbone(batch, false);
        correct(batch);
        check(batch);
        keep(batch, before, [&](std::size_t l) { return free(before, l); });
      }
      every = every && all_free(batch);
    }
    return every;
  }

  static bool free(const SliceBatch& batch, std::size_t lane) { return batch.least_butterfly[lane] > least_g; }
  static bool all_free(const SliceBatch& batch) {
    for (std::size_t l = 0; l < batch.slices; ++l)
      if (!free(batch, l)) return false;
    return true;
  }

  /// Lanes that had nothing to mend stay as they were.
  template <class Keeps>
  static void keep(SliceBatch& batch, const SliceBatch& before, Keeps keeps) {
    for (std::size_t l = 0; l < batch_lanes; ++l) {
      if (!keeps(l)) continue;
      for (std::size_t row = 0; row < parameters; ++row)
        batch.shape[row * batch_lanes + l] = before.shape[row * batch_lanes + l];
      batch.least_butterfly[l] = before.least_butterfly[l];
    }
  }

  /// Without the correction, and with less and less of a smile around the same vol at the money: a flat one is free.
  void flatten(SliceBatch& batch, std::size_t slice) {
    const std::size_t l = lane_of(slice);
    const auto p = [&](std::size_t row) -> double& { return batch.shape[row * batch_lanes + l]; };
    repaired_[slice] = true;
    for (std::size_t row = 8; row < parameters; ++row) p(row) = 0.0;
    const double w = std::max(w_of_backbone(batch, l, 0.0), 0.01 * batch.stdev[l] * batch.stdev[l]);
    for (int i = 0; i < 60; ++i) {
      check(batch);
      if (free(batch, l)) return;
      p(1) *= 0.8, p(2) *= 0.8;
      p(0) += w - w_of_backbone(batch, l, 0.0);
    }
    p(0) = w, p(1) = 0.0, p(2) = 0.0;
    check(batch);
  }

  std::vector<double> neighbours(std::size_t b, int offset) const {
    std::vector<double> other(parameters * batch_lanes, 0.0);
    for (std::size_t l = 0; l < batch_lanes; ++l) {
      const auto slice = static_cast<std::ptrdiff_t>(b * batch_lanes + l) + offset;
      const bool exists = slice >= 0 && slice < static_cast<std::ptrdiff_t>(quotes_.size()) && l < batches_[b].slices;
      if (exists) {
        const SliceBatch& from = batches_[static_cast<std::size_t>(slice) / batch_lanes];
        for (std::size_t row = 0; row < parameters; ++row)
          other[row * batch_lanes + l] = from.shape[row * batch_lanes + static_cast<std::size_t>(slice) % batch_lanes];
      } else {  // w = 0 before the first, a great deal after the last
        other[l] = offset < 0 ? 0.0 : 1e6;
        other[5 * batch_lanes + l] = other[7 * batch_lanes + l] = 1.0;
      }
    }
    return other;
  }

  /// margin[i]: how far slice i lies above slice i - 1 at the worst point of both grids.
  std::vector<double> calendar_margins() {
    std::vector<double> margin(quotes_.size() + 1, ample);
    for (std::size_t b = 0; b < batches_.size(); ++b) {
      SliceBatch& batch = batches_[b];
      compare(batch, neighbours(b, -1).data(), neighbours(b, 1).data());
      for (std::size_t l = 0; l < batch.slices; ++l) {
        const std::size_t slice = b * batch_lanes + l;
        margin[slice] = std::min(margin[slice], batch.margin[l]);
        margin[slice + 1] = std::min(margin[slice + 1], batch.room[l]);
      }
    }
    margin.pop_back();
    return margin;
  }

  /// Between the points of the grid a little room is needed.
  bool crosses(std::size_t slice) const { return !(margins_[slice] > least_rise * near_variance(slice)); }
  double near_variance(std::size_t slice) const {
    const double stdev = batches_[slice / batch_lanes].stdev[lane_of(slice)];
    return stdev * stdev;
  }

  bool any_crosses() const {
    for (std::size_t i = 1; i < margins_.size(); ++i)
      if (crosses(i)) return true;
    return false;
  }

  /// Both sides of a crossing are led to its middle by their corrections.
  void meet_halfway(double weight, bool keep_free = true) {
    std::vector<std::vector<double>> floors(batches_.size()), ceilings(batches_.size());
    const std::size_t size = grid_points * batch_lanes;
    std::vector<double> own(size);
    for (std::size_t b = 0; b < batches_.size(); ++b) {
      floors[b].resize(size), ceilings[b].resize(size);
      on_grid(batches_[b], batches_[b].shape, own.data());
      on_grid(batches_[b], neighbours(b, -1).data(), floors[b].data());
      on_grid(batches_[b], neighbours(b, 1).data(), ceilings[b].data());
      for (std::size_t i = 0; i < size; ++i) {
        floors[b][i] = floors[b][i] >= own[i] ? (0.5 + 5e-4) * (floors[b][i] + own[i]) : floors[b][i];
        ceilings[b][i] = ceilings[b][i] <= own[i] ? (0.5 - 5e-4) * (ceilings[b][i] + own[i]) : ceilings[b][i];
      }
    }
    for (std::size_t b = 0; b < batches_.size(); ++b) {
      SliceBatch& batch = batches_[b];
      const SliceBatch before = batch;
      const auto touched = [&](std::size_t l) {
        const std::size_t slice = b * batch_lanes + l;
        return l < batch.slices && (crosses(slice) || (slice + 1 < margins_.size() && crosses(slice + 1)));
      };
      bool any = false;
      for (std::size_t l = 0; l < batch_lanes; ++l) {
        if (!touched(l)) continue;
        any = true;
        batch.calendar_weight[l] = weight;
        for (std::size_t i = 0; i < grid_points; ++i) {
          batch.floor[i * batch_lanes + l] = floors[b][i * batch_lanes + l];
          batch.ceiling[i * batch_lanes + l] = ceilings[b][i * batch_lanes + l];
        }
      }
      if (!any) continue;
      fit_spline(batch, effort());
      check(batch);
      keep(batch, before, [&](std::size_t l) { return !touched(l) || (keep_free && !free(batch, l)); });
    }
  }

  /// What is left: later expiries are lifted as a whole, which takes nothing from the butterfly condition.
  void raise() {
    for (std::size_t i = 1; i < quotes_.size(); ++i) {
      for (int again = 0; again < 4 && crosses(i); ++again) {
        const double lift = -margins_[i] + 2.0 * least_rise * near_variance(i);
        batch_of(i).shape[lane_of(i)] += lift;
        repaired_[i] = true;
        margins_ = calendar_margins();
      }
    }
    for (SliceBatch& batch : batches_) check(batch);
  }

  /// Where conditions and quotes do not come together: eSSVI slices, free of arbitrage by theorem, and of the
  /// correction on top as much as keeps them so.
  void fall_back() {
    std::vector<EssviFit> fits(quotes_.size());
    for (std::size_t i = 0; i < quotes_.size(); ++i) {
      SliceBatch& batch = batch_of(i);
      const std::size_t l = lane_of(i);
      std::vector<double> trust(rows_of(i));
      for (std::size_t row = 0; row < trust.size(); ++row) trust[row] = batch.trust[row * batch_lanes + l];
      fits[i] = fit_essvi(quotes_[i], trust, i > 0 ? &fits[i - 1].slice : nullptr, nullptr);
      set_backbone(batch, l, raw(fits[i].slice));
      for (std::size_t row = 8; row < parameters; ++row) batch.shape[row * batch_lanes + l] = 0.0;
      batch.butterfly_weight[l] = reaches[2].butterfly_weight;
      batch.steps[l] += fits[i].iterations;
      repaired_[i] = true;
    }
    if (rules_.correction) {
      for (SliceBatch& batch : batches_) fit_spline(batch, effort());
      margins_ = calendar_margins();
      for (std::size_t round = 0; round < std::size(meeting_weights) && any_crosses(); ++round) {
        meet_halfway(meeting_weights[round], false);
        margins_ = calendar_margins();
      }
    }
    for (int round = 0; round <= most_shrinks; ++round) {
      for (SliceBatch& batch : batches_) check(batch);
      margins_ = calendar_margins();
      bool all = true;
      std::vector<bool> shrink(quotes_.size(), false);
      for (std::size_t i = 0; i < quotes_.size(); ++i) {
        const bool crossed = i > 0 && !(margins_[i] > 0.0);
        if (crossed) shrink[i - 1] = true;
        if (crossed || !(batch_of(i).least_butterfly[lane_of(i)] > 0.0)) shrink[i] = true;
      }
      for (std::size_t i = 0; i < quotes_.size(); ++i) {
        if (!shrink[i]) continue;
        all = false;
        for (std::size_t row = 8; row < parameters; ++row)
          batch_of(i).shape[row * batch_lanes + lane_of(i)] *= round + 1 < most_shrinks ? 0.75 : 0.0;
      }
      if (all) return;
    }
  }

  std::vector<double> slopes_of(const SliceBatch& batch, std::size_t lane, std::size_t n) const {
    std::vector<double> backbone, terms, slopes;
    if (!backbone_slopes(batch, lane, n, backbone)) return slopes;
    if (rules_.correction && !term_slopes(batch, lane, n, backbone, terms)) return slopes;
    for (std::size_t i = 0; i < n; ++i) {
      slopes.insert(slopes.end(), &backbone[i * 5], &backbone[i * 5] + 5);
      for (std::size_t j = 0; j < spline_terms; ++j)
        slopes.push_back(rules_.correction ? terms[i * spline_terms + j] : 0.0);
    }
    return slopes;
  }

  std::vector<SliceFit> results() {
    if (!rules_.arbitrage_free) {
      margins_ = calendar_margins();
      for (SliceBatch& batch : batches_) check(batch);
    }
    std::vector<SliceFit> fits(quotes_.size());
    for (std::size_t i = 0; i < quotes_.size(); ++i) {
      const SliceBatch& batch = batch_of(i);
      const std::size_t l = lane_of(i);
      const auto p = [&](std::size_t row) { return batch.shape[row * batch_lanes + l]; };
      SliceFit& fit = fits[i];
      fit.shape.backbone = {.a = p(0) + p(1) * p(3),
                            .b = p(2),
                            .rho = p(2) > 0.0 ? p(1) / p(2) : 0.0,
                            .m = p(3),
                            .sigma = math::exp(p(4))};
      fit.shape.scale = p(5), fit.shape.first = p(6), fit.shape.step = p(7);
      for (std::size_t j = 0; j < spline_terms; ++j) fit.shape.terms[j] = p(8 + j);
      for (std::size_t row = 0; row < rows_of(i); ++row) fit.trust.push_back(batch.trust[row * batch_lanes + l]);
      fit.least_butterfly = batch.least_butterfly[l];
      fit.calendar_margin = margins_[i];
      fit.iterations = static_cast<int>(batch.steps[l]);
      fit.repaired = repaired_[i];
      fit.led = batch.calendar_weight[l] > 0.0;
      for (std::size_t place = 0; place < pin_places.size(); ++place)
        fit.led = fit.led || batch.weight[(batch.rows - extra_rows + place) * batch_lanes + l] > 0.0;
      if (rules_.exact && !fit.repaired) fit.slopes = slopes_of(batch, l, rows_of(i));
    }
    return fits;
  }

  std::span<const SliceQuotes> quotes_;
  SliceRules rules_;
  Variant variant_;
  std::vector<SliceBatch> batches_;
  std::vector<bool> cold_, repaired_, moved_;
  std::vector<double> margins_, range_factor_;
};

}  // namespace

std::vector<std::vector<double>> trust_of(std::span<const SliceQuotes> quotes, double robust) {
  std::vector<std::vector<double>> trust;
  if (robust > 0.0) {
    for (SliceFit& fit : fit_slices(quotes, {.correction = true, .arbitrage_free = false, .robust = robust}, {}))
      trust.push_back(std::move(fit.trust));
  } else {
    for (const SliceQuotes& q : quotes) trust.emplace_back(q.vol.size(), 1.0);
  }
  return trust;
}

bool free_of_arbitrage(const std::vector<SliceFit>& fits) {
  return std::all_of(fits.begin(), fits.end(),
                     [](const SliceFit& f) { return f.least_butterfly > 0.0 && f.calendar_margin > 0.0; });
}

std::vector<SliceFit> fit_slices(std::span<const SliceQuotes> quotes, const SliceRules& rules,
                                 std::span<const VarianceSpline* const> warm) {
  Fit first(quotes, rules, warm, variants[0]);
  std::vector<SliceFit> best = first.run();
  if (!rules.arbitrage_free || !first.repaired()) return best;
  // A repair can end without success; the last variant, by theorem, cannot.
  double least = free_of_arbitrage(best) ? first.loss() : std::numeric_limits<double>::infinity();
  for (std::size_t v = 1; v < std::size(variants); ++v) {
    if (variants[v].patience < 1.0 && !(rules.robust > 0.0)) continue;
    Fit other(quotes, rules, {}, variants[v]);
    std::vector<SliceFit> fits = other.run();
    if (!free_of_arbitrage(fits)) continue;
    if (variants[v].patience < 1.0 && !other.repaired()) return fits;  // a bad quote was in the way
    const double loss = other.loss();
    if (loss < least) least = loss, best = std::move(fits);
  }
  return best;
}

}  // namespace ballast::vol::internal
