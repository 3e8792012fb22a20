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
  DescriptorFamily(exports, constants);
  ExecFamily(exports);
  InotifyFamily(exports, constants);
  MappingFamily(exports, constants);
  ProcessFamily(exports, constants);
  RandomFamily(exports, constants);
  SignalFamily(exports, constants);
  SocketFamily(exports, constants);
  SpawnFamily(exports, constants);
  StackFamily(exports);
  TimerFamily(exports, constants);
  UserFamily(exports);
  WaitFamily(exports, constants);
  return exports;
}

NODE_API_MODULE(truefork, Initialize)
