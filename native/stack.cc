// The JavaScript stack of this process on stderr, when a signal asks for it: of one whose event
// loop does not turn, above all.
//
// Node can be asked to call back from the midst of JavaScript that runs, an endless loop included
// (node::RequestInterrupt). That takes locks and memory, which the interrupted thread may have in
// hand: not for a signal handler. A thread that waits for the purpose would be one more to take
// across every fork. So there is a thread that has ended for the kernel only, and costs a few
// pages; the handler revives it by one system call, it asks, and ends again.
//
// None of the functions that are looked up here is part of Node-API, but each is of the public
// headers (node.h, v8-isolate.h, v8-debug.h), unchanged from Node 20 to 26. They take and return
// pointers and numbers: a v8::Local is a pointer, and is what Node-API calls a napi_value.
#include "stack.h"

#include <dlfcn.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <type_traits>

#include "families.h"
#include "fork/revival.h"
#include "fork/threads.h"
#include "syscall.h"

namespace truefork {

namespace {

// v8::Location, from 0.
struct Location {
  int line;
  int column;
};

// The result of a v8::Local.
using Local = void*;

struct Engine {
  void* (*current_isolate)();
  Local (*current_context)(void* isolate);
  void* (*environment_of)(Local context);
  void (*request_interrupt)(void* environment, void (*callback)(void*), void* data);
  Local (*current_stack)(void* isolate, int limit, int options);
  int (*frame_count)(Local stack);
  Local (*frame)(Local stack, void* isolate, uint32_t index);
  Local (*function_name)(Local frame);
  Local (*script_name)(Local frame);
  Location (*location)(Local frame);
};

// Answers the name of the first function that this Node.js does not have.
const char* LookUp(Engine& engine) {
  const char* missing = nullptr;
  const auto look = [&missing](auto& function, const char* symbol, const char* name) {
    function =
        reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(RTLD_DEFAULT, symbol));
    if (function == nullptr && missing == nullptr) missing = name;
  };
  look(engine.current_isolate, "_ZN2v87Isolate10GetCurrentEv", "v8::Isolate::GetCurrent");
  look(engine.current_context, "_ZN2v87Isolate17GetCurrentContextEv",
       "v8::Isolate::GetCurrentContext");
  look(engine.environment_of, "_ZN4node21GetCurrentEnvironmentEN2v85LocalINS0_7ContextEEE",
       "node::GetCurrentEnvironment");
  look(engine.request_interrupt, "_ZN4node16RequestInterruptEPNS_11EnvironmentEPFvPvES2_",
       "node::RequestInterrupt");
  look(engine.current_stack,
       "_ZN2v810StackTrace17CurrentStackTraceEPNS_7IsolateEiNS0_17StackTraceOptionsE",
       "v8::StackTrace::CurrentStackTrace");
  look(engine.frame_count, "_ZNK2v810StackTrace13GetFrameCountEv", "v8::StackTrace::GetFrameCount");
  look(engine.frame, "_ZNK2v810StackTrace8GetFrameEPNS_7IsolateEj", "v8::StackTrace::GetFrame");
  look(engine.function_name, "_ZNK2v810StackFrame15GetFunctionNameEv",
       "v8::StackFrame::GetFunctionName");
  look(engine.script_name, "_ZNK2v810StackFrame24GetScriptNameOrSourceURLEv",
       "v8::StackFrame::GetScriptNameOrSourceURL");
  look(engine.location, "_ZNK2v810StackFrame11GetLocationEv", "v8::StackFrame::GetLocation");
  return missing;
}

Engine engine;
napi_env owner = nullptr;
void* environment = nullptr;

// The signal, or 0.
std::atomic<int> armed{0};

// The process that has been asked and has not answered yet. Not a flag: a fork copies it.
std::atomic<pid_t> asked{0};

struct {
  Thread thread;
  void* thread_pointer = nullptr;
  void* stack_top = nullptr;
} messenger;

pid_t MessengerTid() {
  return __atomic_load_n(messenger.thread.tid_word, __ATOMIC_ACQUIRE);
}

void AwaitMessengersEnd() {
  // Not FUTEX_PRIVATE_FLAG: it is the kernel that wakes, and for any process.
  while (const pid_t tid = MessengerTid()) {
    syscall(SYS_futex, messenger.thread.tid_word, FUTEX_WAIT, tid, nullptr, nullptr, 0);
  }
}

constexpr int kFrames = 50;

// The text of a v8::String; of what is none, nothing.
std::string TextOf(Local value) {
  char text[1024];
  size_t length = 0;
  if (value == nullptr || napi_get_value_string_utf8(owner, static_cast<napi_value>(value), text,
                                                     sizeof text, &length) != napi_ok) {
    return "";
  }
  return std::string(text, length);
}

// As in the stack of an Error.
std::string Line(Local frame) {
  const auto [line, column] = engine.location(frame);
  const std::string function = TextOf(engine.function_name(frame));
  const std::string script = TextOf(engine.script_name(frame));
  const std::string place = (script.empty() ? "<anonymous>" : script) + ":" +
                            std::to_string(line + 1) + ":" + std::to_string(column + 1);
  return "    at " + (function.empty() ? place : function + " (" + place + ")") + "\n";
}

std::string Report() {
  const std::string process = "process " + std::to_string(getpid()) + ": ";
  // As v8::StackTrace::kDetailed, and the frames of all contexts (kExposeFrames…).
  constexpr int kOptions = 0x1ff;
  void* isolate = engine.current_isolate();
  const Local stack = engine.current_stack(isolate, kFrames + 1, kOptions);
  const int count = stack == nullptr ? 0 : engine.frame_count(stack);
  if (count == 0) return process + "the event loop is not blocked\n";
  std::string text = process + "the event loop is blocked by\n";
  for (int i = 0; i < count && i < kFrames; i++) {
    text += Line(engine.frame(stack, isolate, static_cast<uint32_t>(i)));
  }
  return count > kFrames ? text + "    and so on\n" : text;
}

// In one call if the system will have it so. A reader who does not read may have it in parts.
void Write(const std::string& text) {
  constexpr int kPatience = 100;  // milliseconds
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t written = write(STDERR_FILENO, text.data() + done, text.size() - done);
    if (written >= 0) {
      done += static_cast<size_t>(written);
      continue;
    }
    if (errno == EINTR) continue;
    pollfd writable = {STDERR_FILENO, POLLOUT, 0};
    if (errno != EAGAIN || poll(&writable, 1, kPatience) <= 0) return;
  }
}

// In the main thread, from JavaScript that runs or from the event loop. It must not run JavaScript
// (node.h), so neither source maps nor Error.prepareStackTrace.
void OnInterrupt(void*) {
  // Asked of a parent, before it forked.
  if (asked.exchange(0) != getpid()) return;
  napi_handle_scope scope;
  if (napi_open_handle_scope(owner, &scope) != napi_ok) return;
  Write(Report());
  napi_close_handle_scope(owner, scope);
}

int Ask(void*) {
  Register("truefork", messenger.thread.robust);
  engine.request_interrupt(environment, OnInterrupt, nullptr);
  return 0;
}

// Async-signal-safe. On the main thread only: whether the messenger is there is nobody else's
// question then.
void OnSignal(int signal) {
  const int saved = errno;
  const pid_t process = getpid();
  if (syscall(SYS_gettid) != process) {
    syscall(SYS_tgkill, process, process, signal);
  } else if (armed != 0 && asked != process && MessengerTid() == 0) {
    asked = process;
    if (Revive(messenger.thread, messenger.thread_pointer, Ask, messenger.stack_top, nullptr) != 0)
      asked = 0;
  }
  errno = saved;
}

// Its only life that pthread_create(3) began: it notes what it is revived with.
void* BeMessenger(void* noted) {
  messenger.thread.tid = static_cast<pid_t>(syscall(SYS_gettid));
  if (!LookAtIdentity(messenger.thread)) messenger.thread.tid_word = nullptr;
  messenger.thread_pointer = __builtin_thread_pointer();
  // It goes on where this function is, which does not return.
  messenger.stack_top = reinterpret_cast<void*>(
      reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) & ~uintptr_t{15});
  sem_post(static_cast<sem_t*>(noted));
  // Not pthread_exit(3), which would give its stack away.
  for (;;) syscall(SYS_exit, 0);
}

// 0 or an errno.
int MakeMessenger() {
  if (messenger.thread.tid_word != nullptr) return 0;
  if (!CanIdentify()) return ENOTSUP;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  constexpr size_t kStack = size_t{256} * 1024;
  pthread_attr_setstacksize(&attributes, kStack);
  sem_t noted;
  sem_init(&noted, 0, 0);
  sigset_t all, mask;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &mask);
  pthread_t thread;
  const int error = pthread_create(&thread, &attributes, BeMessenger, &noted);
  if (error == 0) sem_wait(&noted);
  pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  pthread_attr_destroy(&attributes);
  if (error != 0) return error;
  if (messenger.thread.tid_word == nullptr) return ENOTSUP;
  AwaitMessengersEnd();
  return 0;
}

// Who has been asked does not answer any more, and the messenger is not at work.
void Disarm() {
  armed = 0;
  asked = 0;
  if (messenger.thread.tid_word != nullptr) AwaitMessengersEnd();
}

void OnEnvironmentsEnd(void*) {
  Disarm();
}

// stackOnSignal(signal): 0, -errno, or the name of the function that this Node.js does not have.
Napi::Value StackOnSignal(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const int signal = Int(info, 0);
  if (syscall(SYS_gettid) != getpid()) return Failure(env, ENOTSUP);
  if (armed != 0) return Failure(env, EBUSY);
  if (const char* missing = LookUp(engine)) return Napi::String::New(env, missing);
  environment = engine.environment_of(engine.current_context(engine.current_isolate()));
  if (environment == nullptr) return Failure(env, ENOTSUP);
  struct sigaction action;
  if (sigaction(signal, nullptr, &action) != 0) return Failure(env, errno);
  if (action.sa_handler != SIG_DFL) return Failure(env, EBUSY);
  if (const int error = MakeMessenger()) return Failure(env, error);
  // process.exit() does not run the hooks of the environment.
  static const bool disarmed_at_exit = atexit(Disarm) == 0;
  if (!disarmed_at_exit) return Failure(env, ENOMEM);

  action = {};
  action.sa_handler = OnSignal;
  action.sa_flags = SA_RESTART | SA_ONSTACK;
  // The messenger's mask too. It must let the signal in that parks it for a fork, a real-time one,
  // and no other that the program handles.
  sigfillset(&action.sa_mask);
  for (int realtime = SIGRTMIN; realtime <= SIGRTMAX; realtime++) {
    sigdelset(&action.sa_mask, realtime);
  }
  if (sigaction(signal, &action, nullptr) != 0) return Failure(env, errno);
  owner = env;
  napi_add_env_cleanup_hook(env, OnEnvironmentsEnd, nullptr);
  armed = signal;
  return Answer(env, 0);
}

// noStackOnSignal(): as it was before; nothing when it is so already.
Napi::Value NoStackOnSignal(const Napi::CallbackInfo& info) {
  const int signal = armed;
  if (signal == 0) return info.Env().Undefined();
  Disarm();
  napi_remove_env_cleanup_hook(owner, OnEnvironmentsEnd, nullptr);
  // Somebody may have put a handler in the place of this one.
  struct sigaction action;
  if (sigaction(signal, nullptr, &action) == 0 && action.sa_handler == OnSignal) {
    action = {};
    action.sa_handler = SIG_DFL;
    sigaction(signal, &action, nullptr);
  }
  return info.Env().Undefined();
}

}  // namespace

bool IsMessenger(const pid_t* tid_word) {
  return tid_word == messenger.thread.tid_word;
}

void StackFamily(Napi::Object exports) {
  Export(exports, "stackOnSignal", StackOnSignal);
  Export(exports, "noStackOnSignal", NoStackOnSignal);
}

}  // namespace truefork
