#include "ballast/base/codec.h"

#include <cmath>

#include <doctest/doctest.h>

#include "tests/codec_laws.h"

namespace {

enum class Colour { red, green, blue };
enum class Lone : std::uint32_t { only };
struct Nothing {};
struct Inner {
  std::int16_t a = 0;
  std::optional<double> b;
};
struct Outer {
  Colour colour = Colour::red;
  ballast::Time at;
  ballast::Vol vol;
  std::vector<Inner> inner;
  std::map<std::string, std::pair<bool, std::int32_t>> by_name;
  std::variant<Nothing, std::string, Inner> one;
  std::array<std::uint8_t, 3> three{};
};

template <class T>
std::string hex(const T& value) {
  static constexpr const char* digits = "0123456789abcdef";
  std::string out;
  for (const char c : ballast::encoded(value)) {
    out += digits[static_cast<unsigned char>(c) >> 4];
    out += digits[c & 15];
  }
  return out;
}

}  // namespace

template <>
inline constexpr std::size_t ballast::member_count<Nothing> = 0;
template <>
inline constexpr std::size_t ballast::member_count<Inner> = 2;
template <>
inline constexpr std::size_t ballast::member_count<Outer> = 7;

using namespace ballast;

TEST_CASE("an enum knows its names without a list of them") {
  CHECK(enumerators<Colour>() == 3);
  CHECK(enumerators<Lone>() == 1);
  CHECK(enumerators<Numeraire>() == 2);
  CHECK(enumerators<Fault>() == 11);
}

TEST_CASE("members are references, in order") {
  Inner x{.a = 3, .b = 0.5};
  std::get<1>(members_of(x)) = 2.0;
  CHECK(*x.b == 2.0);
  const Inner& fixed = x;
  CHECK(&std::get<0>(members_of(fixed)) == &x.a);
  CHECK(std::tuple_size_v<decltype(members_of(x))> == 2);
}

// The bytes by hand, from what the head of codec.h says.
TEST_CASE("values have the bytes that are written down") {
  CHECK(hex(std::uint8_t{0xab}) == "ab");
  CHECK(hex(std::int16_t{-2}) == "feff");
  CHECK(hex(std::uint32_t{0x01020304}) == "04030201");
  CHECK(hex(std::int64_t{1'700'000'000'000}) == "0068e5cf8b010000");
  CHECK(hex(Time{-1}) == "ffffffffffffffff");
  CHECK(hex(1.0) == "000000000000f03f");
  CHECK(hex(-0.0) == "0000000000000080");
  CHECK(hex(Vol(0.5)) == "000000000000e03f");
  CHECK(hex(true) == "01");
  CHECK(hex(Colour::blue) == "02");
  CHECK(hex(std::string("hi")) == "02000000000000006869");
  CHECK(hex(std::optional<bool>()) == "00");
  CHECK(hex(std::optional<bool>(false)) == "0100");
  CHECK(hex(std::vector<std::uint8_t>{7, 9}) == "02000000000000000709");
  CHECK(hex(std::map<std::string, bool>{{"b", true}, {"a", false}}) ==
        "0200000000000000"
        "010000000000000061"
        "00"
        "010000000000000062"
        "01");
  CHECK(hex(std::array<std::int16_t, 2>{1, 2}) == "01000200");
  CHECK(hex(std::pair<bool, std::uint8_t>(true, 5)) == "0105");
  CHECK(hex(std::variant<Nothing, std::uint8_t>(std::uint8_t{4})) == "0104");
  CHECK(hex(std::variant<Nothing, std::uint8_t>()) == "00");
  CHECK(hex(Inner{.a = 1, .b = 1.0}) == "010001000000000000f03f");
}

TEST_CASE("every NaN keeps its payload") {
  for (const std::uint64_t bits : {0x7ff8'0000'0000'0000u, 0xfff8'0000'0000'0001u, 0x7ff0'0000'0000'0001u,
                                   0x7ff4'dead'beef'0000u, 0xffff'ffff'ffff'ffffu}) {
    const double x = std::bit_cast<double>(std::uint64_t{bits});
    REQUIRE(std::isnan(x));
    CHECK(std::bit_cast<std::uint64_t>(decoded<double>(encoded(x)).value()) == bits);
  }
}

TEST_CASE("random values come back bit for bit") {
  const auto write = [](const auto& x) { return encoded(x); };
  test::check_round_trip<Outer>(20261130, 2000, write, [](std::string_view b) { return decoded<Outer>(b); });
}

TEST_CASE("no bytes are misread, whatever was done to them") {
  const auto write = [](const auto& x) { return encoded(x); };
  test::check_hostile<Outer>(20261201, 100, write, [](std::string_view b) { return decoded<Outer>(b); });
}

TEST_CASE("a refusal says where and what") {
  const auto what = []<class T>(const Result<T>& result) {
    REQUIRE_FALSE(result);
    CHECK(result.error().fault == Fault::bad_syntax);
    return result.error().what;
  };
  CHECK(what(decoded<std::uint32_t>("abc")) == "offset 0: the bytes end");
  CHECK(what(decoded<bool>("\x02")) == "offset 0: flag 2 of 2");
  CHECK(what(decoded<Colour>("\x03")) == "offset 0: enum value 3 of 3");
  CHECK(what(decoded<std::variant<Nothing, bool>>("\x05")) == "offset 0: alternative 5 of 2");
  CHECK(what(decoded<std::string>(std::string("\x03\0\0\0\0\0\0\0ab", 10))) ==
        "offset 0: a length of 3 where 2 bytes are left");
  CHECK(what(decoded<std::vector<Inner>>(std::string(8, '\xff'))) ==
        "offset 0: a length of 18446744073709551615 where 0 bytes are left");
  CHECK(what(decoded<bool>(std::string("\x01\x00", 2))) == "offset 1: 1 bytes too many");
  const std::map<std::string, bool> map{{"a", true}, {"b", true}};
  std::string bytes = encoded(map);
  bytes[16] = 'c';  // the first key
  CHECK(what(decoded<std::map<std::string, bool>>(bytes)) == "offset 27: a key that is not above the one before it");
  bytes[16] = 'b';
  CHECK_FALSE(decoded<std::map<std::string, bool>>(bytes));
}

TEST_CASE("a seal says what the bytes are and in which version") {
  constexpr Seal seal{"BALTEST\n", 2};
  const std::string bytes = sealed(seal, Inner{.a = 5});
  CHECK(bytes.substr(0, 12) == std::string("BALTEST\n\x02\0\0\0", 12));
  CHECK(unsealed<Inner>(seal, bytes).value().a == 5);
  const auto newer = unsealed<Inner>({"BALTEST\n", 1}, bytes);
  REQUIRE_FALSE(newer);
  CHECK(newer.error().fault == Fault::not_ours);
  CHECK(newer.error().what == "version 2, this program has 1");
  const auto other = unsealed<Inner>({"BALELSE\n", 2}, bytes);
  REQUIRE_FALSE(other);
  CHECK(other.error().fault == Fault::bad_syntax);
  CHECK(other.error().what == "does not begin with BALELSE");
  for (std::size_t size = 0; size < bytes.size(); ++size) CHECK_FALSE(unsealed<Inner>(seal, bytes.substr(0, size)));
}
