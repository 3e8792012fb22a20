// Times travel as seconds in doubles.
#pragma once

#include <sys/time.h>

#include <cmath>

namespace truefork {

// Whole seconds, and parts of them, of which `parts` are one.
struct Seconds {
  long whole;
  long fraction;
};

// Rounded up to the clock's parts: a tiny time must not become 0, which means "off".
inline Seconds Split(double seconds, double parts) {
  const double whole = std::floor(seconds);
  long fraction = static_cast<long>(std::ceil((seconds - whole) * parts));
  // 1.1 is 1.100000000000000088…: what the decimal fraction already said is not rounded up again.
  const long nearest = std::lround((seconds - whole) * parts);
  // As far off as a double of this size can be.
  const double error = std::fmax(std::nextafter(seconds, HUGE_VAL) - seconds, 1e-16) * parts;
  if (nearest > 0 && std::fabs((seconds - whole) * parts - static_cast<double>(nearest)) < error) {
    fraction = nearest;
  }
  const auto limit = static_cast<long>(parts);
  return {static_cast<long>(whole) + fraction / limit, fraction % limit};
}

inline timeval ToTimeval(double seconds) {
  const Seconds split = Split(seconds, 1e6);
  return {split.whole, split.fraction};
}

inline timespec ToTimespec(double seconds) {
  const Seconds split = Split(seconds, 1e9);
  return {split.whole, split.fraction};
}

inline double ToSeconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

inline double ToSeconds(const timespec& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

}  // namespace truefork
