// An addon as others write them: with threads of its own, and no idea of fork().
#include <napi.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

// One thread that is occupied until it is told to end. There is one at most.
static std::thread occupied;
static std::atomic<bool> computing{false};

// startReader(name, fd): blocks in read(2) of this descriptor, until there is something or its end.
static void StartReader(const Napi::CallbackInfo& info) {
  const std::string name = info[0].As<Napi::String>();
  const int fd = info[1].As<Napi::Number>();
  occupied = std::thread([name, fd] {
    prctl(PR_SET_NAME, name.c_str());
    char byte;
    while (read(fd, &byte, 1) < 0) continue;
  });
}

// startComputer(name): computes until stopComputer().
static void StartComputer(const Napi::CallbackInfo& info) {
  const std::string name = info[0].As<Napi::String>();
  computing = true;
  occupied = std::thread([name] {
    prctl(PR_SET_NAME, name.c_str());
    while (computing) continue;
  });
}

static void StopComputer(const Napi::CallbackInfo&) {
  computing = false;
}

// A thread that waits on a condition variable for a millisecond at a time, and counts.
static std::mutex ticking;
static std::condition_variable stopped;
static bool stop = false;
static std::atomic<uint32_t> ticks{0};

// startTicker(name): ticks until stopTicker().
static void StartTicker(const Napi::CallbackInfo& info) {
  const std::string name = info[0].As<Napi::String>();
  stop = false;
  occupied = std::thread([name] {
    prctl(PR_SET_NAME, name.c_str());
    std::unique_lock lock(ticking);
    while (!stopped.wait_for(lock, std::chrono::milliseconds(1), [] { return stop; })) ticks++;
  });
}

// tick(): waits for the next one.
static void Tick(const Napi::CallbackInfo&) {
  for (const uint32_t before = ticks; ticks == before;) std::this_thread::yield();
}

static void StopTicker(const Napi::CallbackInfo&) {
  std::unique_lock lock(ticking);
  stop = true;
  stopped.notify_all();
}

// join(): waits until the thread of startReader(), startComputer() or startTicker() has ended.
static void Join(const Napi::CallbackInfo&) {
  occupied.join();
}

// A thread that waits for orders on a condition variable, and calls a function of JavaScript as
// often as it is told.
struct Caller {
  std::thread thread;
  std::mutex mutex;
  std::condition_variable changed;
  uint32_t ordered = 0;
  uint32_t called = 0;
  bool ending = false;
  Napi::ThreadSafeFunction function;

  void Run() {
    prctl(PR_SET_NAME, "caller");
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [this] { return called < ordered || ending; });
      if (called == ordered) return;
      function.NonBlockingCall([number = called](Napi::Env env, Napi::Function call) {
        call.Call({Napi::Number::New(env, number)});
      });
      called++;
      changed.notify_all();
    }
  }
};
static Caller* caller = nullptr;

// openCaller(function): it is called with 0, 1, 2, …
static void OpenCaller(const Napi::CallbackInfo& info) {
  caller = new Caller;
  caller->function =
      Napi::ThreadSafeFunction::New(info.Env(), info[0].As<Napi::Function>(), "caller", 0, 1);
  caller->thread = std::thread([] { caller->Run(); });
}

// order(count): answers when the thread has queued so many more calls; none of them has arrived by
// then.
static void Order(const Napi::CallbackInfo& info) {
  std::unique_lock lock(caller->mutex);
  caller->ordered += info[0].As<Napi::Number>().Uint32Value();
  caller->changed.notify_all();
  caller->changed.wait(lock, [] { return caller->called == caller->ordered; });
}

// orderMore(count): answers at once; the calls are queued at any time.
static void OrderMore(const Napi::CallbackInfo& info) {
  std::unique_lock lock(caller->mutex);
  caller->ordered += info[0].As<Napi::Number>().Uint32Value();
  caller->changed.notify_all();
}

// closeCaller(): ends the thread; what it has queued arrives still.
static void CloseCaller(const Napi::CallbackInfo&) {
  {
    std::unique_lock lock(caller->mutex);
    caller->ending = true;
    caller->changed.notify_all();
  }
  caller->thread.join();
  caller->function.Release();
  delete caller;
  caller = nullptr;
}

// Two threads, of which one works and the other waits on a condition variable for it: they pass on
// a job.
struct Relay {
  std::mutex mutex;
  std::condition_variable passed;
  uint32_t legs = 0;
  bool ending = false;
  std::thread runners[2];

  void Run(uint32_t parity) {
    prctl(PR_SET_NAME, "runner");
    std::unique_lock lock(mutex);
    for (;;) {
      passed.wait(lock, [this, parity] { return (legs > 0 && legs % 2 == parity) || ending; });
      if (ending) return;
      legs--;
      passed.notify_all();
    }
  }
};
static Relay* relay = nullptr;

// openRelay(): starts both.
static void OpenRelay(const Napi::CallbackInfo&) {
  relay = new Relay;
  for (uint32_t parity : {0, 1}) {
    relay->runners[parity] = std::thread([parity] { relay->Run(parity); });
  }
}

// startRelay(legs): they begin, and the caller does not wait for them.
static void StartRelay(const Napi::CallbackInfo& info) {
  std::unique_lock lock(relay->mutex);
  relay->legs = info[0].As<Napi::Number>();
  relay->passed.notify_all();
}

// relayLegs(): how many are still to be run.
static Napi::Value RelayLegs(const Napi::CallbackInfo& info) {
  std::unique_lock lock(relay->mutex);
  return Napi::Number::New(info.Env(), relay->legs);
}

// closeRelay(): ends both.
static void CloseRelay(const Napi::CallbackInfo&) {
  {
    std::unique_lock lock(relay->mutex);
    relay->ending = true;
    relay->passed.notify_all();
  }
  for (std::thread& runner : relay->runners) runner.join();
  delete relay;
  relay = nullptr;
}

static Napi::Object Initialize(Napi::Env env, Napi::Object exports) {
  exports["startReader"] = Napi::Function::New(env, StartReader);
  exports["startComputer"] = Napi::Function::New(env, StartComputer);
  exports["stopComputer"] = Napi::Function::New(env, StopComputer);
  exports["startTicker"] = Napi::Function::New(env, StartTicker);
  exports["tick"] = Napi::Function::New(env, Tick);
  exports["stopTicker"] = Napi::Function::New(env, StopTicker);
  exports["join"] = Napi::Function::New(env, Join);
  exports["openCaller"] = Napi::Function::New(env, OpenCaller);
  exports["order"] = Napi::Function::New(env, Order);
  exports["orderMore"] = Napi::Function::New(env, OrderMore);
  exports["closeCaller"] = Napi::Function::New(env, CloseCaller);
  exports["openRelay"] = Napi::Function::New(env, OpenRelay);
  exports["startRelay"] = Napi::Function::New(env, StartRelay);
  exports["relayLegs"] = Napi::Function::New(env, RelayLegs);
  exports["closeRelay"] = Napi::Function::New(env, CloseRelay);
  return exports;
}

NODE_API_MODULE(threads, Initialize)
