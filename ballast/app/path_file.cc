#include "ballast/app/path_file.h"

#include <bit>
#include <cassert>
#include <cstring>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ballast/base/text.h"
#include "ballast/store/part_file.h"

namespace ballast::app {
namespace {

constexpr double csv_row_bytes = 65.0;  // time, path, two numbers of up to 17 digits
constexpr std::size_t alignment = 64;   // of the numbers behind the header

/// The header's line, filled up with spaces so that the numbers begin at a multiple of 64.
std::string header_line(const PathFileHead& head) {
  nlohmann::ordered_json columns = {head.forward ? "price_usd" : "log_price"};
  if (head.variance) columns.push_back("variance");
  const nlohmann::ordered_json j = {
      {"schema", "ballast.paths/1"},
      {"type", "float64"},
      {"byte_order", "little"},
      {"shape", {head.paths, columns.size(), head.steps + 1}},
      {"axes", {"path", "column", "time"}},
      {"columns", columns},
      {"years", head.years},
      {"steps", head.steps},
      {"forward_usd", head.forward ? nlohmann::ordered_json(*head.forward) : nlohmann::ordered_json()},
      {"model", nlohmann::ordered_json::parse(head.model)},
      {"draws", head.draws},
      {"seed", head.seed},
      {"antithetic", head.antithetic}};
  std::string line = j.dump();
  line.append(alignment - 1 - line.size() % alignment, ' ');
  return line + "\n";
}

void put(std::string& out, double value) {
  auto bits = std::bit_cast<std::uint64_t>(value);
  if constexpr (std::endian::native == std::endian::big) bits = __builtin_bswap64(bits);
  char bytes[sizeof bits];
  std::memcpy(bytes, &bits, sizeof bits);
  out.append(bytes, sizeof bits);
}

}  // namespace

struct PathFile::Parts {
  store::PartFile file;
  PathFileHead head;
  bool csv;
  std::uint64_t next = 0, bytes = 0;
  std::string buffer;
  std::vector<std::string> times;  // of a CSV, as they are written

  std::optional<Error> flush() {
    auto fault = file.write(buffer);
    bytes += buffer.size();
    buffer.clear();
    return fault;
  }
};

PathFile::PathFile(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
PathFile::PathFile(PathFile&&) noexcept = default;
PathFile& PathFile::operator=(PathFile&&) noexcept = default;
PathFile::~PathFile() = default;
std::uint64_t PathFile::bytes() const { return parts_->bytes; }

Result<PathFile> PathFile::create(const std::string& path, const PathFileHead& head) {
  const bool csv = path.ends_with(".csv");
  if (!csv && !path.ends_with(".bin"))
    return Error{Fault::bad_flag, "--out " + ballast::quoted(path) + ": .csv or .bin is due"};
  const double rows = static_cast<double>(head.paths) * (head.steps + 1.0);
  const double bytes = rows * (csv ? csv_row_bytes : 8.0 * (head.variance ? 2.0 : 1.0));
  if (!(bytes <= most_path_bytes))
    return Error{
        Fault::limit,
        fmt::format("--paths {} of --steps {}: {:.3g} rows, some {:.0f} GB of {}; at most {:.0f} GB", head.paths,
                    head.steps, rows, bytes / 1e9, csv ? "CSV" : "float64", most_path_bytes / 1e9)};
  auto file = store::PartFile::create(path);
  if (!file) return file.error();
  auto parts = std::make_unique<Parts>(
      Parts{.file = std::move(file).value(), .head = head, .csv = csv, .buffer = {}, .times = {}});
  parts->buffer = csv ? fmt::format("time_years,path,{}{}\n", head.forward ? "price_usd" : "log_price",
                                    head.variance ? ",variance" : "")
                      : header_line(head);
  for (int t = 0; csv && t <= head.steps; ++t)
    parts->times.push_back(shortest(head.years * static_cast<double>(t) / static_cast<double>(head.steps)));
  if (auto fault = parts->flush()) return *fault;
  return PathFile(std::move(parts));
}

std::optional<Error> PathFile::add(std::size_t paths, std::span<const double> price, std::span<const double> variance) {
  const PathFileHead& head = parts_->head;
  const std::size_t times = static_cast<std::size_t>(head.steps) + 1;
  assert(price.size() == paths * times && variance.size() == (head.variance ? price.size() : 0));
  std::string& out = parts_->buffer;
  for (std::size_t i = 0; i < paths; ++i) {
    if (!parts_->csv) {
      for (std::size_t t = 0; t < times; ++t) put(out, price[t * paths + i]);
      if (head.variance)
        for (std::size_t t = 0; t < times; ++t) put(out, variance[t * paths + i]);
      continue;
    }
    for (std::size_t t = 0; t < times; ++t) {
      out += parts_->times[t];
      out += ',';
      out += std::to_string(parts_->next + i);
      out += ',';
      out += shortest(price[t * paths + i]);
      if (head.variance) out += ',' + shortest(variance[t * paths + i]);
      out += '\n';
    }
  }
  parts_->next += paths;
  return parts_->flush();
}

std::optional<Error> PathFile::finish() {
  assert(parts_->next == parts_->head.paths);
  return parts_->file.commit();
}

}  // namespace ballast::app
