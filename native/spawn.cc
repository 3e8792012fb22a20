// posix_spawn(3), posix_spawnp(3).
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <unistd.h>

#include "families.h"
#include "program.h"
#include "syscall.h"

namespace truefork {

namespace {

// What an action does; the first element of its array.
enum Action { kOpen, kClose, kDup2 };

class FileActions {
 public:
  FileActions() { posix_spawn_file_actions_init(&actions_); }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;

  const posix_spawn_file_actions_t* get() const { return &actions_; }
  // Those of the descriptors 0 to 2, by bits, that are open, and that no action makes anything else
  // of.
  int inherited() const { return inherited_; }

  // 0 or an errno. Descriptors 0 to 2 are inherited: dup2 of one to itself takes FD_CLOEXEC away,
  // which libuv gives terminals.
  int Add(const Napi::Array& list) {
    for (uint32_t i = 0; i < list.Length(); i++) {
      const Napi::Array action = list.Get(i).As<Napi::Array>();
      Leave(Number(action, Number(action, 0) == kDup2 ? 2 : 1));
    }
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
      if (fcntl(fd, F_GETFD) < 0) Leave(fd);
      if ((inherited_ >> fd & 1) == 0) continue;
      if (const int error = posix_spawn_file_actions_adddup2(&actions_, fd, fd)) return error;
    }
    for (uint32_t i = 0; i < list.Length(); i++) {
      if (const int error = AddOne(list.Get(i).As<Napi::Array>())) return error;
    }
    return 0;
  }

 private:
  static int Number(const Napi::Array& action, uint32_t index) {
    return action.Get(index).As<Napi::Number>().Int32Value();
  }

  void Leave(int fd) {
    if (fd <= STDERR_FILENO) inherited_ &= ~(1 << fd);
  }

  int AddOne(const Napi::Array& action) {
    const int fd = Number(action, 1);
    switch (Number(action, 0)) {
      case kOpen: {
        const std::string path = action.Get(2u).As<Napi::String>().Utf8Value();
        const auto mode = static_cast<mode_t>(Number(action, 4));
        return posix_spawn_file_actions_addopen(&actions_, fd, path.c_str(), Number(action, 3),
                                                mode);
      }
      case kClose:
        return posix_spawn_file_actions_addclose(&actions_, fd);
      default:
        return posix_spawn_file_actions_adddup2(&actions_, fd, Number(action, 2));
    }
  }

  posix_spawn_file_actions_t actions_;
  int inherited_ = 0b111;
};

class Attributes {
 public:
  Attributes() { posix_spawnattr_init(&attributes_); }
  ~Attributes() { posix_spawnattr_destroy(&attributes_); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;

  const posix_spawnattr_t* get() const { return &attributes_; }

  // { setpgroup, setsigmask, setsigdef, resetids, setsid, policy, priority }, those that are given.
  // 0 or an errno.
  int Set(const Napi::Object& given) {
    int flags = 0;
    int error = 0;
    if (const auto group = given.Get("setpgroup"); !group.IsUndefined()) {
      flags |= POSIX_SPAWN_SETPGROUP;
      posix_spawnattr_setpgroup(&attributes_, group.As<Napi::Number>().Int32Value());
    }
    if (const auto mask = given.Get("setsigmask"); !mask.IsUndefined()) {
      flags |= POSIX_SPAWN_SETSIGMASK;
      const sigset_t set = SignalSet(mask);
      posix_spawnattr_setsigmask(&attributes_, &set);
    }
    if (const auto defaults = given.Get("setsigdef"); !defaults.IsUndefined()) {
      flags |= POSIX_SPAWN_SETSIGDEF;
      const sigset_t set = SignalSet(defaults);
      posix_spawnattr_setsigdefault(&attributes_, &set);
    }
    if (const auto priority = given.Get("priority"); !priority.IsUndefined()) {
      flags |= POSIX_SPAWN_SETSCHEDPARAM;
      sched_param parameters = {};
      parameters.sched_priority = priority.As<Napi::Number>().Int32Value();
      posix_spawnattr_setschedparam(&attributes_, &parameters);
    }
    if (const auto policy = given.Get("policy"); !policy.IsUndefined()) {
      flags |= POSIX_SPAWN_SETSCHEDULER;
      error = posix_spawnattr_setschedpolicy(&attributes_, policy.As<Napi::Number>().Int32Value());
    }
    if (given.Get("resetids").ToBoolean()) flags |= POSIX_SPAWN_RESETIDS;
    if (given.Get("setsid").ToBoolean()) flags |= POSIX_SPAWN_SETSID;
    posix_spawnattr_setflags(&attributes_, static_cast<short>(flags));
    return error;
  }

 private:
  posix_spawnattr_t attributes_;
};

}  // namespace

// posixSpawn(path, search, argv, envp, actions, attributes): the pid. `search`: posix_spawnp.
static Napi::Value PosixSpawn(const Napi::CallbackInfo& info) {
  const std::string path = Text(info, 0);
  const bool search = info[1].As<Napi::Boolean>().Value();
  const Strings argv(info[2]), envp(info[3]);
  FileActions actions;
  if (const int error = actions.Add(info[4].As<Napi::Array>())) return Failure(info.Env(), error);
  Attributes attributes;
  if (const int error = attributes.Set(info[5].As<Napi::Object>())) {
    return Failure(info.Env(), error);
  }
  BlockingDescriptors blocking;
  blocking.Set(actions.inherited());
  const auto spawn = search ? posix_spawnp : posix_spawn;
  pid_t pid = 0;
  const int error =
      spawn(&pid, path.c_str(), actions.get(), attributes.get(), argv.data(), envp.data());
  if (error == 0) return Napi::Number::New(info.Env(), pid);
  blocking.PutBack();
  return Failure(info.Env(), error);
}

void SpawnFamily(Napi::Object exports) {
  Export(exports, "posixSpawn", PosixSpawn);
}

}  // namespace truefork
