#include "ballast/app/backtest_page.h"

#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "ballast/app/backtest_json.h"
#include "tests/synthetic_run.h"

using namespace ballast;

TEST_CASE("backtest page: one file with its data, and nothing from outside") {
  auto rules = test::synthetic_rules(20260809, 400);
  rules[4].name = "weekly </script><b>";
  const auto summary = sim::summarise(Numeraire::coin, rules, {}, Rng(1)).value();
  const std::string page = app::backtest_page(app::backtest_json({"4f1d", "short & \"gamma\"", "BTC"}, summary, rules));
  CHECK(page.find("<title>BTC backtest, short &amp; &quot;gamma&quot;</title>") != std::string::npos);
  CHECK(page.find("{{") == std::string::npos);
  CHECK(page.find("\"series\"") != std::string::npos);
  CHECK(page.find("</script><b>") == std::string::npos);
  CHECK(page.find("style=") == std::string::npos);  // the policy would not allow it
  for (const char* outside : {"http:", "https:", "@import", "url("}) CHECK(page.find(outside) == std::string::npos);
}
