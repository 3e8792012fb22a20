// poll(2).
#include <poll.h>

#include <vector>

#include "families.h"
#include "syscall.h"

namespace truefork {

// poll(table: Int32Array of fd, events and revents for each descriptor, timeout in milliseconds)
static Napi::Value Poll(const Napi::CallbackInfo& info) {
  Napi::Int32Array table = info[0].As<Napi::Int32Array>();
  std::vector<pollfd> polled(table.ElementLength() / 3);
  for (size_t i = 0; i < polled.size(); i++) {
    polled[i] = {.fd = table[3 * i], .events = static_cast<short>(table[3 * i + 1]), .revents = 0};
  }
  const int ready = poll(polled.data(), polled.size(), Int(info, 1));
  if (ready < 0) return Answer(info.Env(), ready);
  for (size_t i = 0; i < polled.size(); i++) table[3 * i + 2] = polled[i].revents;
  return Answer(info.Env(), ready);
}

void PollFamily(Napi::Object exports, Napi::Object constants) {
  Export(exports, "poll", Poll);
  TRUEFORK_CONSTANT(constants, POLLIN);
  TRUEFORK_CONSTANT(constants, POLLPRI);
  TRUEFORK_CONSTANT(constants, POLLOUT);
  TRUEFORK_CONSTANT(constants, POLLRDHUP);
  TRUEFORK_CONSTANT(constants, POLLERR);
  TRUEFORK_CONSTANT(constants, POLLHUP);
  TRUEFORK_CONSTANT(constants, POLLNVAL);
}

}  // namespace truefork
