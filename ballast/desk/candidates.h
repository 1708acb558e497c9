#pragma once
#include <string>
#include <vector>

#include "ballast/market/snapshot.h"

namespace ballast::desk {

/// Whether a word stands for instruments: `futures`, `options`, `all`. Every other one is a name.
bool is_candidate_word(const std::string& word);

/// What a word stands for in a cleaned market: the underlying's instruments that are quoted on both sides. `futures`:
/// perpetuals and dated futures; `options`: of those with |Black delta| from 0.1 to 0.9 the 40 nearest to 0.5; `all`:
/// both. By name, options by their distance from 0.5. Domain  is_candidate_word(word).
std::vector<std::string> candidates(const std::string& word, const market::Snapshot& cleaned,
                                    const std::string& underlying);

}  // namespace ballast::desk
