#include "ballast/app/cli_models.h"

#include <limits>
#include <string>

#include "ballast/app/cli_words.h"

namespace ballast::app {
namespace {

using namespace cli;

const std::map<std::string, model::DrawSource> draw_sources = {{"philox", model::DrawSource::philox},
                                                               {"sobol", model::DrawSource::sobol}};

constexpr const char* models_footer =
    "Models: black, merton, kou, heston, bates, svcj, variance-gamma, nig, cgmy, rough-heston: docs/models.md\n"
    "Exit: 0 done, 1 refused, 2 usage, 3 a file cannot be read or written, 4 internal fault, 130 cancelled.";

void add_index(CLI::App* command, std::optional<std::string>& index, std::optional<std::string>& underlying) {
  CLI::Option* option =
      command->add_option("--index", index, "which options, where the chain has several: btc_usd")->type_name("INDEX");
  command->add_option("--underlying", underlying, "the same by coin: BTC")->type_name("COIN")->excludes(option);
}

void add_calibrate(CLI::App& app, CalibrateOptions& o) {
  CLI::App* command = app.add_subcommand(
      "calibrate", "stochastic models fitted to a chain: parameters, how sure they are, quality, and a page");
  add_market(command, o.market, true);
  add_index(command, o.index, o.underlying);
  command->add_option("--model", o.models, "one or several by comma (default: heston)")
      ->type_name("NAME")
      ->delimiter(',');
  add_choice<vol::FitTarget>(command, "--target", fit_targets, "what to fit to: mark (default) or mid",
                             [&o](vol::FitTarget t) { o.quotes.target = t; });
  add_choice<vol::FitWeight>(command, "--weight", fit_weights, "how a quote counts: equal (default), spread or vega",
                             [&o](vol::FitWeight w) { o.quotes.weight = w; });
  command
      ->add_option("--prior-vol", o.fit.prior_vol,
                   "pull to the prior: a parameter one scale away costs as much as a mean error of vol of this size, 0 "
                   "to 1 (default: 0.0005)")
      ->type_name("VOL")
      ->check(not_negative);
  command->add_flag("--feller", o.fit.feller, "hold 2 kappa theta >= xi^2; by default the ratio is only reported");
  command
      ->add_option("--warm", o.warm,
                   "start from an earlier calibration, and be drawn to it: what ballast calibrate --json printed")
      ->type_name("FILE");
  command
      ->add_option("--html", o.html,
                   "writes a page that needs no network: quotes and models by expiry, term, residuals")
      ->type_name("FILE");
  CLI::Option* quotes = command->add_flag("--quotes", o.list_quotes, "every quote beside the models instead");
  CLI::Option* expiries =
      command->add_flag("--expiries", o.expiries, "every model and expiry instead")->excludes(quotes);
  CLI::Option* dropped = command->add_flag("--dropped", o.dropped, "what was set aside and why instead")
                             ->excludes(quotes)
                             ->excludes(expiries);
  command->add_flag("--grid", o.grid, "the models between the quotes as well, in JSON")
      ->excludes(quotes)
      ->excludes(expiries)
      ->excludes(dropped);
  add_format(command, o.format);
  command->footer(models_footer);
}

void add_model(CLI::App* command, ModelChoice& choice) {
  command->add_option("--model", choice.model, "its name; of a calibration with several, the one")->type_name("NAME");
  CLI::Option* parameters =
      command->add_option("--parameters", choice.parameters, "its numbers: v0=0.36,kappa=3,theta=0.4,xi=1.5,rho=-0.3")
          ->type_name("NUMBERS");
  command->add_option("--calibration", choice.calibration, "the same from what ballast calibrate --json printed")
      ->type_name("FILE")
      ->excludes(parameters);
}

void add_price(CLI::App& app, PriceOptions& o) {
  CLI::App* command = app.add_subcommand(
      "price",
      "options in a stochastic model: prices, vols, deltas, minimum-variance deltas, Greeks to each parameter");
  add_model(command, o.model);
  command->add_option("--forward", o.forward, "of the expiry, USD (default: the calibration's, with --expiry)")
      ->type_name("USD")
      ->check(positive);
  command->add_option("--strikes", o.strikes, "USD, by comma")->type_name("USD")->delimiter(',')->check(positive);
  CLI::Option* years =
      command->add_option("--years", o.years, "to expiry, 365 days each")->type_name("YEARS")->check(positive);
  command
      ->add_option(
          "--expiry", o.expiry,
          "a time instead of years, from --as-of or the calibration; of a chain: only this one; a day means its "
          "listed expiry, else 08:00 UTC")
      ->type_name("TIME")
      ->excludes(years);
  command->add_option("--type", o.type, "call, put or otm (default): what is out of the money, a call at the forward")
      ->check(CLI::IsMember({"call", "put", "otm"}));
  command->add_option("--settlement", o.settlement, "inverse (default): in coin, or linear: in USD")
      ->check(CLI::IsMember({"inverse", "linear"}));
  add_market(command, o.market, false);
  add_index(command, o.index, o.underlying);
  add_format(command, o.format);
  command->footer(std::string("net_delta is delta - price/forward for inverse options: the coin account's.\n") +
                  models_footer);
}

void add_paths(CLI::App& app, PathsOptions& o) {
  CLI::App* command =
      app.add_subcommand("paths", "paths of a stochastic model in a file, CSV or float64, for other tools");
  add_model(command, o.model);
  command->add_option("--years", o.years, "the length of a path, 365 days each")
      ->type_name("YEARS")
      ->check(positive)
      ->required();
  command->add_option("--steps", o.steps, "evenly spaced (default: 1)")
      ->type_name("COUNT")
      ->check(CLI::Range(1, 100'000));
  command->add_option("--paths", o.paths, "how many (default: 1)")
      ->type_name("COUNT")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 40));
  command->add_option("--forward", o.forward, "writes prices in USD instead of ln(price/forward)")
      ->type_name("USD")
      ->check(positive);
  command->add_option("--seed", o.draws.seed, "of the random numbers (default: 1)")->type_name("NUMBER")->check(count);
  add_choice<model::DrawSource>(command, "--draws", draw_sources,
                                "philox (default): pseudo-random; sobol: quasi-random, randomised by the seed",
                                [&o](model::DrawSource s) { o.draws.source = s; });
  command->add_flag("--antithetic", o.draws.antithetic, "paths 2k and 2k+1 have opposite normals");
  command->add_option("--out", o.out, "the file: .csv, or .bin for float64 behind a line of JSON (docs/models.md)")
      ->type_name("FILE")
      ->required();
  add_format(command, o.format);
  command->footer(
      "Models with paths: black, merton, kou, heston, bates, svcj. Ctrl-C leaves no file.\n"
      "Exit: 0 done, 1 refused, 2 usage, 3 a file cannot be read or written, 4 internal fault, 130 cancelled.");
}

}  // namespace

ModelCommands::ModelCommands(CLI::App& app) {
  add_calibrate(app, calibrate_);
  add_price(app, price_);
  add_paths(app, paths_);
}

std::optional<int> ModelCommands::run(const CLI::App& app, Streams streams) const {
  if (app.got_subcommand("calibrate")) return cmd_calibrate(calibrate_, streams);
  if (app.got_subcommand("price")) return cmd_price(price_, streams);
  if (app.got_subcommand("paths")) return cmd_paths(paths_, streams);
  return std::nullopt;
}

}  // namespace ballast::app
