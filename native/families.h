// Each family of man pages puts its functions and its constants into the addon's two objects.
#pragma once

#include <napi.h>

namespace truefork {

void ErrnoFamily(Napi::Object exports);
void ForkFamily(Napi::Object exports);
void WatcherFamily(Napi::Object exports);
void PollingFamily(Napi::Object exports);
void CredentialsFamily(Napi::Object exports);
void DescriptorFamily(Napi::Object exports, Napi::Object constants);
void FutexFamily(Napi::Object exports);
void ExecFamily(Napi::Object exports);
void FilesystemFamily(Napi::Object exports);
void HeapFamily(Napi::Object exports);
void InotifyFamily(Napi::Object exports, Napi::Object constants);
void IoFamily(Napi::Object exports, Napi::Object constants);
void IoctlFamily(Napi::Object exports, Napi::Object constants);
void LockFamily(Napi::Object exports, Napi::Object constants);
void MappingFamily(Napi::Object exports, Napi::Object constants);
void PagesFamily(Napi::Object exports, Napi::Object constants);
void PollFamily(Napi::Object exports, Napi::Object constants);
void MutexFamily(Napi::Object exports, Napi::Object constants);
void NamespaceFamily(Napi::Object exports, Napi::Object constants);
void ProcessFamily(Napi::Object exports, Napi::Object constants);
void PtyFamily(Napi::Object exports);
void RandomFamily(Napi::Object exports, Napi::Object constants);
void ShmFamily(Napi::Object exports);
void SigactionFamily(Napi::Object exports, Napi::Object constants);
void RightsFamily(Napi::Object exports, Napi::Object constants);
void ResourceFamily(Napi::Object exports, Napi::Object constants);
void SchedFamily(Napi::Object exports, Napi::Object constants);
void SignalFamily(Napi::Object exports, Napi::Object constants);
void SocketFamily(Napi::Object exports, Napi::Object constants);
void SpawnFamily(Napi::Object exports);
void StackFamily(Napi::Object exports);
void TermiosFamily(Napi::Object exports, Napi::Object constants);
void SysconfFamily(Napi::Object exports);
void TimerFamily(Napi::Object exports, Napi::Object constants);
void UserFamily(Napi::Object exports);
void WaitFamily(Napi::Object exports, Napi::Object constants);

}  // namespace truefork

// A constant of <header.h> under its own name.
#define TRUEFORK_CONSTANT(constants, name) (constants).Set(#name, static_cast<double>(name))
