#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ballast/store/internal/packing.h"

namespace ballast::store {

/// A column of whole numbers: the least of them, then what each has over it in 0, 1, 2, 4 or 8 bytes.
void put_integers(std::string& out, std::span<const std::int64_t> column);

/// A column of doubles, each given back bit for bit. What a venue sends is decimals with few places, so it is kept as
/// m · 10^-k where (double)m / 10^k is the very double (both are exact below 2^53 and 10^22, so the quotient is the one
/// that a reader of the decimal text gives), or as (m / 10^k) / 100 for what came as percent; what does not fit is
/// listed apart. The idea is that of A. Afroozeh, L. Kuffó, P. Boncz, "ALP: Adaptive Lossless floating-Point
/// Compression", Proc. ACM Management of Data 1(4) (2023), without its sampling. Else a table of the distinct values
/// where they are few (a forward stands beside every option of its expiry), else the doubles as they are.
void put_numbers(std::string& out, std::span<const double> column);

/// Absent values, then the others as put_numbers() has them.
void put_optionals(std::string& out, std::span<const std::optional<double>> column);

// What the above wrote. `n` is the number that the caller expects; a column that is broken, or has another number, sets
// in.broken() and what is in `column` means nothing.
void take_integers(Unpacker& in, std::size_t n, std::vector<std::int64_t>& column);
void take_numbers(Unpacker& in, std::size_t n, std::vector<double>& column);

/// A column of optionals, dense: values only where present.
class OptionalColumn {
 public:
  void take(Unpacker& in, std::size_t n);
  /// The next value; called at most n times.
  std::optional<double> next() {
    const bool there = mode_ == 1 || (mode_ == 2 && mask_[at_] != '\0');
    ++at_;
    return there ? std::optional<double>(values_[used_++]) : std::nullopt;
  }
  std::size_t size() const { return values_.size(); }  ///< how many are present

 private:
  std::uint8_t mode_ = 0;  // 0 none, 1 all, 2 by mask
  std::string_view mask_;
  std::vector<double> values_;
  std::size_t at_ = 0, used_ = 0;
};

}  // namespace ballast::store
