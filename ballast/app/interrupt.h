#pragma once

namespace ballast::app {

/// While one lives, Ctrl-C asks long work to end instead of ending the process: what it wrote so far is taken away and
/// the command answers Exit::interrupted. A second Ctrl-C ends the process as ever. One at a time.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  bool asked() const;
};

}  // namespace ballast::app
