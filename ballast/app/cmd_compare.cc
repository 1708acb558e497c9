#include <ostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ballast/app/backtest_comparison.h"
#include "ballast/app/backtest_json.h"
#include "ballast/app/backtest_page.h"
#include "ballast/app/commands.h"
#include "ballast/store/file.h"

namespace ballast::app {

int cmd_compare(const CompareOptions& options, Streams streams) {
  std::vector<NamedResult> results;
  for (const std::string& file : options.results) {
    const auto text = store::read_bytes(file);
    if (!text) return fail(text.error(), streams);
    auto result = result_of(text.value());
    if (!result) return fail(in(file, result.error()), streams);
    results.push_back({file, std::move(result).value()});
  }
  sim::SummaryRules settings;
  settings.errors.base = options.base;
  const auto compared = compared_results(results, settings, Rng(options.seed));
  if (!compared) return fail(compared.error(), streams);
  const nlohmann::ordered_json& data = compared.value();
  if (options.html) {
    if (const auto error = store::write_bytes(*options.html, backtest_page(data))) return fail(*error, streams);
  }
  if (options.format == Format::json || options.format == Format::jsonl) {
    streams.out << data.dump(options.format == Format::jsonl ? -1 : 2) << "\n";
  } else {
    streams.out << render(rules_table(data), options.format);
  }
  streams.err << fmt::format("{}: {} rules over {} instants from {} to {}, in {}, against {}\n",
                             data["name"].get<std::string>(), data["rules"].size(), data["instants"].get<std::size_t>(),
                             data["from"].get<std::string>(), data["to"].get<std::string>(),
                             data["numeraire"] == "coin" ? data["underlying"].get<std::string>() : "USD",
                             data["base"].get<std::string>());
  for (std::size_t r = 0; r < results.size(); ++r) {
    const std::size_t own = results[r].result["series"]["time"].size(), common = data["instants"];
    if (own > common) {
      streams.err << fmt::format(
          "note: {}: {} of {} instants are not common to all; its costs and attribution are left "
          "out\n",
          results[r].file, own - common, own);
    }
  }
  if (options.html) streams.err << "page: " << *options.html << "\n";
  return Exit::done;
}

}  // namespace ballast::app
