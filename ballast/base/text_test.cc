#include "ballast/base/text.h"

#include <doctest/doctest.h>

using namespace ballast;

TEST_CASE("parse_decimal is exact or nothing") {
  CHECK(parse_decimal("0.014", 8) == 1'400'000);
  CHECK(parse_decimal("61737.63000000", 8) == 6'173'763'000'000);
  CHECK(parse_decimal("61737.63000000", 2) == 6'173'763);
  CHECK(parse_decimal("1001", 0) == 1001);
  CHECK(parse_decimal("007", 1) == 70);
  CHECK(parse_decimal("0", 18) == 0);
  CHECK(parse_decimal("9223372036854775807", 0) == 9'223'372'036'854'775'807);
  CHECK(parse_decimal("92233720368.54775807", 8) == 9'223'372'036'854'775'807);
  for (const char* text : {"", ".", "1.", ".5", "1.2.3", "-1", "+1", "1e3", " 1", "1 ", "nan", "0x1", "1,0",
                           "0.123456789", "92233720368.54775808", "9223372036854775808", "100000000000"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_decimal(text, 8));
  }
}
