#include "ballast/app/interrupt.h"

#include <csignal>

#include <signal.h>

namespace ballast::app {
namespace {

volatile std::sig_atomic_t interrupted = 0;
struct sigaction before;

}  // namespace

Interrupt::Interrupt() {
  interrupted = 0;
  struct sigaction action = {};
  action.sa_handler = [](int) { interrupted = 1; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // the second one ends the process
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &before);
  // A shell's background job ignores Ctrl-C: so does its work.
  if (before.sa_handler == SIG_IGN) sigaction(SIGINT, &before, nullptr);
}

Interrupt::~Interrupt() { sigaction(SIGINT, &before, nullptr); }

bool Interrupt::asked() const { return interrupted != 0; }

}  // namespace ballast::app
