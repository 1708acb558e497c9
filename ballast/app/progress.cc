#include "ballast/app/progress.h"

#include <algorithm>
#include <iostream>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

namespace ballast::app {

Progress::Progress(std::ostream& err, std::string what)
    : err_(err),
      what_(std::move(what)),
      terminal_(&err == &std::cerr && ::isatty(STDERR_FILENO) == 1),
      start_(std::chrono::steady_clock::now()),
      last_(start_) {}

Progress::~Progress() {
  if (drawn_) err_ << "\r\033[K" << std::flush;
}

void Progress::at(double share, std::size_t done) {
  const auto now = std::chrono::steady_clock::now();
  const auto seconds = [](auto span) { return std::chrono::duration<double>(span).count(); };
  if (seconds(now - last_) < (terminal_ ? 0.2 : 10.0)) return;
  last_ = now;
  const double spent = seconds(now - start_), part = std::clamp(share, 0.0, 1.0);
  std::string text = fmt::format("{} {}, {:.1f}/s", done, what_, static_cast<double>(done) / spent);
  if (part > 0.0) text += fmt::format(", {:.0f} s left", spent / part - spent);
  if (!terminal_) {
    err_ << text << "\n" << std::flush;
    return;
  }
  constexpr int width = 30;
  const auto full = static_cast<std::size_t>(part * width);
  err_ << fmt::format("\r\033[K[{}{}] {:3.0f}%  {}", std::string(full, '#'), std::string(width - full, '.'),
                      100.0 * part, text)
       << std::flush;
  drawn_ = true;
}

}  // namespace ballast::app
