// ioctl(2).
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "families.h"
#include "syscall.h"

namespace truefork {

// What the kernel works on: a copy of the buffer, in a block that has room for any structure that a
// request names (_IOC_SIZE has 14 bits). Some write more than they name: FS_IOC_FIEMAP as many
// extents as the structure asks for. So behind the block is a page without access, where that is
// EFAULT.
class Block {
 public:
  explicit Block(Elements<uint8_t> buffer) : buffer_(buffer) {
    constexpr size_t kNamed = 1 << 14;
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const size_t length = (std::max(buffer.length, kNamed) + page - 1) / page * page;
    mapped_ = length + page;
    data_ = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (!made()) return;
    mprotect(static_cast<char*>(data_) + length, page, PROT_NONE);
    memcpy(data_, buffer.data, buffer.length);
  }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  ~Block() {
    if (made()) munmap(data_, mapped_);
  }

  // If not, errno says why.
  bool made() const { return data_ != MAP_FAILED; }
  void* data() const { return data_; }
  void PutBack() const { memcpy(buffer_.data, data_, buffer_.length); }

 private:
  Elements<uint8_t> buffer_;
  size_t mapped_;
  void* data_;
};

// ioctl(fd, request, argument): the requests whose argument is a number, or none.
static Napi::Value Ioctl(const Napi::CallbackInfo& info) {
  const auto argument = static_cast<unsigned long>(Long(info, 2));
  return Answer(info.Env(),
                ioctl(Int(info, 0), static_cast<unsigned long>(Long(info, 1)), argument));
}

// ioctlBuffer(fd, request, buffer: Uint8Array): those whose argument is a structure.
static Napi::Value IoctlBuffer(const Napi::CallbackInfo& info) {
  const Block block(ToElements<uint8_t>(info, 2));
  if (!block.made()) return Answer(info.Env(), -1);
  const int result = ioctl(Int(info, 0), static_cast<unsigned long>(Long(info, 1)), block.data());
  const Napi::Value answer = Answer(info.Env(), result);
  if (result >= 0) block.PutBack();
  return answer;
}

void IoctlFamily(Napi::Object exports, Napi::Object constants) {
  Export(exports, "ioctl", Ioctl);
  Export(exports, "ioctlBuffer", IoctlBuffer);
  TRUEFORK_CONSTANT(constants, FIONREAD);
  TRUEFORK_CONSTANT(constants, FIONBIO);
  TRUEFORK_CONSTANT(constants, FIOCLEX);
  TRUEFORK_CONSTANT(constants, FIONCLEX);
  TRUEFORK_CONSTANT(constants, TIOCOUTQ);
  TRUEFORK_CONSTANT(constants, TIOCGWINSZ);
  TRUEFORK_CONSTANT(constants, TIOCSWINSZ);
  TRUEFORK_CONSTANT(constants, TIOCSCTTY);
  TRUEFORK_CONSTANT(constants, TIOCNOTTY);
  TRUEFORK_CONSTANT(constants, TIOCGPGRP);
  TRUEFORK_CONSTANT(constants, TIOCSPGRP);
  TRUEFORK_CONSTANT(constants, TIOCGSID);
  TRUEFORK_CONSTANT(constants, TIOCSTI);
  TRUEFORK_CONSTANT(constants, TIOCPKT);
  TRUEFORK_CONSTANT(constants, TIOCEXCL);
  TRUEFORK_CONSTANT(constants, TIOCNXCL);
}

}  // namespace truefork
