// read(2), write(2), pread(2), pwrite(2), readv(2), writev(2), lseek(2), ftruncate(2), fsync(2),
// sendfile(2), splice(2), copy_file_range(2).
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#include <optional>
#include <vector>

#include "families.h"
#include "syscall.h"

namespace truefork {

static iovec ToBytes(const Napi::Value& value) {
  const auto bytes = ToElements<uint8_t>(value);
  return {bytes.data, bytes.length};
}

static std::vector<iovec> ToVector(const Napi::Value& value) {
  const Napi::Array views = value.As<Napi::Array>();
  std::vector<iovec> vector(views.Length());
  for (uint32_t i = 0; i < vector.size(); i++) vector[i] = ToBytes(views[i]);
  return vector;
}

// read(fd, into: Uint8Array): at most its length.
static Napi::Value Read(const Napi::CallbackInfo& info) {
  const iovec bytes = ToBytes(info[1]);
  return Answer(info.Env(), read(Int(info, 0), bytes.iov_base, bytes.iov_len));
}

// write(fd, from: Uint8Array)
static Napi::Value Write(const Napi::CallbackInfo& info) {
  const iovec bytes = ToBytes(info[1]);
  return Answer(info.Env(), write(Int(info, 0), bytes.iov_base, bytes.iov_len));
}

// pread(fd, into: Uint8Array, offset)
static Napi::Value Pread(const Napi::CallbackInfo& info) {
  const iovec bytes = ToBytes(info[1]);
  return Answer(info.Env(), pread(Int(info, 0), bytes.iov_base, bytes.iov_len, Long(info, 2)));
}

// pwrite(fd, from: Uint8Array, offset)
static Napi::Value Pwrite(const Napi::CallbackInfo& info) {
  const iovec bytes = ToBytes(info[1]);
  return Answer(info.Env(), pwrite(Int(info, 0), bytes.iov_base, bytes.iov_len, Long(info, 2)));
}

// readv(fd, into: Uint8Array[])
static Napi::Value Readv(const Napi::CallbackInfo& info) {
  const std::vector<iovec> vector = ToVector(info[1]);
  return Answer(info.Env(), readv(Int(info, 0), vector.data(), static_cast<int>(vector.size())));
}

// writev(fd, from: Uint8Array[])
static Napi::Value Writev(const Napi::CallbackInfo& info) {
  const std::vector<iovec> vector = ToVector(info[1]);
  return Answer(info.Env(), writev(Int(info, 0), vector.data(), static_cast<int>(vector.size())));
}

// lseek(fd, offset, whence)
static Napi::Value Lseek(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), lseek(Int(info, 0), Long(info, 1), Int(info, 2)));
}

// ftruncate(fd, length)
static Napi::Value Ftruncate(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), ftruncate(Int(info, 0), Long(info, 1)));
}

static Napi::Value Fsync(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), fsync(Int(info, 0)));
}

// An offset in the file; nothing for null, which stands for the descriptor's own.
static std::optional<off_t> Offset(const Napi::CallbackInfo& info, size_t index) {
  if (!Given(info, index)) return std::nullopt;
  return Long(info, index);
}

// sendfile(to, from, offset | null, count)
static Napi::Value Sendfile(const Napi::CallbackInfo& info) {
  auto offset = Offset(info, 2);
  return Answer(info.Env(), sendfile(Int(info, 0), Int(info, 1), offset ? &*offset : nullptr,
                                     static_cast<size_t>(Long(info, 3))));
}

// splice(from, offset | null, to, offset | null, length, flags)
static Napi::Value Splice(const Napi::CallbackInfo& info) {
  auto from = Offset(info, 1), to = Offset(info, 3);
  return Answer(info.Env(),
                splice(Int(info, 0), from ? &*from : nullptr, Int(info, 2), to ? &*to : nullptr,
                       static_cast<size_t>(Long(info, 4)), static_cast<unsigned>(Int(info, 5))));
}

// copy_file_range(from, offset | null, to, offset | null, length, flags)
static Napi::Value CopyFileRange(const Napi::CallbackInfo& info) {
  auto from = Offset(info, 1), to = Offset(info, 3);
  return Answer(info.Env(), copy_file_range(Int(info, 0), from ? &*from : nullptr, Int(info, 2),
                                            to ? &*to : nullptr, static_cast<size_t>(Long(info, 4)),
                                            static_cast<unsigned>(Int(info, 5))));
}

void IoFamily(Napi::Object exports, Napi::Object constants) {
  Export(exports, "read", Read);
  Export(exports, "write", Write);
  Export(exports, "pread", Pread);
  Export(exports, "pwrite", Pwrite);
  Export(exports, "readv", Readv);
  Export(exports, "writev", Writev);
  Export(exports, "lseek", Lseek);
  Export(exports, "ftruncate", Ftruncate);
  Export(exports, "fsync", Fsync);
  Export(exports, "sendfile", Sendfile);
  Export(exports, "splice", Splice);
  Export(exports, "copy_file_range", CopyFileRange);
  TRUEFORK_CONSTANT(constants, SEEK_SET);
  TRUEFORK_CONSTANT(constants, SEEK_CUR);
  TRUEFORK_CONSTANT(constants, SEEK_END);
  TRUEFORK_CONSTANT(constants, SEEK_DATA);
  TRUEFORK_CONSTANT(constants, SEEK_HOLE);
  TRUEFORK_CONSTANT(constants, SPLICE_F_MOVE);
  TRUEFORK_CONSTANT(constants, SPLICE_F_NONBLOCK);
  TRUEFORK_CONSTANT(constants, SPLICE_F_MORE);
}

}  // namespace truefork
