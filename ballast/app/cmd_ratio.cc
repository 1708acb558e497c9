#include <cmath>
#include <ostream>

#include "ballast/app/commands.h"
#include "ballast/hedge/ratio.h"

namespace ballast::app {

int cmd_ratio(const RatioOptions& options, Streams streams) {
  if (options.prices) return cmd_ratio_of_prices(options, streams);
  if (!options.position_delta || !options.hedge_delta) {
    return fail({Fault::bad_flag, "ratio: --position-delta and --hedge-delta are due, or --prices, --of and --with"},
                streams);
  }
  const auto ratio = hedge::ratio(Coin(*options.position_delta), Coin(*options.hedge_delta));
  if (!ratio) return fail(ratio.error(), streams);
  const Table table{{{"position_delta"}, {"hedge_delta"}, {"ratio"}, {"trade"}},
                    {{*options.position_delta, *options.hedge_delta, ratio.value(), 0.0 - ratio.value()}}};
  if (options.format == Format::table) {
    const double trade = std::abs(ratio.value());
    streams.out << "ratio " << grouped(ratio.value(), 6) << ": "
                << (trade == 0.0
                        ? std::string("nothing to trade")
                        : (ratio.value() > 0 ? "sell " : "buy ") + grouped(trade, 6) + " of the hedge instrument")
                << "\n";
  } else if (options.format == Format::json) {  // one answer is one object, not a list of one
    streams.out << render(table, Format::jsonl);
  } else {
    streams.out << render(table, options.format);
  }
  return Exit::done;
}

}  // namespace ballast::app
