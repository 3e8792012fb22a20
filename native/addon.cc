#include <napi.h>

#include "families.h"

static Napi::Object Initialize(Napi::Env env, Napi::Object exports) {
  using namespace truefork;
  Napi::Object constants = Napi::Object::New(env);
  exports["constants"] = constants;
  ErrnoFamily(exports);
  ForkFamily(exports);
  WatcherFamily(exports);
  PollingFamily(exports);
  CredentialsFamily(exports);
  DescriptorFamily(exports, constants);
  FutexFamily(exports);
  ExecFamily(exports);
  FilesystemFamily(exports);
  HeapFamily(exports);
  InotifyFamily(exports, constants);
  IoFamily(exports, constants);
  IoctlFamily(exports, constants);
  LockFamily(exports, constants);
  MappingFamily(exports, constants);
  PagesFamily(exports, constants);
  PollFamily(exports, constants);
  MutexFamily(exports, constants);
  NamespaceFamily(exports, constants);
  ProcessFamily(exports, constants);
  PtyFamily(exports);
  RandomFamily(exports, constants);
  ShmFamily(exports);
  SigactionFamily(exports, constants);
  RightsFamily(exports, constants);
  ResourceFamily(exports, constants);
  SchedFamily(exports, constants);
  SignalFamily(exports, constants);
  SocketFamily(exports, constants);
  SpawnFamily(exports);
  StackFamily(exports);
  TermiosFamily(exports, constants);
  SysconfFamily(exports);
  TimerFamily(exports, constants);
  UserFamily(exports);
  WaitFamily(exports, constants);
  return exports;
}

NODE_API_MODULE(truefork, Initialize)
