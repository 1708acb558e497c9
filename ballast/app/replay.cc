#include "ballast/app/replay.h"

#include <filesystem>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "ballast/app/progress.h"
#include "ballast/base/text.h"
#include "ballast/store/journal.h"

namespace ballast::app {
namespace {

constexpr std::size_t record_frame = 28;  // bytes of a record around its content: store/journal.h

Cell count(std::uint64_t n) { return static_cast<long long>(n); }

/// A journal that is being replayed.
class Reader {
 public:
  Reader(const ReplayOptions& options, const DeskOf& desk_of, const desk::Step& step)
      : options_(options), desk_of_(desk_of), step_(step) {}

  /// False: no further record is wanted.
  bool take(const store::Record& record) {
    auto entry = desk::entry_of(record.kind, record.schema, record.bytes);
    if (!entry) return stop(in(fmt::format("record {}", record.sequence), entry.error()));
    if (!replay_) return begin(record, entry.value());
    if (wanted_ && desk::kind_of(entry.value()) == desk::RecordKind::events) return false;  // its step is whole
    const std::uint64_t before = replay_->counts().decisions;
    if (const auto fault = replay_->take(record.sequence, entry.value())) return stop(*fault);
    if (options_.at && !wanted_ && replay_->counts().decisions >= *options_.at) wanted_ = *options_.at - before;
    return true;
  }

  const std::optional<Error>& error() const { return error_; }
  desk::Replay* replay() { return replay_ ? &*replay_ : nullptr; }
  const desk::RunText& run() const { return run_; }

  /// The instant of the decision that was asked for, where the journal goes that far.
  std::optional<Time> due() const {
    if (!wanted_) return {};
    std::uint64_t left = *wanted_;
    for (const market::Event& event : replay_->last().events)
      if (std::holds_alternative<market::HedgeDue>(event.what) && --left == 0) return event.at;
    return {};
  }

 private:
  bool begin(const store::Record& record, const desk::Entry& entry) {
    const auto* run = std::get_if<desk::RunText>(&entry);
    if (!run)
      return stop({Fault::bad_syntax, fmt::format("record {}: {} where the run is due: no desk's journal",
                                                  record.sequence, desk::name(desk::kind_of(entry)))});
    run_ = *run;
    auto config = desk_of_(run_);
    if (!config) return stop(in(fmt::format("record {}", record.sequence), config.error()));
    replay_.emplace(std::move(config).value(), step_);
    return true;
  }
  bool stop(Error error) {
    error_ = std::move(error);
    return false;
  }

  const ReplayOptions& options_;
  const DeskOf& desk_of_;
  const desk::Step& step_;
  desk::RunText run_;
  std::optional<desk::Replay> replay_;
  std::optional<std::uint64_t> wanted_;  // which decision of the last step was asked for, from 1
  std::optional<Error> error_;
};

Table counts_table(const desk::Replay& replay) {
  const desk::ReplayCounts& n = replay.counts();
  const auto& first = replay.first_difference();
  return {{{"steps"},
           {"events"},
           {"decisions"},
           {"answers"},
           {"tickets"},
           {"refusals"},
           {"different_steps"},
           {"first_difference"}},
          {{count(n.steps), count(n.events), count(n.decisions), count(n.answers), count(n.tickets), count(n.refusals),
            count(n.differences), first ? count(first->sequence) : Cell()}}};
}

/// What a desk said and sent at one instant.
Table decision_table(const desk::ReplayedStep& step, Time due) {
  Table table{{{"kind"},
               {"at"},
               {"of"},
               {"quality"},
               {"before", 6},
               {"after", 6},
               {"half_width", 6},
               {"gamma", -6},
               {"vega", -6},
               {"lots"},
               {"amount"},
               {"limit"},
               {"why"}},
              {}};
  for (const desk::Answer& a : step.answers) {
    if (a.at != due) continue;
    std::string why = a.why;
    for (const std::string& reason : a.reasons) why += "; " + reason;
    table.rows.push_back({std::string("answer"), to_string(a.at), a.underlying, std::string(desk::name(a.quality)),
                          a.before, a.after, a.half_width, a.gamma, a.vega, Cell(), Cell(), Cell(), why});
  }
  for (const market::Ticket& t : step.tickets) {
    if (t.sent != due) continue;
    table.rows.push_back({fmt::format("ticket {}", t.id), to_string(t.sent), t.instrument, Cell(), Cell(), Cell(),
                          Cell(), Cell(), Cell(), static_cast<long long>(t.lots), t.amount(), t.limit(), t.why});
  }
  return table;
}

}  // namespace

int replay(const ReplayOptions& options, const DeskOf& desk_of, const desk::Step& step, Streams streams) {
  Reader reader(options, desk_of, step);
  std::error_code ignored;  // read_journal() says what is wrong with the file
  const auto size = static_cast<double>(std::filesystem::file_size(options.file, ignored));
  Result<store::JournalEnd> end = Error{Fault::unavailable, ""};
  {
    Progress progress(streams.err, "steps");
    double done = 0.0;
    end = store::read_journal(options.file, [&](const store::Record& record) {
      const bool on = reader.take(record);
      done += static_cast<double>(record.bytes.size() + record_frame);
      if (reader.replay()) progress.at(done / size, reader.replay()->counts().steps);
      return on;
    });
  }
  if (reader.error()) return fail(in(options.file, *reader.error()), streams);
  if (!end) return fail(end.error(), streams);
  desk::Replay* replay = reader.replay();
  if (!replay) return fail({Fault::missing_data, options.file + ": holds no record"}, streams);
  const bool whole = replay->finish();
  if (options.at) {
    const auto due = reader.due();
    if (!due)
      return fail({Fault::bad_input,
                   fmt::format("--at {}: the journal has {} decisions", *options.at, replay->counts().decisions)},
                  streams);
    streams.out << render(decision_table(replay->last(), *due), options.format);
  } else {
    streams.out << render(counts_table(*replay), options.format);
  }
  if (end.value().torn_bytes > 0)
    streams.err << fmt::format("the last {} bytes are a record that was cut short\n", end.value().torn_bytes);
  if (!whole) streams.err << "the last events have no recorded answer: stepped through, not compared\n";
  if (replay->last().refusal)
    streams.err << fmt::format("record {}: refused: {}\n", replay->last().sequence, replay->last().refusal->what);
  if (const auto& first = replay->first_difference()) {
    streams.err << fmt::format("different: record {}: {}\n", first->sequence, first->what);
    if (reader.run().program != version())
      streams.err << fmt::format("recorded by {}, replayed by {}\n", ballast::quoted(reader.run().program), version());
    return Exit::refused;
  }
  streams.err << (options.at ? "the same up to here, bit for bit\n" : "the same, bit for bit\n");
  return Exit::done;
}

}  // namespace ballast::app
