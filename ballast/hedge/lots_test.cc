#include "ballast/hedge/lots.h"

#include <limits>

#include <doctest/doctest.h>

using namespace ballast;

TEST_CASE("whole lots, halves to even") {
  market::Instrument i;
  i.name = "X";
  i.lot = 10.0;
  CHECK(hedge::lots_of(i, 14.9).value() == 1);
  CHECK(hedge::lots_of(i, 15.1).value() == 2);
  CHECK(hedge::lots_of(i, 25.0).value() == 2);
  CHECK(hedge::lots_of(i, -35.0).value() == -4);
  CHECK(hedge::lots_of(i, 4.9).value() == 0);
  CHECK(hedge::amount_of_lots(i, -188957) == -1889570.0);
}

TEST_CASE("decimal lots give the venue's own decimals") {
  market::Instrument i;
  i.lot = 0.1;
  CHECK(hedge::amount_of_lots(i, 3) == 0.3);
  CHECK(hedge::amount_of_lots(i, 7) == 0.7);
  i.lot = 0.001;
  CHECK(hedge::amount_of_lots(i, 1234567) == 1234.567);
  i.lot = 2.5;
  CHECK(hedge::amount_of_lots(i, 3) == 7.5);
}

TEST_CASE("what has no lots is refused") {
  market::Instrument i;
  i.lot = 0.1;
  CHECK(hedge::lots_of(i, std::numeric_limits<double>::quiet_NaN()).error().fault == Fault::bad_input);
  CHECK(hedge::lots_of(i, std::numeric_limits<double>::infinity()).error().fault == Fault::bad_input);
  CHECK(hedge::lots_of(i, 1e30).error().fault == Fault::limit);
}
