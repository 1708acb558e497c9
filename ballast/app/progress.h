#pragma once
#include <chrono>
#include <cstddef>
#include <iosfwd>
#include <string>

namespace ballast::app {

/// Progress of long work for a person: a bar with the time left when standard error is a terminal, a line every 10 s
/// otherwise, nothing for work that ends before the first of them. Not for tests to depend on: it reads a clock.
class Progress {
 public:
  /// `what` is counted: "snapshots".
  Progress(std::ostream& err, std::string what);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void at(double share, std::size_t done);  ///< share of the whole, [0, 1]

 private:
  std::ostream& err_;
  std::string what_;
  bool terminal_, drawn_ = false;
  std::chrono::steady_clock::time_point start_, last_;
};

}  // namespace ballast::app
