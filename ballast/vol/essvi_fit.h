#pragma once
#include <span>

#include "ballast/vol/smile_quotes.h"
#include "ballast/vol/ssvi.h"

namespace ballast::vol {

struct EssviFit {
  Essvi slice;
  int iterations = 0;
};

/// The eSSVI slice of one expiry with the least weighted squares of vol errors inside the box that the slice before
/// leaves: theta rises, psi / theta does not, psi2/psi1 >= max((1+rho1)/(1+rho2), (1-rho1)/(1-rho2)), and
/// psi <= largest_psi. A sequence of such slices has neither butterfly nor calendar arbitrage, by the theorems of
/// ssvi.h. The box is never empty: it holds (theta1, rho1, psi1).
/// Shapes   trust: one number in [0, 1] a quote, what of its weight counts.
/// near     the slice of the earlier expiry, null for the first. start: where to begin, null: from the vol at the
/// money. Domain   quotes as fit() has them. Cost     at most 60 passes over the quotes.
EssviFit fit_essvi(const SliceQuotes& quotes, std::span<const double> trust, const Essvi* near, const Essvi* start);

}  // namespace ballast::vol
