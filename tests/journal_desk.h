#pragma once
#include <string>
#include <vector>

#include "ballast/desk/journal.h"
#include "ballast/desk/replay.h"

/// A desk simple enough to be checked by eye, for tests of what is done with a desk's journal: it counts what was
/// traded and sends one ticket for all of it when a hedge is due.
namespace ballast::test {

std::optional<Error> counting_step(const desk::StepConfig& config, desk::State& state,
                                   std::span<const market::Event> events, std::vector<market::Ticket>& out,
                                   std::vector<desk::Answer>& answers);

/// Its journal: the run, then `steps` calls with three events each: an index, a trade of `1, 2, …` lots, a hedge due,
/// at 1000, 2000, … ms.
std::vector<desk::Entry> counted_journal(int steps);

/// The same, of any step and any events.
std::vector<desk::Entry> journal_of(const desk::Step& step, const desk::StepConfig& config,
                                    const std::vector<std::vector<market::Event>>& calls);

}  // namespace ballast::test
