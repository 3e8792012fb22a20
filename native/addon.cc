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
  FilesystemFamily(exports);
  InotifyFamily(exports, constants);
  MappingFamily(exports, constants);
  NamespaceFamily(exports, constants);
  ProcessFamily(exports, constants);
  RandomFamily(exports, constants);
  ResourceFamily(exports, constants);
  SchedFamily(exports, constants);
  SignalFamily(exports, constants);
  SocketFamily(exports, constants);
  StackFamily(exports);
  SysconfFamily(exports);
  TimerFamily(exports, constants);
  UserFamily(exports);
  WaitFamily(exports, constants);
  return exports;
}

NODE_API_MODULE(truefork, Initialize)
