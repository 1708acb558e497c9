#include "ballast/store/internal/column_packing.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <map>

namespace ballast::store {
namespace {

enum Scheme : std::uint8_t { plain = 0, decimal = 1, percent = 2, table = 3 };

constexpr int most_places = 12;  // beyond that a double has no room for the digits in front of the point
constexpr std::array<double, most_places + 1> powers = {1e0, 1e1, 1e2, 1e3,  1e4,  1e5, 1e6,
                                                        1e7, 1e8, 1e9, 1e10, 1e11, 1e12};
constexpr double exact_below = 9007199254740992.0;  // 2^53
constexpr std::size_t most_distinct = 4096;

double value_of(std::int64_t digits, Scheme scheme, int places) {
  const double value = static_cast<double>(digits) / powers[static_cast<std::size_t>(places)];
  return scheme == percent ? value / 100.0 : value;
}

bool same_bits(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

std::optional<std::int64_t> digits_of(double value, Scheme scheme, int places) {
  const double scaled = value * powers[static_cast<std::size_t>(places)] * (scheme == percent ? 100.0 : 1.0);
  if (!(std::abs(scaled) < exact_below)) return std::nullopt;
  const auto digits = static_cast<std::int64_t>(std::llround(scaled));
  return same_bits(value_of(digits, scheme, places), value) ? std::optional(digits) : std::nullopt;
}

/// How many values the scheme cannot have; counting ends at `enough`.
std::size_t misfits(std::span<const double> column, Scheme scheme, int places, std::size_t enough) {
  std::size_t n = 0;
  for (std::size_t i = 0; i < column.size() && n < enough; ++i) n += digits_of(column[i], scheme, places) ? 0 : 1;
  return n;
}

template <class T>
void append(std::string& out, std::span<const std::int64_t> column, std::uint64_t least) {
  for (const std::int64_t value : column) put(out, static_cast<T>(static_cast<std::uint64_t>(value) - least));
}

template <class T>
void spread(std::string_view bytes, std::uint64_t least, std::vector<std::int64_t>& column) {
  for (std::size_t i = 0; i < column.size(); ++i) {
    column[i] = static_cast<std::int64_t>(least + whole_number<T>(bytes.data() + i * sizeof(T)));
  }
}

}  // namespace

void put_integers(std::string& out, std::span<const std::int64_t> column) {
  if (column.empty()) return;
  const auto [low, high] = std::minmax_element(column.begin(), column.end());
  const auto least = static_cast<std::uint64_t>(*low);
  const std::uint64_t range = static_cast<std::uint64_t>(*high) - least;
  const std::uint8_t width = range == 0 ? 0 : range < 1u << 8 ? 1 : range < 1u << 16 ? 2 : range >> 32 == 0 ? 4 : 8;
  put(out, least);
  put(out, width);
  switch (width) {
    case 1: return append<std::uint8_t>(out, column, least);
    case 2: return append<std::uint16_t>(out, column, least);
    case 4: return append<std::uint32_t>(out, column, least);
    case 8: return append<std::uint64_t>(out, column, least);
    default: return;
  }
}

void take_integers(Unpacker& in, std::size_t n, std::vector<std::int64_t>& column) {
  column.clear();
  if (n == 0) return;
  const auto least = in.take<std::uint64_t>();
  const auto width = in.take<std::uint8_t>();
  if (width > 8 || n > in.left() / std::max<std::size_t>(width, 1)) {
    if (width != 0) return in.refuse();
  }
  const std::string_view bytes = in.take_bytes(n * width);
  if (in.broken()) return;
  column.resize(n);
  switch (width) {
    case 0: return std::fill(column.begin(), column.end(), static_cast<std::int64_t>(least));
    case 1: return spread<std::uint8_t>(bytes, least, column);
    case 2: return spread<std::uint16_t>(bytes, least, column);
    case 4: return spread<std::uint32_t>(bytes, least, column);
    case 8: return spread<std::uint64_t>(bytes, least, column);
    default: return in.refuse();
  }
}

void put_numbers(std::string& out, std::span<const double> column) {
  if (column.empty()) return;
  Scheme best = plain;
  int best_places = 0;
  std::size_t fewest = column.size() / 8 + 1;  // more apart than that and the doubles themselves are shorter
  for (const Scheme scheme : {decimal, percent}) {
    for (int places = 0; places <= most_places && fewest > 0; ++places) {
      const std::size_t n = misfits(column, scheme, places, fewest);
      if (n < fewest) fewest = n, best = scheme, best_places = places;
    }
  }
  std::vector<std::int64_t> whole;
  whole.reserve(column.size());
  if (best != plain) {
    std::string apart;
    for (std::size_t i = 0; i < column.size(); ++i) {
      const auto digits = digits_of(column[i], best, best_places);
      // A number that is near the others keeps the column narrow.
      whole.push_back(digits ? *digits : whole.empty() ? 0 : whole.back());
      if (digits) continue;
      put(apart, static_cast<std::uint32_t>(i));
      put(apart, std::bit_cast<std::uint64_t>(column[i]));
    }
    put(out, static_cast<std::uint8_t>(best));
    put(out, static_cast<std::uint8_t>(best_places));
    put(out, static_cast<std::uint32_t>(fewest));
    out += apart;
    return put_integers(out, whole);
  }
  std::map<std::uint64_t, std::int64_t> place;
  std::string distinct;
  for (const double value : column) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    const auto [entry, fresh] = place.try_emplace(bits, static_cast<std::int64_t>(place.size()));
    if (fresh) put(distinct, bits);
    if (place.size() > std::min(most_distinct, column.size() / 4)) break;
    whole.push_back(entry->second);
  }
  if (whole.size() == column.size()) {
    put(out, static_cast<std::uint8_t>(table));
    put(out, static_cast<std::uint32_t>(place.size()));
    out += distinct;
    return put_integers(out, whole);
  }
  put(out, static_cast<std::uint8_t>(plain));
  for (const double value : column) put(out, std::bit_cast<std::uint64_t>(value));
}

void take_numbers(Unpacker& in, std::size_t n, std::vector<double>& column) {
  column.clear();
  if (n == 0) return;
  const auto scheme = in.take<std::uint8_t>();
  std::vector<std::int64_t> whole;
  if (scheme == plain) {
    if (n > in.left() / 8) return in.refuse();
    const std::string_view bytes = in.take_bytes(8 * n);
    column.resize(n);
    for (std::size_t i = 0; i < n; ++i)
      column[i] = std::bit_cast<double>(whole_number<std::uint64_t>(bytes.data() + 8 * i));
  } else if (scheme == decimal || scheme == percent) {
    const auto places = in.take<std::uint8_t>();
    const auto count = in.take<std::uint32_t>();
    if (places > most_places || count > n || count > in.left() / 12) return in.refuse();
    const std::string_view apart = in.take_bytes(std::size_t{12} * count);
    take_integers(in, n, whole);
    if (in.broken()) return;
    column.resize(n);
    const double power = powers[places];
    for (std::size_t i = 0; i < n; ++i) column[i] = static_cast<double>(whole[i]) / power;
    if (scheme == percent) {
      for (double& value : column) value /= 100.0;
    }
    for (std::size_t i = 0; i < count; ++i) {
      const char* const at = apart.data() + 12 * i;
      const auto row = whole_number<std::uint32_t>(at);
      if (row >= n) return in.refuse();
      column[row] = std::bit_cast<double>(whole_number<std::uint64_t>(at + 4));
    }
  } else if (scheme == table) {
    const auto count = in.take<std::uint32_t>();
    if (count > in.left() / 8) return in.refuse();
    const std::string_view distinct = in.take_bytes(std::size_t{8} * count);
    take_integers(in, n, whole);
    if (in.broken()) return;
    column.resize(n);
    for (std::size_t i = 0; i < n; ++i) {
      if (whole[i] < 0 || whole[i] >= count) return in.refuse();
      column[i] = std::bit_cast<double>(whole_number<std::uint64_t>(distinct.data() + 8 * whole[i]));
    }
  } else {
    in.refuse();
  }
}

void put_optionals(std::string& out, std::span<const std::optional<double>> column) {
  std::string mask;
  std::vector<double> there;
  for (const std::optional<double>& value : column) {
    mask.push_back(value ? '\1' : '\0');
    if (value) there.push_back(*value);
  }
  const std::uint8_t mode = there.empty() ? 0 : there.size() == column.size() ? 1 : 2;
  put(out, mode);
  if (mode == 2) out += mask;
  put_numbers(out, there);
}

void OptionalColumn::take(Unpacker& in, std::size_t n) {
  at_ = used_ = 0;
  mode_ = in.take<std::uint8_t>();
  if (mode_ > 2) return in.refuse();
  if (mode_ == 2) mask_ = in.take_bytes(n);
  const auto there =
      mode_ == 0 ? 0
      : mode_ == 1
          ? n
          : static_cast<std::size_t>(std::count_if(mask_.begin(), mask_.end(), [](char c) { return c != '\0'; }));
  take_numbers(in, there, values_);
}

}  // namespace ballast::store
