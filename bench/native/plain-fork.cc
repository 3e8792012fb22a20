// What a C program pays for a fork of the same process image.
#include <napi.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstring>

static double Microseconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

// letMemoryFork(): V8 keeps its pages out of children; this lets all of them in.
static void LetMemoryFork(const Napi::CallbackInfo&) {
  FILE* maps = fopen("/proc/self/maps", "re");
  char line[4096];
  while (maps != nullptr && fgets(line, sizeof line, maps) != nullptr) {
    unsigned long start, end;
    char mode[5];
    if (sscanf(line, "%lx-%lx %4s", &start, &end, mode) != 3 || mode[3] != 'p') continue;
    // An answer of EINVAL is that of device memory.
    madvise(reinterpret_cast<void*>(start), end - start, MADV_DOFORK);
  }
  if (maps != nullptr) fclose(maps);
}

// forkAndWait(): fork(2), _exit(2) in the child, waitpid(2); in microseconds, or -1.
static Napi::Value ForkAndWait(const Napi::CallbackInfo& info) {
  const double start = Microseconds();
  const pid_t pid = fork();
  if (pid == 0) _exit(0);
  const bool done = pid > 0 && waitpid(pid, nullptr, 0) == pid;
  return Napi::Number::New(info.Env(), done ? Microseconds() - start : -1);
}

static Napi::Object Initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("letMemoryFork", Napi::Function::New(env, LetMemoryFork));
  exports.Set("forkAndWait", Napi::Function::New(env, ForkAndWait));
  return exports;
}

NODE_API_MODULE(plain_fork, Initialize)
