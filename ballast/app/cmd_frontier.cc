#include <ostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ballast/app/commands.h"
#include "ballast/app/frontier_page.h"
#include "ballast/app/hedge_decision.h"
#include "ballast/app/optimum_report.h"
#include "ballast/app/progress.h"
#include "ballast/store/file.h"

namespace ballast::app {
namespace {

Table points_table(const std::vector<hedge::FrontierPoint>& points) {
  Table table{
      {{"aversion", -4}, {"risk_usd", 2}, {"cost_usd", 2}, {"penalties_usd", 2}, {"legs"}, {"proved"}, {"trade"}}, {}};
  for (const hedge::FrontierPoint& point : points) {
    const hedge::Optimum& o = *point.plan.optimum;
    std::string trade;
    for (const std::string& leg : leg_words(point.plan)) trade += (trade.empty() ? "" : "; ") + leg;
    table.rows.push_back({point.aversion, o.risk_after, o.cost(), o.penalties,
                          static_cast<long long>(point.plan.legs.size()), o.proved,
                          trade.empty() ? std::string("none") : trade});
  }
  return table;
}

}  // namespace

int cmd_frontier(const FrontierOptions& options, Streams streams) {
  const auto decided = hedge_decision(options.hedge, streams.err);
  if (!decided) return fail(decided.error(), streams);
  const auto& [config, decision] = decided.value();
  const auto points = [&, &config = config, &decision = decision] {
    Progress progress(streams.err, "points");
    return desk::frontier(config, decision, options.points, [&](int done) {
      progress.at(static_cast<double>(done) / options.points, static_cast<std::size_t>(done));
    });
  }();
  if (!points) return fail(points.error(), streams);
  const auto data = frontier_json(decision, points.value());
  if (options.html) {
    if (const auto error = store::write_bytes(*options.html, frontier_page(data))) return fail(*error, streams);
  }
  const Format format = options.hedge.format;
  if (format == Format::json || format == Format::jsonl) {
    streams.out << data.dump(format == Format::jsonl ? -1 : 2) << "\n";
  } else {
    streams.out << render(points_table(points.value()), format);
  }
  for (const std::string& reason : decision.reasons) streams.err << "warning: " << reason << "\n";
  streams.err << fmt::format("{}, quality {}: risk before {:.2f} USD\n", decision.plans.front().underlying,
                             desk::name(decision.quality), decision.plans.front().optimum->risk_before);
  if (options.html) streams.err << "page: " << *options.html << "\n";
  return Exit::done;
}

}  // namespace ballast::app
