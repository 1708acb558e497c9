#include "ballast/venue/price_series_csv.h"

#include <doctest/doctest.h>

using namespace ballast;
using venue::decode_price_series_csv;

TEST_CASE("price series: columns by name in the order asked for, with the lines they stand in") {
  const auto found = decode_price_series_csv("# made up\nday,BTC,ETH\n1, 100 ,10\n\n2,101.5,1e1\r\n", {"ETH", "BTC"});
  REQUIRE(found);
  CHECK(found.value().columns == std::vector<std::vector<double>>{{10.0, 10.0}, {100.0, 101.5}});
  CHECK(found.value().lines == std::vector<std::size_t>{3, 5});
}

TEST_CASE("price series: what is wrong is named with its line") {
  const auto says = [](const char* bytes, const std::vector<std::string>& names, const std::string& word) {
    const auto found = decode_price_series_csv(bytes, names);
    REQUIRE(!found);
    CAPTURE(found.error().what);
    CHECK(found.error().what.find(word) != std::string::npos);
  };
  says("a,b\n1,2\n", {"c"}, "line 1: the column c is missing");
  says("a,a\n1,2\n", {"a"}, "line 1: the column a is there twice");
  says("a,b\n1,2\n", {"a", "a"}, "asked for twice");
  says("a,b\n1,2\n1,\n", {"a", "b"}, "line 3: b: ''");
  says("a,b\n1,nan\n", {"b"}, "line 2: b: 'nan'");
  says("a,b\n1,2,3\n", {"b"}, "line 2: 3 fields");
  says("a,b\n", {"b"}, "no rows");
  says("", {"b"}, "no header");
}
