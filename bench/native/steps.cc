// Takes the time of the fork engine's functions, in a build of its own (-finstrument-functions): the compiler calls a hook
// at the beginning and the end of each, which looks whether anybody watches this one. The hooks of the main thread only are
// watched: a parked thread runs functions that nobody asks for.
#include <napi.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>

#define UNTIMED __attribute__((no_instrument_function))

struct Span {
  uint32_t step;
  uint64_t start;
  uint64_t end;
};

// In memory that parent and child share: what each of them did.
struct Book {
  uint32_t count;
  Span spans[1000];
};
static Book* books = nullptr;
static int role = 0;  // 0: parent, 1: child

// The watched functions, by their addresses; step 0 is nothing.
constexpr size_t kTable = 1 << 12;
static struct {
  void* function;
  uint32_t step;
} table[kTable];

static struct {
  uint32_t step;
  uint64_t start;
} open[64];
static size_t depth = 0;

constexpr uint32_t kForkStep = 1;

UNTIMED static uint64_t Now() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

UNTIMED static void Write(uint32_t step, uint64_t start, uint64_t end) {
  Book& book = books[role];
  if (book.count < std::size(book.spans)) book.spans[book.count++] = {step, start, end};
}

UNTIMED static size_t Slot(void* function) {
  size_t slot = reinterpret_cast<uintptr_t>(function) >> 2 & (kTable - 1);
  while (table[slot].function != nullptr && table[slot].function != function) {
    slot = (slot + 1) & (kTable - 1);
  }
  return slot;
}

extern "C" {

UNTIMED void __cyg_profile_func_enter(void* function, void*) {
  const uint32_t step = table[Slot(function)].step;
  if (step != 0 && depth < std::size(open)) open[depth++] = {step, Now()};
}

UNTIMED void __cyg_profile_func_exit(void* function, void*) {
  const uint32_t step = table[Slot(function)].step;
  if (step == 0 || depth == 0 || open[depth - 1].step != step) return;
  depth--;
  Write(step, open[depth].start, Now());
}

pid_t __real__Fork();

UNTIMED pid_t __wrap__Fork() {
  const uint64_t start = Now();
  const pid_t pid = __real__Fork();
  if (pid == 0) role = 1;
  Write(kForkStep, start, Now());
  return pid;
}
}

// watchSteps(offsets: number[]): where the functions are in this addon, as nm(1) has them. Their steps count from 2.
UNTIMED static void WatchSteps(const Napi::CallbackInfo& info) {
  // Where this addon begins in memory: the linker says so.
  extern const char __ehdr_start[] __attribute__((visibility("hidden")));
  const auto offsets = info[0].As<Napi::Array>();
  for (uint32_t i = 0; i < offsets.Length(); i++) {
    const int64_t offset = offsets.Get(i).As<Napi::Number>().Int64Value();
    void* function = const_cast<char*>(__ehdr_start) + offset;
    table[Slot(function)] = {function, kForkStep + 1 + i};
  }
}

// takeSteps(): [step, role, start, end] of each call since the last time; in nanoseconds of CLOCK_MONOTONIC.
UNTIMED static Napi::Value TakeSteps(const Napi::CallbackInfo& info) {
  Napi::Array rows = Napi::Array::New(info.Env());
  for (uint32_t who = 0; who < 2; who++) {
    for (uint32_t i = 0; i < books[who].count; i++) {
      const Span& span = books[who].spans[i];
      Napi::Array row = Napi::Array::New(info.Env());
      row.Set(0u, span.step);
      row.Set(1u, who);
      row.Set(2u, static_cast<double>(span.start));
      row.Set(3u, static_cast<double>(span.end));
      rows.Set(rows.Length(), row);
    }
    books[who].count = 0;
  }
  return rows;
}

void RealForkFamily(Napi::Object) __asm__("__real__ZN8truefork10ForkFamilyEN4Napi6ObjectE");
void WrapForkFamily(Napi::Object) __asm__("__wrap__ZN8truefork10ForkFamilyEN4Napi6ObjectE");

UNTIMED void WrapForkFamily(Napi::Object exports) {
  if (books == nullptr) {
    books = static_cast<Book*>(
        mmap(nullptr, 2 * sizeof(Book), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  }
  exports.Set("watchSteps", Napi::Function::New(exports.Env(), WatchSteps));
  exports.Set("takeSteps", Napi::Function::New(exports.Env(), TakeSteps));
  RealForkFamily(exports);
}
