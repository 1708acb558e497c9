#include <algorithm>
#include <ostream>

#include <fmt/format.h>

#include "ballast/app/archive.h"
#include "ballast/app/commands.h"
#include "ballast/store/chain_archive.h"

namespace ballast::app {

int cmd_archive(const ArchiveOptions& options, Streams streams) {
  auto created = store::ChainArchiveWriter::create(options.output);
  if (!created) return fail(created.error(), streams);
  store::ChainArchiveWriter writer = std::move(created).value();
  long long quotes = 0, dropped = 0;
  std::optional<Time> first, last;
  auto fault = for_each_snapshot(options.chain, streams.err, [&](const std::string&, const market::Snapshot& snapshot) {
    quotes += static_cast<long long>(snapshot.quotes.size());
    dropped += static_cast<long long>(snapshot.dropped.size());
    first = std::min(first.value_or(snapshot.as_of), snapshot.as_of);
    last = std::max(last.value_or(snapshot.as_of), snapshot.as_of);
    return writer.add(snapshot);
  });
  if (!fault && !first) fault = Error{Fault::missing_data, options.output + ": there is no snapshot to put into it"};
  if (!fault) fault = writer.finish();
  if (fault) return fail(*fault, streams);
  Table table{{{"archive"}, {"snapshots"}, {"quotes"}, {"dropped"}, {"first"}, {"last"}}, {}};
  table.rows.push_back({options.output, static_cast<long long>(writer.snapshots()), quotes, dropped, to_string(*first),
                        to_string(*last)});
  streams.out << render(table, options.format);
  return Exit::done;
}

}  // namespace ballast::app
