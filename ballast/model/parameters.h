#pragma once
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "ballast/base/result.h"

/// The models that have a characteristic function: what they are, by their parameters. All are written on the forward:
/// X = ln(S(T)/F(T)) under the pricing measure of the quote currency, E[e^X] = 1. Rates enter through the forward and
/// the discount factor, nowhere else. Time is in years, variance per year.
namespace ballast::model {

/// F. Black, J. Financial Economics 3 (1976): dF = vol F dW.
struct BlackScholes {
  double vol = 0.0;  ///< [0.0001, 10]
};

/// Jumps of the log-price at `rate` a year, each normal. Compensated: the forward stays a martingale.
struct NormalJumps {
  double rate = 0.0;       ///< [0, 500] a year
  double mean = 0.0;       ///< [-3, 3] of the log-price
  double deviation = 0.0;  ///< [0, 3] of the log-price
};

/// R. C. Merton, J. Financial Economics 3 (1976) 125-144.
struct Merton {
  double vol = 0.0;  ///< [0.0001, 10], of the Brownian part
  NormalJumps jumps;
};

/// S. G. Kou, Management Science 48 (2002) 1086-1101: jumps of the log-price, up with Exp(up_rate), down with
/// Exp(down_rate).
struct Kou {
  double vol = 0.0;        ///< [0.0001, 10], of the Brownian part
  double rate = 0.0;       ///< [0, 500] a year
  double up_share = 0.0;   ///< [0, 1] of the jumps
  double up_rate = 0.0;    ///< [1.001, 10000]: the mean jump up is 1/up_rate
  double down_rate = 0.0;  ///< [0.01, 10000]
};

/// S. L. Heston, Review of Financial Studies 6 (1993) 327-343: dF = sqrt(v) F dW,
/// dv = kappa (theta - v) dt + xi sqrt(v) dZ, dW dZ = rho dt. The Feller condition 2 kappa theta >= xi² is not asked
/// for: crypto smiles hardly ever meet it.
struct Heston {
  double v0 = 0.0;     ///< [0, 25]
  double kappa = 0.0;  ///< [0, 1000] a year
  double theta = 0.0;  ///< [0, 25]
  double xi = 0.0;     ///< [0.0001, 50]
  double rho = 0.0;    ///< [-1, 1]
};

/// D. S. Bates, Review of Financial Studies 9 (1996) 69-107.
struct Bates {
  Heston heston;
  NormalJumps jumps;
};

/// D. Duffie, J. Pan and K. Singleton, Econometrica 68 (2000) 1343-1376: at the same instants the variance jumps by
/// Z ~ Exp(mean variance_jump) and the log-price by N(jumps.mean + jump_slope Z, jumps.deviation²).
struct Svcj {
  Heston heston;
  NormalJumps jumps;
  double variance_jump = 0.0;  ///< [0, 25], mean
  double jump_slope = 0.0;     ///< [-50, 50], rho_J of the paper; jump_slope · variance_jump <= 0.999
};

/// D. Madan, P. Carr and E. Chang, European Finance Review 2 (1998) 79-105.
struct VarianceGamma {
  double sigma = 0.0;  ///< [0.0001, 10]
  double nu = 0.0;     ///< [0.00001, 100] years; theta nu + sigma² nu/2 <= 0.999
  double theta = 0.0;  ///< [-10, 10]
};

/// Normal inverse Gaussian. O. Barndorff-Nielsen, Finance and Stochastics 2 (1998) 41-68.
struct Nig {
  double alpha = 0.0;  ///< [0.51, 10000], above |beta| and |beta + 1|
  double beta = 0.0;
  double delta = 0.0;  ///< [0.00001, 10000] a year
};

/// P. Carr, H. Geman, D. Madan and M. Yor, J. Business 75 (2002) 305-332.
struct Cgmy {
  double c = 0.0;  ///< [0, 1000] a year
  double g = 0.0;  ///< [0.001, 1000]
  double m = 0.0;  ///< [1.001, 1000]
  double y = 0.0;  ///< [-5, 1.999], at least 0.00001 from 0 and 1
};

/// O. El Euch and M. Rosenbaum, Mathematical Finance 29 (2019) 3-38: Heston's variance under the kernel
/// t^(hurst - 1/2) / Gamma(hurst + 1/2).
struct RoughHeston {
  Heston heston;
  double hurst = 0.5;  ///< [0.01, 0.5]; 0.5 is Heston
};

using TransformModel =
    std::variant<BlackScholes, Merton, Kou, Heston, Bates, Svcj, VarianceGamma, Nig, Cgmy, RoughHeston>;

/// One number of a model, as files, tables and calibrations name it.
struct Parameter {
  std::string_view name;  ///< "kappa"
  std::string_view unit;  ///< "1/year", "" for none
  double lowest, highest;
};

/// "heston". In the order of TransformModel: black merton kou heston bates svcj variance-gamma nig cgmy
/// rough-heston
std::string_view name(const TransformModel& model);
std::span<const std::string_view> model_names();

/// The numbers of the model named so, in the order of values(). Empty for a name that there is not.
std::span<const Parameter> parameters(std::string_view model);
std::vector<double> values(const TransformModel& model);

inline constexpr std::size_t most_parameters = 10;

/// The model of a name and its numbers. Faults   bad_input: no such name, another count, a number outside its range or
/// a condition between two of them that fails; the text names it.
Result<TransformModel> model_of(std::string_view name, std::span<const double> values);

/// The first number outside its range, if there is one.
std::optional<Error> fault(const TransformModel& model);

}  // namespace ballast::model
