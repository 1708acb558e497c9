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
#include "ballast/model/estimate.h"
#include "ballast/model/paths.h"

namespace ballast::app {
namespace {

constexpr std::size_t block_numbers = std::size_t{1} << 19;  // of a column at a time: 4 MB, some 30 MB as CSV

std::optional<double> first_variance(const model::PathModel& model) {
  if (const auto* m = std::get_if<model::Heston>(&model)) return m->v0;
  if (const auto* m = std::get_if<model::Bates>(&model)) return m->heston.v0;
  if (const auto* m = std::get_if<model::Svcj>(&model)) return m->heston.v0;
  return std::nullopt;
}

}  // namespace

int cmd_paths(const PathsOptions& options, Streams streams) {
  const auto chosen = chosen_model(options.model);
  if (!chosen) return fail(chosen.error(), streams);
  const auto model = path_model(chosen.value().model);
  if (!model) return fail(model.error(), streams);
  if (options.draws.antithetic && options.paths % 2 != 0)
    return fail({Fault::bad_flag, fmt::format("--paths {} --antithetic: pairs need an even number", options.paths)},
                streams);
  const auto v0 = first_variance(model.value());
  const auto steps = static_cast<std::size_t>(options.steps);
  std::vector<double> years(steps);
  for (std::size_t t = 0; t < steps; ++t)
    years[t] = options.years * static_cast<double>(t + 1) / static_cast<double>(steps);
  const bool sobol = options.draws.source == model::DrawSource::sobol;
  PathFileHead head{.model = model_json(chosen.value().model).dump(),
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
  // Even, so that no antithetic pair is cut.
  const std::uint64_t block = std::max<std::uint64_t>(block_numbers / (steps + 1) & ~std::uint64_t{1}, 2);
  std::vector<double> price, variance, ratio;
  model::SampleMoments ends, logs;  // of price over forward, whose mean is 1, and of its logarithm
  {
    Progress progress(streams.err, "paths");
    for (std::uint64_t first = 0; first < options.paths; first += block) {
      if (interrupt.asked()) break;
      const auto n = static_cast<std::size_t>(std::min(block, options.paths - first));
      price.assign(n * (steps + 1), options.forward.value_or(0.0));
      variance.assign(v0 ? n * (steps + 1) : 0, v0.value_or(0.0));
      const std::span<double> drawn = std::span(price).subspan(n);
      plan.value().fill(first, n, drawn, v0 ? std::span(variance).subspan(n) : std::span<double>());
      const std::span<const double> last = drawn.last(n);
      ratio.clear();
      for (const double x : last) ratio.push_back(math::exp(x));
      ends = model::joined(ends, model::sample_moments(ratio, {}, options.draws.antithetic));
      logs = model::joined(logs, model::sample_moments(last, {}, false));
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
  const model::Estimate mean = model::estimate(ends);
  const double log_stdev = std::sqrt(logs.value_value / (static_cast<double>(logs.samples) - 1.0));
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
                      known(mean.mean), sobol ? Cell() : known(mean.error), known(log_stdev)}}};
  streams.out << render(table, options.format);
  return Exit::done;
}

}  // namespace ballast::app
