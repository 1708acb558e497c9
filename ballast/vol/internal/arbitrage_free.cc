#include "ballast/vol/internal/arbitrage_free.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "ballast/math/elementary.h"
#include "ballast/vol/internal/slice_batch.h"

namespace ballast::vol::internal {
namespace {

// Where the wings of all expiries are put in order, beyond their quotes: the furthest k that is held, and its halves.
constexpr std::array<double, 8> pin_places = {-furthest,         -0.5 * furthest,  -0.25 * furthest, -0.125 * furthest,
                                              0.125 * furthest, 0.25 * furthest, 0.5 * furthest,   furthest};
constexpr double wing_rise = 0.02;  // of total variance from one expiry to the next, where wings would cross
constexpr double pin_strengths[] = {0.1, 0.3, 1.0,
                                    3.0};  // vol error that a relative error of w of 1 counts like, by round
constexpr double least_rise = 2e-4;        // of the at-the-money total variance, at every point of the grid
constexpr double least_g = 5e-4;            // at every point of the grid, for the same reason
constexpr double ample = 1e300;

// How far from a parabola a slice has to stay, mildest first: (sigma in half-ranges, |m| in outermost quotes). The
// first leaves 99.3 % of the recorded slices without butterfly arbitrage and costs nothing; the others are for the
// rest.
struct Reach {
  double sigma, centre, butterfly_weight, of_earlier;
};
constexpr Reach reaches[] = {{1.3, 0.35, 1.0, 1.0}, {1.0, 0.2, 10.0, 0.7}, {0.7, 0.1, 100.0, 0.3}, {0.4, 0.05, 1000.0, 0.0}};

// Outliers: robust deviations, but never less than this many points of vol. The crude first look has more misfit.
constexpr double least_outlier = 0.015, least_outlier_at_first = 0.03;
constexpr int robust_rounds = 2;

constexpr double meeting_weights[] = {10.0, 100.0, 1000.0, 10000.0};  // by round of wings, butterflies and crossings
constexpr int rounds = std::size(meeting_weights);

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

/// Least squares under y[0] <= y[1] <= ...: neighbours that are out of order become their mean.
/// Source   M. Ayer et al., Annals of Mathematical Statistics 26 (1955) 641-647.
void put_in_order(std::vector<double>& y, const std::vector<double>& weight) {
  struct Block {
    double mean, weight;
    std::size_t size;
  };
  std::vector<Block> blocks;
  for (std::size_t i = 0; i < y.size(); ++i) {
    blocks.push_back({y[i], weight[i], 1});
    while (blocks.size() > 1 && blocks[blocks.size() - 2].mean > blocks.back().mean) {
      const Block last = blocks.back();
      blocks.pop_back();
      Block& into = blocks.back();
      into.mean = (into.mean * into.weight + last.mean * last.weight) / (into.weight + last.weight);
      into.weight += last.weight;
      into.size += last.size;
    }
  }
  std::size_t at = 0;
  for (const Block& block : blocks)
    for (std::size_t i = 0; i < block.size; ++i) y[at++] = block.mean;
}

class Fit {
 public:
  Fit(std::span<const SliceQuotes> quotes, const SliceRules& rules, std::span<const VarianceSpline* const> warm)
      : quotes_(quotes),
        rules_(rules),
        batches_((quotes.size() + batch_lanes - 1) / batch_lanes),
        repaired_(quotes.size(), false), range_factor_(quotes.size(), 1.0) {
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
      fit_svi(batches_[b], effort_, cold_[b]);
      cold_[b] = false;
    }
    if (!rules_.arbitrage_free) {
      for (SliceBatch& batch : batches_) correct(batch);
      return results();
    }
    order_wings();
    for (SliceBatch& batch : batches_) correct(batch);
    for (int round = 0; round < rounds; ++round) {
      free_butterflies();
      margins_ = calendar_margins();
      if (!any_crosses()) return results();
      // What made a slice free of butterflies may have moved its wings; what is left then lies inside the quotes.
      if (!order_wings() && rules_.correction) meet_halfway(meeting_weights[round]);
      for (std::size_t b = 0; b < batches_.size(); ++b)
        if (moved_[b]) correct(batches_[b]);
    }
    free_butterflies();
    margins_ = calendar_margins();
    raise();
    return results();
  }

 private:
  SliceBatch& batch_of(std::size_t slice) { return batches_[slice / batch_lanes]; }
  static std::size_t lane_of(std::size_t slice) { return slice % batch_lanes; }

  void fill(std::size_t b) {
    SliceBatch& batch = batches_[b];
    batch.slices = std::min(batch_lanes, quotes_.size() - b * batch_lanes);
    std::size_t rows = 0;
    for (std::size_t l = 0; l < batch.slices; ++l) rows = std::max(rows, quotes_[b * batch_lanes + l].vol.size());
    batch.resize(rows + pin_places.size());
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
      batch.stdev[l] = near_money_vol(q) * std::sqrt(q.years.value);
      batch.steps[l] = 0.0;
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

  /// The median of the three vols nearest to the money: one bad quote does not move it.
  static double near_money_vol(const SliceQuotes& q) {
    const auto above = std::lower_bound(q.log_moneyness.begin(), q.log_moneyness.end(), 0.0);
    std::size_t from = static_cast<std::size_t>(above - q.log_moneyness.begin());
    from = std::min(from > 0 ? from - 1 : 0, q.vol.size() - std::min<std::size_t>(3, q.vol.size()));
    std::vector<double> near(q.vol.begin() + static_cast<std::ptrdiff_t>(from),
                             q.vol.begin() + static_cast<std::ptrdiff_t>(std::min(from + 3, q.vol.size())));
    return median_of(near);
  }

  void reach(std::size_t slice, const Reach& r) {
    SliceBatch& batch = batch_of(slice);
    const std::size_t lane = lane_of(slice);
    batch.widest_sigma[lane] = rules_.arbitrage_free ? r.sigma * math::exp(r.of_earlier * math::log(range_factor_[slice])) : 100.0;
    batch.furthest_centre[lane] = rules_.arbitrage_free ? r.centre : 2.0;
    batch.butterfly_weight[lane] = rules_.arbitrage_free ? r.butterfly_weight : 0.0;
  }

  void start_from(std::size_t b, std::span<const VarianceSpline* const> warm) {
    SliceBatch& batch = batches_[b];
    for (std::size_t l = 0; l < batch_lanes; ++l) {
      const VarianceSpline& from = *warm[b * batch_lanes + std::min(l, batch.slices - 1)];
      const Svi& svi = from.backbone;
      const double values[5] = {svi.a - svi.b * svi.rho * svi.m, svi.b * svi.rho, svi.b, svi.m, math::log(svi.sigma)};
      for (std::size_t row = 0; row < 5; ++row) batch.shape[row * batch_lanes + l] = values[row];
    }
    cold_[b] = false;
  }

  std::size_t rows_of(std::size_t slice) const { return quotes_[slice].vol.size(); }

  /// Trust from the vol errors in `scaled`: all of it below half of the cut, none above the cut.
  void trust(SliceBatch& batch, std::size_t first_slice, double least) {
    for (std::size_t l = 0; l < batch.slices; ++l) {
      const std::size_t n = rows_of(first_slice + l);
      std::vector<double> size(n);
      for (std::size_t i = 0; i < n; ++i) size[i] = std::abs(batch.scaled[i * batch_lanes + l]);
      std::vector<double> sorted = size;
      const double cut = std::max(rules_.robust * 1.4826 * median_of(sorted), least);
      for (std::size_t i = 0; i < n; ++i) {
        const double u = std::max(2.0 * size[i] / cut - 1.0, 0.0), t = u < 1.0 ? 1.0 - u * u : 0.0;
        batch.trust[i * batch_lanes + l] = t * t;
      }
    }
  }

  void trust_all() {
    for (std::size_t b = 0; b < batches_.size(); ++b) {
      SliceBatch& batch = batches_[b];
      screen(batch);
      trust(batch, b * batch_lanes, least_outlier_at_first);
      for (int round = 0; round < robust_rounds; ++round) {
        fit_svi(batch, effort_, cold_[b]);
        cold_[b] = false;
        correct(batch);
        residuals(batch);
        trust(batch, b * batch_lanes, least_outlier);
      }
    }
  }

  void correct(SliceBatch& batch) const {
    if (rules_.correction) fit_spline(batch, effort_);
  }

  /// Beyond their quotes the wings of neighbouring expiries would cross: they are led through total variances that
  /// rise.
  bool order_wings() {
    moved_.assign(batches_.size(), false);
    bool ever = false;
    const std::size_t n = quotes_.size();
    std::vector<double> level(n), credit(n);
    for (const double strength : pin_strengths) {
      std::vector<bool> moved(batches_.size(), false);
      for (std::size_t place = 0; place < pin_places.size(); ++place) {
        const double k = pin_places[place];
        for (std::size_t i = 0; i < n; ++i) {
          const SliceBatch& batch = batch_of(i);
          const double w = w_of_backbone(batch, lane_of(i), k);
          level[i] = math::log(std::max(w, 1e-8)) - wing_rise * static_cast<double>(i);
          const double outermost = std::max(k < 0.0 ? -batch.first[lane_of(i)] : batch.last[lane_of(i)], 0.01);
          const double share = std::min(outermost / std::abs(k), 1.0);
          credit[i] = share < 1.0 ? 0.1 * share * share : 1.0;
        }
        std::vector<double> ordered = level;
        put_in_order(ordered, credit);
        for (std::size_t i = 0; i < n; ++i) {
          if (std::abs(ordered[i] - level[i]) < 1e-12 || credit[i] == 1.0) continue;
          pin(i, place, math::exp(ordered[i] + wing_rise * static_cast<double>(i)), strength);
          moved[i / batch_lanes] = true;
        }
      }
      bool any = false;
      for (std::size_t b = 0; b < batches_.size(); ++b) {
        if (!moved[b]) continue;
        fit_svi(batches_[b], effort_, false);
        any = moved_[b] = true;
      }
      if (!any) break;
      ever = true;
    }
    return ever;
  }

  double half_range(std::size_t slice) const {
    return 0.5 * (quotes_[slice].log_moneyness.back() - quotes_[slice].log_moneyness.front());
  }

  double widest_before(std::size_t slice) const {
    double widest = 0.0;
    for (std::size_t i = 0; i < slice; ++i) widest = std::max(widest, half_range(i));
    return widest;
  }

  void pin(std::size_t slice, std::size_t place, double w, double strength) {
    SliceBatch& batch = batch_of(slice);
    const std::size_t at = (batch.rows - pin_places.size() + place) * batch_lanes + lane_of(slice);
    const double vol = std::sqrt(w / batch.years[lane_of(slice)]);
    // A slice that is led over an earlier one that is quoted further out may be as wide as that.
    if (slice > 0 && range_factor_[slice] == 1.0) {
      range_factor_[slice] = std::max(1.0, widest_before(slice) / half_range(slice));
      batch.widest_sigma[lane_of(slice)] *= range_factor_[slice];
    }
    batch.log_moneyness[at] = pin_places[place];
    batch.vol[at] = vol;
    batch.weight[at] = 4.0 * strength * strength / (vol * vol);
  }

  /// Slices that still break the condition come closer to what cannot: a narrower SVI, a harder correction, and in the
  /// end a flat one.
  void free_butterflies() {
    for (std::size_t b = 0; b < batches_.size(); ++b) {
      SliceBatch& batch = batches_[b];
      check(batch);
      for (std::size_t step = 1; step < std::size(reaches) && !all_free(batch); ++step) {
        const SliceBatch before = batch;
        for (std::size_t l = 0; l < batch_lanes; ++l)
          if (!free(before, l) && l < batch.slices) reach(b * batch_lanes + l, reaches[step]);
        fit_svi(batch, effort_, false);
        correct(batch);
        check(batch);
        keep(batch, before, [&](std::size_t l) { return free(before, l); });
      }
      for (std::size_t l = 0; l < batch.slices; ++l)
        if (!free(batch, l)) flatten(batch, b * batch_lanes + l);
    }
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
      compare(batch, neighbours(b, -1).data(), 1.0);
      for (std::size_t l = 0; l < batch.slices; ++l)
        margin[b * batch_lanes + l] = std::min(margin[b * batch_lanes + l], batch.margin[l]);
      compare(batch, neighbours(b, 1).data(), -1.0);
      for (std::size_t l = 0; l < batch.slices; ++l)
        margin[b * batch_lanes + l + 1] = std::min(margin[b * batch_lanes + l + 1], batch.margin[l]);
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
  void meet_halfway(double weight) {
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
        return l < batch.slices &&
               (crosses(slice) || (slice + 1 < margins_.size() && crosses(slice + 1)));
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
      fit_spline(batch, effort_);
      check(batch);
      keep(batch, before, [&](std::size_t l) { return !touched(l) || !free(batch, l); });
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
    }
    return fits;
  }

  static constexpr Effort effort_{};
  std::span<const SliceQuotes> quotes_;
  SliceRules rules_;
  std::vector<SliceBatch> batches_;
  std::vector<bool> cold_, repaired_, moved_;
  std::vector<double> margins_, range_factor_;
};

}  // namespace

std::vector<SliceFit> fit_slices(std::span<const SliceQuotes> quotes, const SliceRules& rules,
                                 std::span<const VarianceSpline* const> warm) {
  return Fit(quotes, rules, warm).run();
}

}  // namespace ballast::vol::internal
