#include "ballast/app/backtest_run.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <ostream>
#include <set>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "ballast/app/commands.h"
#include "ballast/app/market_source.h"
#include "ballast/base/codec.h"
#include "ballast/desk/journal.h"
#include "ballast/sim/state_bytes.h"
#include "ballast/store/file.h"
#include "ballast/store/journal.h"
#include "ballast/store/run_store.h"

namespace ballast::app {
namespace {

using Clock = std::chrono::steady_clock;

/// FNV-1a, 64 bits: G. Fowler, L. C. Noll, K.-P. Vo. A name, not a proof: the store keeps the text behind it.
std::string hash_of(const std::string& text) {
  std::uint64_t hash = 14695981039346656037u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return fmt::format("{:016x}", hash);
}

void add_sizes(const std::string& path, std::string& text) {
  namespace fs = std::filesystem;
  std::error_code none;
  std::vector<std::string> files;
  if (fs::is_directory(path, none)) {
    for (const auto& entry : fs::directory_iterator(path, none)) {
      if (entry.is_regular_file(none)) files.push_back(entry.path().string());
    }
    std::sort(files.begin(), files.end());
  } else {
    files.push_back(path);
  }
  for (const std::string& file : files) {
    const auto size = fs::file_size(file, none);
    text += fmt::format("# {} {}\n", fs::path(file).filename().string(), none ? 0 : size);
  }
}

/// All that a run rests on, as text. Books and problems are short and are edited: their bytes count, not their size.
Result<std::string> identity(const RunFile& file, const std::string& text) {
  std::string all = fmt::format("# ballast {}\n", version());
  for (const std::string& path : file.read) {
    const auto bytes = store::read_bytes(path);
    if (!bytes) return bytes.error();
    all += fmt::format("# {} {}\n", std::filesystem::path(path).filename().string(), hash_of(bytes.value()));
  }
  if (const auto* m = std::get_if<RecordedMarket>(&file.market)) {
    for (const std::string& path : m->chains) add_sizes(path, all);
    if (m->perpetual_prices) add_sizes(*m->perpetual_prices, all);
  }
  if (const auto* m = std::get_if<PricedMarket>(&file.market)) add_sizes(m->file, all);
  if (const auto* m = std::get_if<LevelsMarket>(&file.market)) add_sizes(m->file, all);
  return all + text;
}

/// The rules of a run on their way.
class Running {
 public:
  Running(const RunFile& file, const RunSettings& settings) : file_(file), settings_(settings) {
    states_.resize(file.run.rules.size());
    for (const sim::Rule& rule : file.run.rules)
      rows_.push_back({.name = rule.name, .hedges = rule.hedges, .rows = {}});
  }

  /// From the store, where there is one.
  std::optional<Error> begin(const std::string& text, RunHead& head) {
    const auto described = identity(file_, text);
    if (!described) return described.error();
    const std::string& all = described.value();
    head = {.run = hash_of(all), .name = file_.run.name, .underlying = file_.run.underlying};
    run_ = head.run;
    if (!settings_.store) return std::nullopt;
    auto opened = store::RunStore::open(*settings_.store);
    if (!opened) return opened.error();
    store_.emplace(std::move(opened).value());
    if (auto fault = store_->begin(run_, all)) return fault;
    const auto last = store_->checkpoint(run_);
    if (!last) return last.error();
    if (!last.value()) return std::nullopt;
    return restore(*last.value());
  }

  std::optional<Error> open_journals(const std::string& text) {
    if (!settings_.journal) return std::nullopt;
    if (done_ > 0) {
      return Error{Fault::bad_flag, "--journal needs a run from its start: this one goes on from its store"};
    }
    std::error_code failed;
    std::filesystem::create_directories(*settings_.journal, failed);
    for (const sim::Rule& rule : file_.run.rules) {
      const std::string path = (std::filesystem::path(*settings_.journal) / (rule.name + ".journal")).string();
      if (std::filesystem::exists(path, failed)) return Error{Fault::bad_flag, path + ": is there already"};
      auto writer = store::JournalWriter::open(path);
      if (!writer) return writer.error();
      journals_.push_back(std::move(writer).value());
      const desk::Entry entry =
          desk::RunText{.run = text, .rule = rule.name, .program = version(), .folder = settings_.folder};
      const auto written = journals_.back().append(static_cast<std::uint32_t>(desk::kind_of(entry)),
                                                   desk::journal_schema, desk::bytes_of(entry));
      if (!written) return written.error();
    }
    return std::nullopt;
  }

  std::size_t done() const { return done_; }

  std::vector<std::string> held() const {
    std::set<std::string> names;
    if (const auto* book = std::get_if<sim::HeldBook>(&file_.run.book)) {
      for (const auto& [name, amount] : book->amounts) names.insert(name);
    }
    if (const auto* book = std::get_if<sim::RecordedBook>(&file_.run.book)) {
      for (const sim::BookTrade& trade : book->trades) names.insert(trade.instrument);
    }
    for (const sim::RuleState& state : states_) {
      for (const auto& [name, holding] : state.ledger.holdings) names.insert(name);
    }
    return {names.begin(), names.end()};
  }

  std::optional<Error> take(const sim::Instant& now) {
    const std::size_t rules = states_.size();
    std::vector<std::optional<Result<sim::Row>>> made(rules);
    std::vector<std::vector<sim::Told>> told(rules);
    const auto work = [&](std::size_t first, std::size_t stride) {
      for (std::size_t r = first; r < rules; r += stride) {
        made[r].emplace(
            sim::advance(file_.run, file_.run.rules[r], states_[r], now, journals_.empty() ? nullptr : &told[r]));
      }
    };
    const std::size_t threads = std::min<std::size_t>(static_cast<std::size_t>(settings_.threads), rules);
    std::vector<std::thread> others;
    for (std::size_t t = 1; t < threads; ++t) others.emplace_back(work, t, threads);
    work(0, threads);
    for (std::thread& other : others) other.join();
    // Some states are an instant further than the others then: nothing of this instant may be saved.
    for (std::size_t r = 0; r < rules; ++r) {
      if (*made[r]) continue;
      broken_ = true;
      return in(file_.run.rules[r].name, made[r]->error());
    }
    for (std::size_t r = 0; r < rules; ++r) {
      rows_[r].rows.push_back(made[r]->value());
      if (store_) unsaved_.push_back(row_line(rows_[r].name, rows_[r].rows.back()));
      if (auto fault = write(r, told[r])) {
        broken_ = true;
        return fault;
      }
    }
    ++done_;
    const std::chrono::duration<double> since = Clock::now() - saved_;
    if (since.count() < settings_.checkpoint_s) return std::nullopt;
    return save();
  }

  std::optional<Error> save() {
    saved_ = Clock::now();
    if (!store_ || broken_ || unsaved_.empty()) return std::nullopt;
    std::vector<std::string> states;
    for (const sim::RuleState& state : states_) states.push_back(sim::bytes_of(state));
    auto fault = store_->put_checkpoint(run_, done_, encoded(states), unsaved_);
    unsaved_.clear();
    return fault;
  }

  std::optional<Error> end() {
    for (store::JournalWriter& journal : journals_) {
      if (auto fault = journal.sync()) return fault;
    }
    return save();
  }

  std::vector<sim::RuleRows> rows() && { return std::move(rows_); }

 private:
  std::optional<Error> restore(const store::Checkpoint& last) {
    const auto states = decoded<std::vector<std::string>>(last.state);
    if (!states) return in(*settings_.store, states.error());
    if (states.value().size() != states_.size()) {
      return Error{Fault::bad_syntax, fmt::format("{}: states of {} rules, the run has {}", *settings_.store,
                                                  states.value().size(), states_.size())};
    }
    for (std::size_t r = 0; r < states_.size(); ++r) {
      auto read = sim::rule_state_of(states.value()[r]);
      if (!read) return in(*settings_.store, read.error());
      states_[r] = std::move(read).value();
    }
    const auto lines = store_->rows(run_);
    if (!lines) return lines.error();
    for (const std::string& line : lines.value()) {
      auto stored = stored_row(line);
      if (!stored) return in(*settings_.store, stored.error());
      const auto rule = std::find_if(rows_.begin(), rows_.end(),
                                     [&](const sim::RuleRows& r) { return r.name == stored.value().rule; });
      if (rule == rows_.end()) {
        return Error{Fault::bad_syntax, fmt::format("{}: a row of a rule '{}' that the run does not have",
                                                    *settings_.store, stored.value().rule)};
      }
      rule->rows.push_back(std::move(stored).value().row);
    }
    done_ = static_cast<std::size_t>(last.step);
    return std::nullopt;
  }

  std::optional<Error> write(std::size_t r, const std::vector<sim::Told>& told) {
    if (journals_.empty()) return std::nullopt;
    const auto put = [&](desk::RecordKind kind, const std::string& bytes) -> std::optional<Error> {
      const auto written = journals_[r].append(static_cast<std::uint32_t>(kind), desk::journal_schema, bytes);
      return written ? std::nullopt : std::optional(written.error());
    };
    for (const sim::Told& one : told) {
      if (auto fault = put(desk::RecordKind::events, desk::bytes_of(one.events))) return fault;
      if (auto fault = put(desk::RecordKind::tickets, desk::bytes_of(one.tickets))) return fault;
      if (auto fault = put(desk::RecordKind::answers, desk::bytes_of(one.answers))) return fault;
    }
    return std::nullopt;
  }

  const RunFile& file_;
  const RunSettings& settings_;
  std::vector<sim::RuleState> states_;
  std::vector<sim::RuleRows> rows_;
  std::optional<store::RunStore> store_;
  std::vector<store::JournalWriter> journals_;
  std::vector<std::string> unsaved_;
  std::string run_;
  std::size_t done_ = 0;
  bool broken_ = false;  // an instant failed in the middle
  Clock::time_point saved_ = Clock::now();
};

}  // namespace

Result<RunRows> run_backtest(const RunFile& file, const std::string& text, const RunSettings& settings,
                             std::ostream& err) {
  RunRows out;
  Running running(file, settings);
  if (auto fault = running.begin(text, out.head)) return *fault;
  if (auto fault = running.open_journals(text)) return *fault;
  if (running.done() > 0) err << fmt::format("goes on behind {} instants of {}\n", running.done(), *settings.store);
  auto fault = for_each_instant(
      file, err, running.done(), [&] { return running.held(); },
      [&](const sim::Instant& now) { return running.take(now); });
  if (fault) {
    (void)running.save();  // what was done is not lost; the first fault is the one to tell
    return *fault;
  }
  if (auto closing = running.end()) return *closing;
  out.rules = std::move(running).rows();
  if (out.rules.empty() || out.rules.front().rows.empty()) {
    return Error{Fault::missing_data, "the run has no instant: see market, from and to"};
  }
  return out;
}

std::optional<Error> finish_run(const std::string& store, const std::string& run, const std::string& result_json) {
  auto opened = store::RunStore::open(store);
  if (!opened) return opened.error();
  store::RunStore runs = std::move(opened).value();
  return runs.finish(run, result_json);
}

}  // namespace ballast::app
