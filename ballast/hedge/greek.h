#pragma once

namespace ballast::hedge {

/// What a goal is on, in the numeraire's unit: delta coin; gamma q·F·Γ coin or q·F²·Γ USD; vega per 1.00 of vol, theta
/// per year, vanna (of the hedge's delta) coin per 1.00 of vol, volga per 1.00 of vol squared, in coin or USD.
enum class Greek { delta, gamma, vega, theta, vanna, volga };
const char* name(Greek greek);

}  // namespace ballast::hedge
