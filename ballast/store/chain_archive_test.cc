#include "ballast/store/chain_archive.h"

#include <bit>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <unistd.h>

#include "ballast/base/rng.h"
#include "ballast/store/file.h"
#include "ballast/store/internal/column_packing.h"
#include "ballast/store/internal/packing.h"
#include "ballast/store/internal/record_file.h"
#include "ballast/store/snapshot.h"
#include "tests/folder.h"
#include "tests/support.h"

using namespace ballast;
using market::Snapshot;
using store::ChainArchiveWriter;
using store::read_chains;

namespace {

namespace fs = std::filesystem;

// A snapshot as text, every field of every struct by name and every double by its bits: what is compared is this.
// The bindings count the fields, so that a new one stops the compiler here.
std::string told(double value) { return std::to_string(std::bit_cast<std::uint64_t>(value)) + " "; }
std::string told(Time t) { return std::to_string(t.ms) + " "; }
std::string told(bool yes) { return yes ? "yes " : "no "; }
std::string told(Vol vol) { return told(vol.value); }
std::string told(const std::string& text) { return std::to_string(text.size()) + ":" + text + " "; }
template <class T>
std::string told(const std::optional<T>& value);
std::string told(const market::VenueGreeks& greeks) {
  const auto& [delta, gamma, vega, theta, rho] = greeks;
  return told(delta) + told(gamma) + told(vega) + told(theta) + told(rho);
}
template <class T>
std::string told(const std::optional<T>& value) {
  return value ? told(*value) : "- ";
}
std::string told(const std::vector<market::Level>& levels) {
  std::string all = "[ ";
  for (const auto& [price, amount] : levels) all += told(price) + told(amount);
  return all + "] ";
}
std::string told(const market::Instrument& i) {
  const auto& [name, underlying, currency, index, kind, settlement, type, strike, expiry, size, lot, ticks, fees,
               venue] = i;
  const auto& [maker, taker, cap] = fees;
  std::string all = told(name) + told(underlying) + told(currency) + told(index) + std::to_string(int(kind)) + " " +
                    std::to_string(int(settlement)) + " " + std::to_string(int(type)) + " " + told(strike) +
                    told(expiry) + told(size) + told(lot) + told(maker) + told(taker) + told(cap) + told(venue) +
                    told(ticks.tick);
  for (const auto& [above, tick] : ticks.steps) all += told(above) + told(tick);
  return all;
}
std::string told(const market::Quote& q) {
  const auto& [name, sent, bid, ask, bid_amount, ask_amount, mark, mark_vol, index, forward, label, greeks, interest,
               low, high, funding, mark_sent, open, bids, asks] = q;
  return told(name) + told(sent) + told(bid) + told(ask) + told(bid_amount) + told(ask_amount) + told(mark) +
         told(mark_vol) + told(index) + told(forward) + told(label) + told(greeks) + told(interest) + told(low) +
         told(high) + told(funding) + told(mark_sent) + told(open) + told(bids) + told(asks);
}
std::string told(const Snapshot& snapshot) {
  const auto& [as_of, instruments, quotes, indices, dropped] = snapshot;
  std::string all = told(as_of) + "\n";
  for (const auto& [name, instrument] : instruments) all += told(name) + told(instrument) + "\n";
  for (const auto& [name, quote] : quotes) all += told(name) + told(quote) + "\n";
  for (const auto& [name, index] : indices) all += told(name) + told(index.price) + told(index.sent) + "\n";
  for (const auto& [name, reason, detail] : dropped) all += told(name) + told(reason) + told(detail) + "\n";
  return all;
}

std::string archive_of(const test::Folder& folder, const std::vector<Snapshot>& snapshots) {
  const std::string path = folder.file("test.chains");
  ChainArchiveWriter writer = ChainArchiveWriter::create(path).value();
  for (const Snapshot& snapshot : snapshots) {
    const auto fault = writer.add(snapshot);
    CHECK_MESSAGE(!fault, (fault ? fault->what : ""));
  }
  CHECK_FALSE(writer.finish());
  return path;
}

void check_same(const std::string& path, const std::vector<Snapshot>& snapshots) {
  std::size_t i = 0;
  const auto read = read_chains(path, [&](const Snapshot& snapshot, double share) {
    REQUIRE(i < snapshots.size());
    CAPTURE(i);
    CHECK((told(snapshot) == told(snapshots[i])));  // no megabytes of text in a message
    CHECK(share > 0.0);
    CHECK(share <= 1.0);
    ++i;
    return true;
  });
  REQUIRE_MESSAGE(read, (read ? "" : read.error().what));
  CHECK(read.value() == snapshots.size());
  CHECK(i == snapshots.size());
}

/// A market in which every field is there, absent and odd, and instruments come, go and change.
std::vector<Snapshot> made_up(std::uint64_t seed) {
  Rng rng(seed);
  const auto chance = [&](double p) { return rng.uniform() < p; };
  const double odd[] = {0.0,           -0.0, 1e-300, 5e-324,   1.7e308, std::numeric_limits<double>::infinity(),
                        std::nan("7"), -1.5, 0.1,    1.0 / 3.0};
  const auto value = [&]() -> double {
    if (chance(0.05)) return odd[static_cast<std::size_t>(rng.uniform() * 10.0)];
    if (chance(0.3)) return rng.uniform() * 1e5;
    return std::round(rng.uniform() * 1e6) / 1e4;
  };
  const auto maybe = [&](double p) { return chance(p) ? std::optional(value()) : std::nullopt; };
  std::vector<Snapshot> all;
  for (int k = 0; k < 12; ++k) {
    Snapshot s;
    s.as_of.ms = 1770000000000 + 3'600'000 * k + (k == 3 ? -5'000'000'000'000 : 0);
    for (int n = 0; n < 60; ++n) {
      if (!chance(k == 7 ? 0.0 : 0.8)) continue;
      const std::string name = std::string(n % 7 == 0 ? "" : "X-") + std::to_string(n * 37 % 60);
      market::Instrument& i = s.instruments[name];
      i.name = name;
      i.underlying = n % 2 == 0 ? "BTC" : "ETH";
      i.settlement_currency = n % 3 == 0 ? "USDC" : i.underlying;
      i.index = i.underlying + std::string("_usd\0\n", 6);
      i.kind = static_cast<market::Kind>(n % 4);
      i.settlement = static_cast<market::Settlement>(n % 2);
      i.option_type = static_cast<market::OptionType>(n / 2 % 2);
      i.strike = n * 1000.5, i.expiry.ms = n % 5 == 0 ? never.ms : 1780000000000 + n;
      i.contract_size = k < 5 ? 1.0 : 10.0, i.lot = 0.1, i.ticks.tick = 0.0001;
      if (n % 3 == 1) i.ticks.steps = {{0.005, 0.0005}, {0.5, 0.01}};
      i.fees = {0.0003, -0.0001, 0.125}, i.from_venue = chance(0.5);
      if (!chance(0.9)) continue;
      market::Quote& q = s.quotes[name];
      q.instrument = name, q.sent.ms = s.as_of.ms - static_cast<std::int64_t>(rng.uniform() * 1e5);
      q.bid = maybe(0.7), q.ask = maybe(0.7), q.bid_amount = maybe(0.7), q.ask_amount = maybe(0.7), q.mark = maybe(0.9);
      if (chance(0.7)) q.mark_vol = Vol(std::round(rng.uniform() * 15000.0) / 100.0 / 100.0);
      q.index = maybe(0.5), q.underlying_price = maybe(0.5), q.open_interest = maybe(0.5);
      q.underlying_index = chance(0.2) ? "" : "SYN." + i.underlying;
      if (chance(0.5)) q.greeks = market::VenueGreeks{value(), maybe(0.5), maybe(0.5), maybe(0.5), maybe(0.5)};
      q.min_price = maybe(0.5), q.max_price = maybe(0.5), q.funding_8h = maybe(0.1);
      if (chance(0.2)) q.mark_sent = Time{q.sent.ms - 1};
      if (chance(0.6)) q.open = chance(0.5);
      while (chance(0.6)) q.bids.push_back({value(), value()});
      while (chance(0.6)) q.asks.push_back({value(), value()});
    }
    s.indices["BTC"] = {value(), s.as_of};
    if (k % 2 == 0) s.indices["ETH"] = {value(), {s.as_of.ms - 1}};
    for (int d = 0; d < k % 3; ++d) s.dropped.push_back({"X-" + std::to_string(d), "older_book", std::string(40, 'd')});
    all.push_back(std::move(s));
  }
  all.push_back({});  // nothing at all
  return all;
}

}  // namespace

TEST_CASE("columns give back every double and every whole number bit for bit") {
  Rng rng(20261130);
  const double nan = std::nan("1");
  std::vector<std::vector<double>> columns = {
      {}, {0.0}, {-0.0}, {nan, 1.0, -nan}, {0.1, 0.2, 1e300}, {9007199254740993.0}};
  columns.emplace_back(1000, 63718.97);
  for (const int places : {0, 1, 4, 8}) {
    std::vector<double> decimals, percents, mixed, few;
    for (int i = 0; i < 1000; ++i) {
      decimals.push_back(std::round(rng.uniform() * 1e4) / std::pow(10.0, places));
      percents.push_back(std::round(rng.uniform() * 2e4) / 100.0 / 100.0);
      mixed.push_back(i % 20 == 0 ? rng.uniform() : decimals.back());
      few.push_back(1.0 / (3.0 + i % 7));
    }
    columns.insert(columns.end(), {decimals, percents, mixed, few});
  }
  for (const auto& column : columns) {
    std::string bytes;
    store::put_numbers(bytes, column);
    std::vector<double> back;
    store::Unpacker in(bytes);
    store::take_numbers(in, column.size(), back);
    REQUIRE_FALSE(in.broken());
    CHECK(in.left() == 0);
    REQUIRE(back.size() == column.size());
    bool same = true;
    for (std::size_t i = 0; i < column.size(); ++i)
      same = same && std::bit_cast<std::uint64_t>(back[i]) == std::bit_cast<std::uint64_t>(column[i]);
    CHECK(same);
    if (column.size() == 1000) CHECK(bytes.size() < 4000);  // half of what they are
    for (std::size_t n = 0; n < bytes.size(); ++n) {
      store::Unpacker cut(std::string_view(bytes).substr(0, n));
      store::take_numbers(cut, column.size(), back);
      CHECK(cut.broken());
    }
  }
  const auto most = std::numeric_limits<std::int64_t>::max(), least = std::numeric_limits<std::int64_t>::min();
  for (const std::vector<std::int64_t>& column : std::vector<std::vector<std::int64_t>>{{},
                                                                                        {7, 7, 7},
                                                                                        {least, most},
                                                                                        {-1, 255 - 1},
                                                                                        {0, 256},
                                                                                        {-5, 65530},
                                                                                        {0, 65536},
                                                                                        {1, 4294967296},
                                                                                        {0, 4294967296}}) {
    std::string bytes;
    store::put_integers(bytes, column);
    std::vector<std::int64_t> back;
    store::Unpacker in(bytes);
    store::take_integers(in, column.size(), back);
    CHECK(back == column);
    CHECK_FALSE(in.broken());
  }
}

TEST_CASE("an archive gives back all of its snapshots, field for field") {
  const test::Folder folder;
  for (const std::uint64_t seed : {1, 2, 3}) {
    const std::vector<Snapshot> snapshots = made_up(seed);
    check_same(archive_of(folder, snapshots), snapshots);
  }
  check_same(archive_of(folder, {}), {});
  std::size_t visits = 0;
  const auto stopped =
      read_chains(archive_of(folder, made_up(4)), [&](const Snapshot&, double) { return ++visits < 5; });
  CHECK(stopped.value() == 5);
  CHECK(folder.files() == 1);
}

TEST_CASE("the sample's chain comes back from an archive") {
  const test::Folder folder;
  const std::string examples = std::string(BALLAST_SOURCE_DIR) + "/examples/";
  std::vector<Snapshot> snapshots;
  snapshots.push_back(store::read_snapshot({examples + "btc-chain.json"}).value());
  snapshots.push_back(store::read_snapshot({examples + "btc-chain.json", examples + "btc-instruments.json",
                                            examples + "btc-perpetual.json", examples + "btc-orderbook.json"})
                          .value());
  snapshots.push_back(snapshots.front());
  REQUIRE(snapshots[1].quotes.at("BTC-PERPETUAL").bids.size() == 20);
  check_same(archive_of(folder, snapshots), snapshots);
}

TEST_CASE("recorded chains come back from an archive") {
  const auto month = test::shared("data/deribit-optionchain-20251230-20260331/snapshots-202601.tar.zst");
  if (!month) return;
  const test::Folder folder;
  std::vector<Snapshot> snapshots;
  std::size_t bytes = 0;
  REQUIRE(store::for_each_member(*month, store::file_limit, [&](const std::string&, const std::string& content) {
    snapshots.push_back(store::snapshot_of(content).value());
    bytes += content.size();
    return snapshots.size() < 4;
  }));
  const std::string path = archive_of(folder, snapshots);
  check_same(path, snapshots);
  const double share = static_cast<double>(fs::file_size(path)) / static_cast<double>(bytes);
  MESSAGE(snapshots.size(), " snapshots of ", snapshots[0].quotes.size(), " quotes, ", share, " of their text");
  CHECK(share < 0.25);
}

TEST_CASE("an archive that is cut or damaged is refused, with the offset") {
  const test::Folder folder;
  std::vector<Snapshot> snapshots = made_up(5);
  snapshots.resize(3);
  for (Snapshot& s : snapshots) {
    while (s.quotes.size() > 6) s.quotes.erase(s.quotes.begin());
    std::erase_if(s.instruments, [&](const auto& entry) { return !s.quotes.contains(entry.first); });
  }
  const std::string path = archive_of(folder, snapshots), bytes = test::slurp(path);
  const auto read = [&](const std::string& content) {
    std::size_t same = 0;
    const std::string file = folder.file("bad.chains", content);
    const auto outcome = read_chains(file, [&](const Snapshot& s, double) {
      CHECK((told(s) == told(snapshots.at(same))));  // what was handed out before the fault was right
      ++same;
      return true;
    });
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().fault == Fault::bad_syntax);
    CHECK(outcome.error().what.find(file + ": byte ") == 0);
  };
  for (std::size_t n = 0; n < bytes.size(); n += n < 200 || n + 200 > bytes.size() ? 1 : 31) {
    CAPTURE(n);
    read(bytes.substr(0, n));
  }
  for (std::size_t n = 0; n < bytes.size(); n += n < 200 || n + 200 > bytes.size() ? 1 : 13) {
    CAPTURE(n);
    std::string flipped = bytes;
    flipped[n] = static_cast<char>(flipped[n] ^ 0x04);
    read(flipped);
  }
  read(bytes + "x");
  read(bytes + std::string(100, '\0'));
  read("venue,instrument,quantity,unit\n");
  CHECK(read_chains(folder.file("none"), [](const Snapshot&, double) { return true; }).error().fault ==
        Fault::unavailable);
}

TEST_CASE("a record that has the right checksum and the wrong bytes is an error too") {
  // Whatever stands in a block, its reader answers: here the blocks are wrong and their checksums right.
  const test::Folder folder;
  const std::vector<Snapshot> snapshots = made_up(6);
  std::vector<store::Record> records;
  const std::string path = archive_of(folder, snapshots);
  {
    const std::string bytes = test::slurp(path);
    for (std::size_t at = 16; at < bytes.size();) {  // the layout in journal.h
      store::Unpacker in(std::string_view(bytes).substr(at));
      store::Record r;
      const auto length = in.take<std::uint32_t>();
      r.sequence = in.take<std::uint64_t>(), r.kind = in.take<std::uint32_t>(), r.schema = in.take<std::uint32_t>();
      in.take<std::uint32_t>();
      r.bytes = in.take_bytes(length);
      records.push_back(r);
      at += 28 + length;
    }
  }
  const auto with = [&](const std::vector<store::Record>& list) {
    std::string bytes = store::file_head(store::chain_format);
    for (std::size_t i = 0; i < list.size(); ++i)
      bytes += store::packed_record(i + 1, list[i].kind, list[i].schema, list[i].bytes);
    return read_chains(folder.file("made.chains", bytes), [](const Snapshot&, double) { return true; });
  };
  CHECK(with(records).value() == snapshots.size());
  auto wrong = records;
  wrong[1].schema = 2;
  CHECK(with(wrong).error().fault == Fault::not_ours);
  CHECK(with(wrong).error().what.find("chains of schema 2, this version of Ballast knows 1, record 2") !=
        std::string::npos);
  wrong = records;
  wrong.erase(wrong.begin());  // without the block that its dictionary began in
  CHECK(with(wrong).error().fault == Fault::bad_syntax);
  wrong = records;
  wrong.pop_back();
  CHECK(with(wrong).error().what.find("the archive is cut: it has no end") != std::string::npos);
  wrong = records;
  wrong.erase(wrong.end() - 2);
  CHECK(with(wrong).error().what.find("another number of snapshots") != std::string::npos);
  wrong = records;
  wrong.push_back(records[0]);
  CHECK(with(wrong).error().what.find("behind the archive's end") != std::string::npos);
  wrong = records;
  wrong[0].bytes.replace(0, 4, std::string("\xff\xff\xff\xff"));
  CHECK(with(wrong).error().fault == Fault::limit);
}

TEST_CASE("a newer archive is refused") {
  const test::Folder folder;
  std::string head = "BALCHNS\n";
  store::put(head, std::uint32_t{9});
  store::put(head, store::crc32_of(head));
  const auto read = read_chains(folder.file("new.chains", head), [](const Snapshot&, double) { return true; });
  CHECK(read.error().fault == Fault::not_ours);
  CHECK(read.error().what ==
        folder.file("new.chains") + ": byte 8: archive of chains of format 9, this version of Ballast knows 1");
}

TEST_CASE("an archive that cannot be finished leaves nothing behind") {
  const test::Folder folder;
  const std::string path = folder.file("old.chains", "what was there");
  {
    ChainArchiveWriter writer = ChainArchiveWriter::create(path).value();
    Snapshot snapshot;
    snapshot.quotes["BTC-PERPETUAL"].instrument = "BTC-PERPETUAL";
    CHECK(writer.add(snapshot)->what == path + ": snapshot 1: the quote of 'BTC-PERPETUAL' has no instrument");
    snapshot.instruments["BTC-PERPETUAL"].name = "ETH-PERPETUAL";
    CHECK(writer.add(snapshot)->fault == Fault::bad_input);
    snapshot.instruments["BTC-PERPETUAL"].name = "BTC-PERPETUAL";
    CHECK_FALSE(writer.add(snapshot));
    CHECK(writer.snapshots() == 1);
    CHECK(folder.files() == 2);
  }
  CHECK(test::slurp(path) == "what was there");
  CHECK(folder.files() == 1);
  CHECK_FALSE(store::is_chain_archive(path));
  CHECK(store::is_chain_archive(archive_of(folder, {})));
  CHECK_FALSE(store::is_chain_archive("-"));
  CHECK(ChainArchiveWriter::create(folder.file("no/such.chains")).error().fault == Fault::unavailable);
  CHECK(ChainArchiveWriter::create("/dev/full").error().what == "/dev/full: cannot be written: not a regular file");
}
