#include <algorithm>
#include <cmath>
#include <ostream>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ballast/app/commands.h"
#include "ballast/app/interrupt.h"
#include "ballast/app/model_json.h"
#include "ballast/app/path_file.h"
#include "ballast/app/progress.h"
#include "ballast/math/elementary.h"
#include "ballast/model/paths.h"

namespace ballast::app {
namespace {

constexpr std::size_t block_numbers = std::size_t{1} << 19;  // of a column at a time: 4 MB, some 30 MB as CSV

struct Ends {
  double mean = 0.0, error = 0.0;  ///< of price/forward at the end, which has the mean 1
  double stdev = 0.0;              ///< of ln(price/forward)
};

/// Sums over paths in their order: the same for any block. Antithetic paths are no sample of their own, pairs are.
class EndSums {
 public:
  explicit EndSums(std::uint64_t of_one) : of_one_(of_one) {}
  void add(double log_price) {
    const double ratio = math::exp(log_price);
    logs_ += log_price, log_squares_ += log_price * log_price, all_ += 1.0;
    part_ += ratio / static_cast<double>(of_one_);
    if (++filled_ < of_one_) return;
    sum_ += part_ - 1.0, squares_ += (part_ - 1.0) * (part_ - 1.0), count_ += 1.0;
    part_ = 0.0, filled_ = 0;
  }
  Ends ends() const {
    const double off = count_ > 0.0 ? sum_ / count_ : std::nan("");
    const double spread = count_ > 1.0 ? std::max(squares_ - count_ * off * off, 0.0) / (count_ - 1.0) : std::nan("");
    const double log_mean = logs_ / all_;
    return {.mean = 1.0 + off,
            .error = std::sqrt(spread / count_),
            .stdev = std::sqrt(std::max(log_squares_ / all_ - log_mean * log_mean, 0.0))};
  }

 private:
  std::uint64_t of_one_, filled_ = 0;
  double part_ = 0.0, sum_ = 0.0, squares_ = 0.0, count_ = 0.0, logs_ = 0.0, log_squares_ = 0.0, all_ = 0.0;
};

Result<model::TransformModel> choose(const ModelChoice& choice) {
  if (choice.calibration) {
    const auto file = read_calibration(*choice.calibration);
    if (!file) return file.error();
    return chosen_model(file.value(), choice.model, *choice.calibration);
  }
  if (!choice.model || !choice.parameters)
    return Error{Fault::bad_flag, "give --model with --parameters, or --calibration FILE"};
  return parse_model(*choice.model, *choice.parameters);
}

std::optional<double> first_variance(const model::PathModel& model) {
  if (const auto* m = std::get_if<model::Heston>(&model)) return m->v0;
  if (const auto* m = std::get_if<model::Bates>(&model)) return m->heston.v0;
  if (const auto* m = std::get_if<model::Svcj>(&model)) return m->heston.v0;
  return std::nullopt;
}

}  // namespace

int cmd_paths(const PathsOptions& options, Streams streams) {
  const auto chosen = choose(options.model);
  if (!chosen) return fail(chosen.error(), streams);
  const auto model = path_model(chosen.value());
  if (!model) return fail(model.error(), streams);
  const auto v0 = first_variance(model.value());
  const auto steps = static_cast<std::size_t>(options.steps);
  std::vector<double> years(steps);
  for (std::size_t t = 0; t < steps; ++t)
    years[t] = options.years * static_cast<double>(t + 1) / static_cast<double>(steps);
  const bool sobol = options.draws.source == model::DrawSource::sobol;
  PathFileHead head{.model = model_json(chosen.value()).dump(),
                    .years = options.years,
                    .steps = options.steps,
                    .paths = options.paths,
                    .seed = options.draws.seed,
                    .draws = sobol ? "sobol" : "philox",
                    .antithetic = options.draws.antithetic,
                    .forward = options.forward,
                    .variance = v0.has_value()};
  const auto plan = model::PathPlan::prepare(model.value(), years, options.draws);
  if (!plan) return fail(plan.error(), streams);
  auto created = PathFile::create(options.out, head);
  if (!created) return fail(created.error(), streams);
  PathFile file = std::move(created).value();

  const Interrupt interrupt;
  const std::uint64_t block = std::clamp<std::uint64_t>(block_numbers / (steps + 1), 1, options.paths);
  std::vector<double> price, variance;
  EndSums sums(options.draws.antithetic ? 2 : 1);
  {
    Progress progress(streams.err, "paths");
    for (std::uint64_t first = 0; first < options.paths; first += block) {
      if (interrupt.asked()) break;
      const auto n = static_cast<std::size_t>(std::min(block, options.paths - first));
      price.assign(n * (steps + 1), options.forward.value_or(0.0));
      variance.assign(v0 ? n * (steps + 1) : 0, v0.value_or(0.0));
      const std::span<double> drawn = std::span(price).subspan(n);
      plan.value().fill(first, n, drawn, v0 ? std::span(variance).subspan(n) : std::span<double>());
      for (const double x : drawn.last(n)) sums.add(x);
      if (options.forward)
        for (double& x : drawn) x = *options.forward * math::exp(x);
      if (const auto fault = file.add(n, price, variance)) return fail(*fault, streams);
      progress.at(static_cast<double>(first + n) / static_cast<double>(options.paths), first + n);
    }
  }
  if (interrupt.asked()) {
    streams.err << "cancelled: nothing was written\n";
    return Exit::interrupted;
  }
  if (const auto fault = file.finish()) return fail(*fault, streams);
  const Ends ends = sums.ends();
  const auto known = [](double x) { return std::isfinite(x) ? Cell(x) : Cell(); };
  const Table table{{{"file"},
                     {"model"},
                     {"paths"},
                     {"steps"},
                     {"years", -6},
                     {"bytes"},
                     {"mean_over_forward", 6},
                     {"mean_error", -2},
                     {"log_stdev", 4}},
                    {{options.out, std::string(model::name(model.value())), static_cast<long long>(options.paths),
                      static_cast<long long>(options.steps), options.years, static_cast<long long>(file.bytes()),
                      known(ends.mean), sobol ? Cell() : known(ends.error), known(ends.stdev)}}};
  streams.out << render(table, options.format);
  return Exit::done;
}

}  // namespace ballast::app
