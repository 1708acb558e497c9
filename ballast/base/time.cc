#include "ballast/base/time.h"

#include <chrono>
#include <optional>

#include <fmt/format.h>

#include "ballast/base/text.h"

namespace ballast {
namespace {

using std::chrono::sys_days;

/// Eats up to `most` decimal digits of at least `least`; empty when there are too few.
std::optional<int> eat_digits(std::string_view& text, std::size_t least, std::size_t most) {
  std::size_t n = 0;
  int value = 0;
  while (n < most && n < text.size() && text[n] >= '0' && text[n] <= '9') value = 10 * value + (text[n++] - '0');
  if (n < least) return std::nullopt;
  text.remove_prefix(n);
  return value;
}

bool eat(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

Error unreadable(std::string_view text) {
  return Error{Fault::bad_input, quoted(text) + " is not a time: write 2026-02-05T21:29:37Z or epoch milliseconds"};
}

}  // namespace

Result<Time> instant(Date date, int hour, int minute, int second, int millisecond) {
  const std::chrono::year_month_day ymd{std::chrono::year(date.year),
                                        std::chrono::month(static_cast<unsigned>(date.month)),
                                        std::chrono::day(static_cast<unsigned>(date.day))};
  if (!ymd.ok() || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) {
    return Error{Fault::bad_input, fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} does not exist", date.year,
                                               date.month, date.day, hour, minute, second)};
  }
  const std::int64_t days = sys_days(ymd).time_since_epoch().count();
  return Time{(((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + millisecond};
}

Date date_of(Time t) {
  const std::chrono::year_month_day ymd(std::chrono::floor<std::chrono::days>(
      std::chrono::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(t.ms))));
  return {int(ymd.year()), int(unsigned(ymd.month())), int(unsigned(ymd.day()))};
}

Result<Time> parse_time(std::string_view text) {
  if (text.size() == 12 || text.size() == 13) {
    if (const auto ms = parse_integer(text); ms && *ms > 0) return Time{*ms};
  }
  std::string_view rest = text;
  const auto year = eat_digits(rest, 4, 4);
  const bool compact = !eat(rest, '-');
  const auto month = eat_digits(rest, 2, 2);
  if (!compact && !eat(rest, '-')) return unreadable(text);
  const auto day = eat_digits(rest, 2, 2);
  if (!year || !month || !day) return unreadable(text);
  int hour = 0, minute = 0, second = 0, millisecond = 0, offset_minutes = 0;
  if (eat(rest, 'T') || (!compact && eat(rest, ' '))) {
    const auto h = eat_digits(rest, 2, 2);
    if (!compact && !eat(rest, ':')) return unreadable(text);
    const auto m = eat_digits(rest, 2, 2);
    if (!h || !m) return unreadable(text);
    hour = *h;
    minute = *m;
    if (compact || eat(rest, ':')) {
      const auto s = eat_digits(rest, 2, 2);
      if (!s) return unreadable(text);
      second = *s;
      if (eat(rest, '.')) {
        const std::size_t before = rest.size();
        const auto fraction = eat_digits(rest, 1, 3);
        if (!fraction) return unreadable(text);
        constexpr int scale[] = {0, 100, 10, 1};
        millisecond = *fraction * scale[before - rest.size()];
        while (!rest.empty() && rest.front() >= '0' && rest.front() <= '9') rest.remove_prefix(1);
      }
    }
    if (!rest.empty() && (rest.front() == '+' || rest.front() == '-')) {
      const int sign = rest.front() == '+' ? 1 : -1;
      rest.remove_prefix(1);
      const auto h2 = eat_digits(rest, 2, 2);
      eat(rest, ':');
      const auto m2 = eat_digits(rest, 2, 2);
      if (!h2 || !m2 || *h2 > 14 || *m2 > 59) return unreadable(text);
      offset_minutes = sign * (*h2 * 60 + *m2);
    } else {
      eat(rest, 'Z');
    }
  }
  if (!rest.empty()) return unreadable(text);
  const auto t = instant({*year, *month, *day}, hour, minute, second, millisecond);
  if (!t) return in(quoted(text), t.error());
  return Time{t.value().ms - std::int64_t{offset_minutes} * 60'000};
}

std::string to_string(Time t) {
  const Date date = date_of(t);
  const std::int64_t day_ms = ((t.ms % 86'400'000) + 86'400'000) % 86'400'000;
  const std::int64_t s = day_ms / 1000, ms = day_ms % 1000;
  const std::string whole = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", date.year, date.month, date.day,
                                        s / 3600, s / 60 % 60, s % 60);
  return ms == 0 ? whole + "Z" : fmt::format("{}.{:03}Z", whole, ms);
}

}  // namespace ballast
