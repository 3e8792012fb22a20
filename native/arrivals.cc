#include "arrivals.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>

#include "fork/descriptors.h"

namespace truefork {

// As many real-time signals as can wait, and one of each standard signal.
constexpr int kCapacity = 4096 + 32;

static Arrival waiting[kCapacity];
static int count = 0;
// Counted by whichever thread loses one.
static std::atomic<int> lost{0};
static int wakeup = -1;
static int32_t none;
// Where JavaScript sees how many there are.
static int32_t* shown = &none;

// Less than any si_code that there is.
constexpr int kSentOn = 1 << 20;

siginfo_t ToSendOn(const siginfo_t& info) {
  siginfo_t sent = info;
  if (info.si_code >= 0 || info.si_code == SI_TKILL) sent.si_code -= kSentOn;
  return sent;
}

Arrival ToArrival(siginfo_t info) {
  if (info.si_code < -kSentOn / 2) info.si_code += kSentOn;
  Arrival arrival = {info.si_signo, info.si_code, 0, 0, 0, 0};
  // Which fields of the union there are depends on who has sent it.
  const bool of_child = info.si_signo == SIGCHLD && info.si_code > 0 && info.si_code != SI_KERNEL;
  const bool of_process =
      info.si_code == SI_USER || info.si_code == SI_TKILL || info.si_code == SI_QUEUE;
  if (of_child || of_process || info.si_code == SI_MESGQ) {
    arrival.pid = info.si_pid;
    arrival.uid = static_cast<int>(info.si_uid);
  }
  if (of_child) arrival.status = info.si_status;
  if (info.si_code == SI_QUEUE || info.si_code == SI_TIMER || info.si_code == SI_MESGQ) {
    arrival.value = info.si_value.sival_int;
  }
  return arrival;
}

static void Show() {
  *shown = count;
}

static void Wake() {
  const uint64_t one = 1;
  // It cannot fail but for a counter at its limit, which is readable.
  [[maybe_unused]] const ssize_t written = write(wakeup, &one, sizeof one);
}

// When there is nothing to run, and nothing to tell.
static void Unwake() {
  if (lost != 0) return;
  uint64_t counter;
  [[maybe_unused]] const ssize_t done = read(wakeup, &counter, sizeof counter);
}

int OpenArrivals(int32_t* count_for_javascript) {
  if (wakeup < 0) wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wakeup < 0) return -errno;
  shown = count_for_javascript;
  Show();
  return wakeup;
}

void HideArrivals() {
  shown = &none;
}

int RenewArrivals() {
  count = 0;
  lost = 0;
  Show();
  return wakeup < 0 ? 0 : Replace(wakeup, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

void Arrive(const siginfo_t& info) {
  const Arrival arrival = ToArrival(info);
  if (arrival.signal < SIGRTMIN) {
    Arrival* end = waiting + count;
    Arrival* same = std::find_if(
        waiting, end, [&arrival](const Arrival& one) { return one.signal == arrival.signal; });
    if (same != end) {
      *same = arrival;
      return;
    }
  }
  // The last places are those of standard signals.
  const int capacity = arrival.signal < SIGRTMIN ? kCapacity : kCapacity - 32;
  if (count >= capacity) {
    Lose();
    return;
  }
  waiting[count++] = arrival;
  Show();
  Wake();
}

void Lose() {
  lost++;
  Wake();
}

void WakeForArrivals() {
  Wake();
}

static Arrival* FirstOutside(const sigset_t& blocked) {
  return std::find_if(waiting, waiting + count, [&blocked](const Arrival& one) {
    return sigismember(&blocked, one.signal) == 0;
  });
}

bool TakeArrival(const sigset_t& blocked, Arrival& arrival) {
  Arrival* first = FirstOutside(blocked);
  if (first == waiting + count) {
    Unwake();
    return false;
  }
  arrival = *first;
  std::move(first + 1, waiting + count, first);
  count--;
  Show();
  if (count == 0) Unwake();
  return true;
}

bool HasArrival(const sigset_t& blocked) {
  return FirstOutside(blocked) != waiting + count;
}

void ForgetArrivals(int signal) {
  const Arrival* end = std::remove_if(
      waiting, waiting + count, [signal](const Arrival& one) { return one.signal == signal; });
  count = static_cast<int>(end - waiting);
  Show();
}

int TakeLost() {
  const int taken = lost.exchange(0);
  if (count == 0) Unwake();
  return taken;
}

}  // namespace truefork
