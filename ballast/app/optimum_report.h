#pragma once
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "ballast/hedge/solve.h"

namespace ballast::app {

/// What an optimised plan rests on, for people: goals and limits with their prices, costs, risk, bound, the next best.
std::string optimum_text(const hedge::Plan& plan);

/// The same as the object of docs/hedge-json.md. Domain  a plan with an optimum.
nlohmann::ordered_json optimum_json(const hedge::Plan& plan);

/// "BUY 1200 USD BTC-PERPETUAL": the legs of a plan, one a piece.
std::vector<std::string> leg_words(const hedge::Plan& plan);

/// A goal or limit in the units of screens: vega per vol point, theta per day.
hedge::Held on_screen(hedge::Held held);

}  // namespace ballast::app
