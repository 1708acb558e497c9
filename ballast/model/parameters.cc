#include "ballast/model/parameters.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace ballast::model {
namespace {

// The ranges stand in parameters.h beside their numbers.
constexpr Parameter vol{"vol", "1/sqrt(year)", 1e-4, 10.0};
constexpr Parameter rate{"jump_rate", "1/year", 0.0, 500.0}, mean{"jump_mean", "", -3.0, 3.0},
    deviation{"jump_deviation", "", 0.0, 3.0};
constexpr Parameter v0{"v0", "1/year", 0.0, 25.0}, kappa{"kappa", "1/year", 0.0, 1000.0},
    theta{"theta", "1/year", 0.0, 25.0}, xi{"xi", "1/year", 1e-4, 50.0}, rho{"rho", "", -1.0, 1.0};

constexpr Parameter black_numbers[] = {vol};
constexpr Parameter merton_numbers[] = {vol, rate, mean, deviation};
constexpr Parameter kou_numbers[] = {
    vol, rate, {"up_share", "", 0.0, 1.0}, {"up_rate", "", 1.001, 1e4}, {"down_rate", "", 0.01, 1e4}};
constexpr Parameter heston_numbers[] = {v0, kappa, theta, xi, rho};
constexpr Parameter bates_numbers[] = {v0, kappa, theta, xi, rho, rate, mean, deviation};
constexpr Parameter svcj_numbers[] = {v0,
                                      kappa,
                                      theta,
                                      xi,
                                      rho,
                                      rate,
                                      mean,
                                      deviation,
                                      {"variance_jump", "1/year", 0.0, 25.0},
                                      {"jump_slope", "year", -50.0, 50.0}};
constexpr Parameter rough_numbers[] = {v0, kappa, theta, xi, rho, {"hurst", "", 0.01, 0.5}};
constexpr Parameter vg_numbers[] = {
    {"sigma", "1/sqrt(year)", 1e-4, 10.0}, {"nu", "year", 1e-5, 100.0}, {"theta", "1/year", -10.0, 10.0}};
constexpr Parameter nig_numbers[] = {{"alpha", "", 0.51, 1e4}, {"beta", "", -1e4, 1e4}, {"delta", "1/year", 1e-5, 1e4}};
constexpr Parameter cgmy_numbers[] = {
    {"c", "1/year", 0.0, 1e3}, {"g", "", 1e-3, 1e3}, {"m", "", 1.001, 1e3}, {"y", "", -5.0, 1.999}};

constexpr std::string_view names[] = {"black", "merton",         "kou", "heston", "bates",
                                      "svcj",  "variance-gamma", "nig", "cgmy",   "rough-heston"};
constexpr std::span<const Parameter> numbers[] = {black_numbers, merton_numbers, kou_numbers, heston_numbers,
                                                  bates_numbers, svcj_numbers,   vg_numbers,  nig_numbers,
                                                  cgmy_numbers,  rough_numbers};
static_assert(std::size(names) == std::variant_size_v<TransformModel> && std::size(numbers) == std::size(names));

std::vector<double> list(const BlackScholes& m) { return {m.vol}; }
std::vector<double> list(const Merton& m) { return {m.vol, m.jumps.rate, m.jumps.mean, m.jumps.deviation}; }
std::vector<double> list(const Kou& m) { return {m.vol, m.rate, m.up_share, m.up_rate, m.down_rate}; }
std::vector<double> list(const Heston& m) { return {m.v0, m.kappa, m.theta, m.xi, m.rho}; }
std::vector<double> list(const Bates& m) {
  const auto& h = m.heston;
  return {h.v0, h.kappa, h.theta, h.xi, h.rho, m.jumps.rate, m.jumps.mean, m.jumps.deviation};
}
std::vector<double> list(const Svcj& m) {
  std::vector<double> v = list(Bates{m.heston, m.jumps});
  v.insert(v.end(), {m.variance_jump, m.jump_slope});
  return v;
}
std::vector<double> list(const VarianceGamma& m) { return {m.sigma, m.nu, m.theta}; }
std::vector<double> list(const Nig& m) { return {m.alpha, m.beta, m.delta}; }
std::vector<double> list(const Cgmy& m) { return {m.c, m.g, m.m, m.y}; }
std::vector<double> list(const RoughHeston& m) {
  std::vector<double> v = list(m.heston);
  v.push_back(m.hurst);
  return v;
}

TransformModel filled(std::size_t model, std::span<const double> v) {
  const auto heston = [&] { return Heston{.v0 = v[0], .kappa = v[1], .theta = v[2], .xi = v[3], .rho = v[4]}; };
  const auto jumps = [&](std::size_t i) { return NormalJumps{.rate = v[i], .mean = v[i + 1], .deviation = v[i + 2]}; };
  switch (model) {
    case 0: return BlackScholes{v[0]};
    case 1: return Merton{v[0], jumps(1)};
    case 2: return Kou{v[0], v[1], v[2], v[3], v[4]};
    case 3: return heston();
    case 4: return Bates{heston(), jumps(5)};
    case 5: return Svcj{heston(), jumps(5), v[8], v[9]};
    case 6: return VarianceGamma{v[0], v[1], v[2]};
    case 7: return Nig{v[0], v[1], v[2]};
    case 8: return Cgmy{v[0], v[1], v[2], v[3]};
    default: return RoughHeston{heston(), v[5]};
  }
}

Error refusal(std::string_view model, std::string what) {
  return Error{Fault::bad_input, std::string(model) + ": " + std::move(what)};
}

// What two numbers must keep to between them.
template <class M>
std::optional<std::string> conflict(const M&) {
  return std::nullopt;
}
std::optional<std::string> conflict(const Svcj& m) {
  if (m.jump_slope * m.variance_jump <= 0.999) return std::nullopt;
  return "jump_slope times variance_jump is " + std::to_string(m.jump_slope * m.variance_jump) +
         ", above 0.999: the mean jump would be infinite";
}
std::optional<std::string> conflict(const VarianceGamma& m) {
  const double used = m.theta * m.nu + 0.5 * m.sigma * m.sigma * m.nu;
  if (used <= 0.999) return std::nullopt;
  return "theta nu + sigma² nu/2 is " + std::to_string(used) + ", above 0.999: the forward would be infinite";
}
std::optional<std::string> conflict(const Nig& m) {
  if (std::abs(m.beta) < m.alpha && std::abs(m.beta + 1.0) < m.alpha) return std::nullopt;
  return "alpha is " + std::to_string(m.alpha) + ", not above |beta| and |beta + 1| with beta " +
         std::to_string(m.beta);
}
std::optional<std::string> conflict(const Cgmy& m) {
  if (std::abs(m.y) >= 1e-5 && std::abs(m.y - 1.0) >= 1e-5) return std::nullopt;
  return "y is " + std::to_string(m.y) + ", within 0.00001 of 0 or 1, where the formula has no value";
}

}  // namespace

std::string_view name(const TransformModel& model) { return names[model.index()]; }
std::span<const std::string_view> model_names() { return names; }

std::span<const Parameter> parameters(std::string_view model) {
  const auto at = std::find(std::begin(names), std::end(names), model);
  return at == std::end(names) ? std::span<const Parameter>() : numbers[at - std::begin(names)];
}

std::vector<double> values(const TransformModel& model) {
  return std::visit([](const auto& m) { return list(m); }, model);
}

Result<TransformModel> model_of(std::string_view name, std::span<const double> values) {
  const auto at = std::find(std::begin(names), std::end(names), name);
  if (at == std::end(names)) return Error{Fault::bad_input, "no model is called '" + std::string(name) + "'"};
  const auto index = static_cast<std::size_t>(at - std::begin(names));
  if (values.size() != numbers[index].size())
    return refusal(name,
                   "has " + std::to_string(numbers[index].size()) + " numbers, not " + std::to_string(values.size()));
  const TransformModel model = filled(index, values);
  if (auto wrong = fault(model)) return *wrong;
  return model;
}

std::optional<Error> fault(const TransformModel& model) {
  const std::vector<double> v = values(model);
  const std::span<const Parameter> known = numbers[model.index()];
  for (std::size_t i = 0; i < v.size(); ++i) {
    if (v[i] >= known[i].lowest && v[i] <= known[i].highest) continue;
    return refusal(name(model), std::string(known[i].name) + " is " + std::to_string(v[i]) + ", outside [" +
                                    std::to_string(known[i].lowest) + ", " + std::to_string(known[i].highest) + "]");
  }
  if (auto text = std::visit([](const auto& m) { return conflict(m); }, model)) return refusal(name(model), *text);
  return std::nullopt;
}

}  // namespace ballast::model
