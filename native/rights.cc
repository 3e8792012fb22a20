// socketpair(2); sendmsg(2) and recvmsg(2) with descriptors, and with who has sent: SCM_RIGHTS and
// SCM_CREDENTIALS of unix(7).
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include "families.h"
#include "syscall.h"

namespace truefork {

// socketpair(domain, type, protocol, ends: Int32Array(2))
static Napi::Value Socketpair(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), socketpair(Int(info, 0), Int(info, 1), Int(info, 2),
                                       info[3].As<Napi::Int32Array>().Data()));
}

// sendFds(fd, from: Uint8Array, descriptors: Int32Array, flags)
static Napi::Value SendFds(const Napi::CallbackInfo& info) {
  const auto from = ToElements<uint8_t>(info, 1);
  const auto descriptors = ToElements<int32_t>(info, 2);
  const size_t size = descriptors.length * sizeof(int);
  iovec data = {from.data, from.length};
  std::vector<char> control(CMSG_SPACE(size));
  msghdr header = {};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  if (size > 0) {
    header.msg_control = control.data();
    header.msg_controllen = CMSG_LEN(size);
    cmsghdr* rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = header.msg_controllen;
    memcpy(CMSG_DATA(rights), descriptors.data, size);
  }
  return Answer(info.Env(), sendmsg(Int(info, 0), &header, Int(info, 3)));
}

// Linux 6.5, newer than the least glibc: a pidfd of who has sent, if the socket is to be told
// (SO_PASSPIDFD).
constexpr int kPidfd = 0x04;  // SCM_PIDFD

// The descriptors that have come with a message, each with the kind of control data that it is in.
template <typename Visit>
static void ForEachDescriptor(msghdr& header, Visit visit) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET) continue;
    if (part->cmsg_type != SCM_RIGHTS && part->cmsg_type != kPidfd) continue;
    for (size_t at = 0; at < part->cmsg_len - CMSG_LEN(0); at += sizeof(int)) {
      int fd;
      memcpy(&fd, CMSG_DATA(part) + at, sizeof fd);
      visit(fd, part->cmsg_type);
    }
  }
}

// recvFds(fd, into: Uint8Array, flags, descriptors: Int32Array, got: Int32Array(2)): the length of
// the data; in `got` how many descriptors there are, and the message's flags.
static Napi::Value RecvFds(const Napi::CallbackInfo& info) {
  const auto descriptors = ToElements<int32_t>(info, 3);
  Napi::Int32Array got = info[4].As<Napi::Int32Array>();
  const auto into = ToElements<uint8_t>(info, 1);
  iovec data = {into.data, into.length};
  // A socket may be told who has sent (SO_PASSCRED): that comes first, and takes room.
  std::vector<char> control(CMSG_SPACE(sizeof(ucred)) + CMSG_LEN(descriptors.length * sizeof(int)));
  msghdr header = {};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  const ssize_t length = recvmsg(Int(info, 0), &header, Int(info, 2));
  if (length < 0) return Answer(info.Env(), length);
  size_t count = 0;
  ForEachDescriptor(header, [&](int fd, int kind) {
    if (kind == SCM_RIGHTS && count < descriptors.length) {
      descriptors.data[count++] = fd;
      return;
    }
    // It came where the sender was not told, or was not asked for.
    close(fd);
    if (kind == SCM_RIGHTS) header.msg_flags |= MSG_CTRUNC;
  });
  got[0] = static_cast<int32_t>(count);
  got[1] = header.msg_flags;
  return Answer(info.Env(), length);
}

// recvCredentials(fd, into: Uint8Array, flags, sender: Int32Array(3)): the length of the data; in
// `sender` the pid, the user and the group, if the socket is told them. Descriptors that are sent
// along are closed: where the sender is not told, some of them come in its room.
static Napi::Value RecvCredentials(const Napi::CallbackInfo& info) {
  Napi::Uint8Array into = info[1].As<Napi::Uint8Array>();
  Napi::Int32Array sender = info[3].As<Napi::Int32Array>();
  iovec data = {into.Data(), into.ByteLength()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred))];
  msghdr header = {};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = CMSG_LEN(sizeof(ucred));
  const ssize_t length = recvmsg(Int(info, 0), &header, Int(info, 2) | MSG_CMSG_CLOEXEC);
  if (length < 0) return Answer(info.Env(), length);
  const cmsghdr* part = CMSG_FIRSTHDR(&header);
  if (part != nullptr && part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_CREDENTIALS) {
    ucred from;
    memcpy(&from, CMSG_DATA(part), sizeof(from));
    sender[0] = from.pid;
    sender[1] = static_cast<int32_t>(from.uid);
    sender[2] = static_cast<int32_t>(from.gid);
  }
  ForEachDescriptor(header, [](int fd, int) { close(fd); });
  return Answer(info.Env(), length);
}

void RightsFamily(Napi::Object exports, Napi::Object constants) {
  Export(exports, "socketpair", Socketpair);
  Export(exports, "sendFds", SendFds);
  Export(exports, "recvFds", RecvFds);
  Export(exports, "recvCredentials", RecvCredentials);
  TRUEFORK_CONSTANT(constants, SOCK_SEQPACKET);
  TRUEFORK_CONSTANT(constants, MSG_CMSG_CLOEXEC);
  TRUEFORK_CONSTANT(constants, MSG_CTRUNC);
  TRUEFORK_CONSTANT(constants, MSG_PEEK);
  TRUEFORK_CONSTANT(constants, MSG_TRUNC);
  TRUEFORK_CONSTANT(constants, MSG_WAITALL);
}

}  // namespace truefork
