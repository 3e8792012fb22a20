// mmap(2), munmap(2), on ArrayBuffers. A page is unmapped only after JavaScript has lost it: munmap
// detaches the ArrayBuffer first, so that every view on it has length 0.
#include <sys/mman.h>

#include <mutex>
#include <unordered_map>

#include "families.h"
#include "syscall.h"

namespace truefork {

struct Mapping {
  void* address;
  size_t length;
  bool mapped = true;
};

// The mappings that JavaScript holds, by their address. Worker threads load the addon too.
static std::mutex mappings_lock;
static std::unordered_map<void*, Mapping*> mappings;

// The ArrayBuffer's memory has no owner left. It may have been unmapped long ago, and its address
// may belong to another mapping by now: only `mapped` says.
static void Finalize(Napi::Env, void*, Mapping* mapping) {
  {
    std::lock_guard guard(mappings_lock);
    if (mapping->mapped) {
      mappings.erase(mapping->address);
      munmap(mapping->address, mapping->length);
    }
  }
  delete mapping;
}

// mmap(length, prot, flags, fd, offset): an ArrayBuffer, or -errno.
static Napi::Value Mmap(const Napi::CallbackInfo& info) {
  const auto length = static_cast<size_t>(Long(info, 0));
  void* address = mmap(nullptr, length, Int(info, 1), Int(info, 2), Int(info, 3), Long(info, 4));
  if (address == MAP_FAILED) return Answer(info.Env(), -1);
  auto* mapping = new Mapping{address, length};
  {
    std::lock_guard guard(mappings_lock);
    mappings[address] = mapping;
  }
  napi_value buffer;
  const napi_status status = napi_create_external_arraybuffer(
      info.Env(), address, length,
      [](napi_env env, void* data, void* hint) {
        Finalize(env, data, static_cast<Mapping*>(hint));
      },
      mapping, &buffer);
  if (status != napi_ok) {
    // A build of V8 whose sandbox forbids memory that is not its own (Electron). The other failure,
    // a length that is too great, would call the finalizer by itself; TypeScript has checked it.
    Finalize(info.Env(), address, mapping);
    return Failure(info.Env(), ENOTSUP);
  }
  return Napi::Value(info.Env(), buffer);
}

// munmap(buffer): EINVAL if it is no mapping of ours, or not any more.
static Napi::Value Munmap(const Napi::CallbackInfo& info) {
  Napi::ArrayBuffer buffer = info[0].As<Napi::ArrayBuffer>();
  void* address = buffer.Data();
  Mapping* mapping;
  {
    std::lock_guard guard(mappings_lock);
    const auto found = mappings.find(address);
    if (address == nullptr || found == mappings.end()) return Failure(info.Env(), EINVAL);
    mapping = found->second;
    mappings.erase(found);
    mapping->mapped = false;
  }
  // From the detaching on, the finalizer may delete the record.
  const size_t length = mapping->length;
  if (napi_detach_arraybuffer(info.Env(), buffer) != napi_ok) {
    std::lock_guard guard(mappings_lock);
    mapping->mapped = true;
    mappings[address] = mapping;
    return Failure(info.Env(), EBUSY);
  }
  return Answer(info.Env(), munmap(address, length));
}

void MappingFamily(Napi::Object exports, Napi::Object constants) {
  Export(exports, "mmap", Mmap);
  Export(exports, "munmap", Munmap);
  TRUEFORK_CONSTANT(constants, PROT_NONE);
  TRUEFORK_CONSTANT(constants, PROT_READ);
  TRUEFORK_CONSTANT(constants, PROT_WRITE);
  TRUEFORK_CONSTANT(constants, PROT_EXEC);
  TRUEFORK_CONSTANT(constants, MAP_SHARED);
  TRUEFORK_CONSTANT(constants, MAP_PRIVATE);
  TRUEFORK_CONSTANT(constants, MAP_SHARED_VALIDATE);
  TRUEFORK_CONSTANT(constants, MAP_FIXED);
  TRUEFORK_CONSTANT(constants, MAP_FIXED_NOREPLACE);
  TRUEFORK_CONSTANT(constants, MAP_ANONYMOUS);
  TRUEFORK_CONSTANT(constants, MAP_POPULATE);
  TRUEFORK_CONSTANT(constants, MAP_NORESERVE);
  TRUEFORK_CONSTANT(constants, MAP_LOCKED);
}

}  // namespace truefork
