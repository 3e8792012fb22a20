// inet_pton(3), socket(2), bind(2), listen(2), accept4(2), connect(2), shutdown(2), sendto(2),
// getsockname(2), getpeername(2), getsockopt(2), setsockopt(2), for IPv4, IPv6 and unix(7): what a
// listening socket needs that nobody in this process polls, so that only the workers accept from
// it; servers that accept as the books have it; and datagrams of Unix sockets, which Node does not
// have.
#include <arpa/inet.h>
#include <linux/filter.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>
#include <optional>

#include "families.h"
#include "syscall.h"

namespace truefork {

struct Address {
  sockaddr_storage storage = {};
  socklen_t length = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

// Where in a sockaddr_un the path begins.
constexpr socklen_t kPathOffset = offsetof(sockaddr_un, sun_path);

// The address of a host in numbers ("127.0.0.1", "::1", "fe80::1%eth0").
static std::optional<Address> ToAddress(std::string host, uint16_t port) {
  Address address;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  if (inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    address.length = sizeof *v4;
    return address;
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (const size_t percent = host.find('%'); percent != std::string::npos) {
    v6->sin6_scope_id = if_nametoindex(host.c_str() + percent + 1);
    host.resize(percent);
  }
  if (inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    address.length = sizeof *v6;
    return address;
  }
  return std::nullopt;
}

// The address of a Unix socket: a path, with the null byte at its end; a name in the abstract
// namespace, which begins with a null byte and ends with its length; or none, if the text is empty.
static std::optional<Address> ToAddress(const std::string& path) {
  Address address;
  auto* name = reinterpret_cast<sockaddr_un*>(&address.storage);
  const bool isFile = !path.empty() && path[0] != '\0';
  const size_t length = path.size() + (isFile ? 1 : 0);
  if (length > sizeof name->sun_path) return std::nullopt;
  name->sun_family = AF_UNIX;
  memcpy(name->sun_path, path.data(), path.size());
  address.length = kPathOffset + static_cast<socklen_t>(length);
  return address;
}

// The address in the arguments from `index` on: (host, port) or (path). If it cannot be one,
// nothing, and the errno that says so.
static std::optional<Address> AddressIn(const Napi::CallbackInfo& info, size_t index, int* error) {
  const bool isPath = !Given(info, index + 1);
  *error = isPath ? ENAMETOOLONG : EINVAL;
  return isPath ? ToAddress(Text(info, index))
                : ToAddress(Text(info, index), static_cast<uint16_t>(Int(info, index + 1)));
}

// inet_pton(family, text, into: Uint8Array of 16 bytes): 1, or 0 for what is no address.
static Napi::Value InetPton(const Napi::CallbackInfo& info) {
  void* into = info[2].As<Napi::Uint8Array>().Data();
  return Answer(info.Env(), inet_pton(Int(info, 0), Text(info, 1).c_str(), into));
}

static Napi::Value Socket(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), socket(Int(info, 0), Int(info, 1), Int(info, 2)));
}

// bind(fd, host, port) or bind(fd, path)
static Napi::Value Bind(const Napi::CallbackInfo& info) {
  int error = 0;
  const auto address = AddressIn(info, 1, &error);
  if (!address) return Failure(info.Env(), error);
  return Answer(info.Env(), bind(Int(info, 0), address->get(), address->length));
}

// connect(fd, host, port) or connect(fd, path)
static Napi::Value Connect(const Napi::CallbackInfo& info) {
  int error = 0;
  const auto address = AddressIn(info, 1, &error);
  if (!address) return Failure(info.Env(), error);
  return Answer(info.Env(), connect(Int(info, 0), address->get(), address->length));
}

// sendto(fd, from: Uint8Array, flags, host, port) or sendto(fd, from, flags, path)
static Napi::Value Sendto(const Napi::CallbackInfo& info) {
  int error = 0;
  const auto address = AddressIn(info, 3, &error);
  if (!address) return Failure(info.Env(), error);
  Napi::Uint8Array from = info[1].As<Napi::Uint8Array>();
  return Answer(info.Env(), sendto(Int(info, 0), from.Data(), from.ByteLength(), Int(info, 2),
                                   address->get(), address->length));
}

static Napi::Value Listen(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), listen(Int(info, 0), Int(info, 1)));
}

static Napi::Value Accept4(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), accept4(Int(info, 0), nullptr, nullptr, Int(info, 1)));
}

static Napi::Value Shutdown(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), shutdown(Int(info, 0), Int(info, 1)));
}

// The path or name that ToAddress was given; empty of a socket that is not bound.
static std::string PathOf(const sockaddr_un* name, socklen_t length) {
  if (length <= kPathOffset) return "";
  const size_t most = length - kPathOffset;
  return {name->sun_path, name->sun_path[0] == '\0' ? most : strnlen(name->sun_path, most)};
}

// { family, address, port } or -errno: what getsockname(2) or getpeername(2) tells of a socket.
static Napi::Value NameOf(const Napi::CallbackInfo& info, decltype(getsockname)* ask) {
  sockaddr_storage storage = {};
  socklen_t length = sizeof storage;
  if (ask(Int(info, 0), reinterpret_cast<sockaddr*>(&storage), &length) != 0) {
    return Answer(info.Env(), -1);
  }
  char numbers[INET6_ADDRSTRLEN] = "";
  std::string address;
  int port = 0;
  if (storage.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&storage);
    address = inet_ntop(AF_INET, &v4->sin_addr, numbers, sizeof numbers);
    port = ntohs(v4->sin_port);
  } else if (storage.ss_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&storage);
    address = inet_ntop(AF_INET6, &v6->sin6_addr, numbers, sizeof numbers);
    port = ntohs(v6->sin6_port);
  } else if (storage.ss_family == AF_UNIX) {
    address = PathOf(reinterpret_cast<const sockaddr_un*>(&storage), length);
  } else {
    return Failure(info.Env(), EAFNOSUPPORT);
  }
  Napi::Object name = Napi::Object::New(info.Env());
  name["family"] = Napi::Number::New(info.Env(), storage.ss_family);
  name["address"] = Napi::String::New(info.Env(), address);
  name["port"] = Napi::Number::New(info.Env(), port);
  return name;
}

static Napi::Value Getsockname(const Napi::CallbackInfo& info) {
  return NameOf(info, getsockname);
}

static Napi::Value Getpeername(const Napi::CallbackInfo& info) {
  return NameOf(info, getpeername);
}

// getsockopt(fd, level, option, into: Uint8Array): how many bytes the value has, of which there are
// as many as fit.
static Napi::Value Getsockopt(const Napi::CallbackInfo& info) {
  Napi::Uint8Array into = info[3].As<Napi::Uint8Array>();
  socklen_t length = static_cast<socklen_t>(into.ByteLength());
  const int result = getsockopt(Int(info, 0), Int(info, 1), Int(info, 2), into.Data(), &length);
  return Answer(info.Env(), result == 0 ? static_cast<int>(length) : result);
}

// setsockopt(fd, level, option, value): options that are an int.
static Napi::Value Setsockopt(const Napi::CallbackInfo& info) {
  const int value = Int(info, 3);
  return Answer(info.Env(),
                setsockopt(Int(info, 0), Int(info, 1), Int(info, 2), &value, sizeof value));
}

// attachFilter(fd, level, option, program: Uint8Array): setsockopt whose value is a program of
// classic BPF, of 8 bytes an instruction. Of one that is too long for its length to be told,
// EINVAL, as the kernel says of those that are too long for itself.
static Napi::Value AttachFilter(const Napi::CallbackInfo& info) {
  const auto bytes = ToElements<uint8_t>(info, 3);
  const size_t count = bytes.length / sizeof(sock_filter);
  if (count > UINT16_MAX) return Failure(info.Env(), EINVAL);
  const sock_fprog program = {
      .len = static_cast<uint16_t>(count),
      .filter = reinterpret_cast<sock_filter*>(bytes.data),
  };
  return Answer(info.Env(),
                setsockopt(Int(info, 0), Int(info, 1), Int(info, 2), &program, sizeof program));
}

void SocketFamily(Napi::Object exports, Napi::Object constants) {
  Export(exports, "inet_pton", InetPton);
  Export(exports, "socket", Socket);
  Export(exports, "bind", Bind);
  Export(exports, "listen", Listen);
  Export(exports, "accept4", Accept4);
  Export(exports, "connect", Connect);
  Export(exports, "shutdown", Shutdown);
  Export(exports, "sendto", Sendto);
  Export(exports, "getsockname", Getsockname);
  Export(exports, "getpeername", Getpeername);
  Export(exports, "getsockopt", Getsockopt);
  Export(exports, "setsockopt", Setsockopt);
  Export(exports, "attachFilter", AttachFilter);
  TRUEFORK_CONSTANT(constants, AF_UNIX);
  TRUEFORK_CONSTANT(constants, AF_INET);
  TRUEFORK_CONSTANT(constants, AF_INET6);
  TRUEFORK_CONSTANT(constants, SOCK_STREAM);
  TRUEFORK_CONSTANT(constants, SOCK_DGRAM);
  TRUEFORK_CONSTANT(constants, SOCK_NONBLOCK);
  TRUEFORK_CONSTANT(constants, SOCK_CLOEXEC);
  TRUEFORK_CONSTANT(constants, SOL_SOCKET);
  TRUEFORK_CONSTANT(constants, SO_REUSEADDR);
  TRUEFORK_CONSTANT(constants, SO_REUSEPORT);
  TRUEFORK_CONSTANT(constants, SO_ATTACH_REUSEPORT_CBPF);
  TRUEFORK_CONSTANT(constants, SO_ACCEPTCONN);
  TRUEFORK_CONSTANT(constants, SO_PASSCRED);
  TRUEFORK_CONSTANT(constants, SO_TYPE);
  TRUEFORK_CONSTANT(constants, IPPROTO_TCP);
  TRUEFORK_CONSTANT(constants, TCP_INFO);
  TRUEFORK_CONSTANT(constants, IPPROTO_IPV6);
  TRUEFORK_CONSTANT(constants, IPV6_V6ONLY);
  TRUEFORK_CONSTANT(constants, MSG_DONTWAIT);
  TRUEFORK_CONSTANT(constants, MSG_NOSIGNAL);
  TRUEFORK_CONSTANT(constants, SHUT_RD);
  TRUEFORK_CONSTANT(constants, SHUT_WR);
  TRUEFORK_CONSTANT(constants, SHUT_RDWR);
  TRUEFORK_CONSTANT(constants, SOMAXCONN);
}

}  // namespace truefork
