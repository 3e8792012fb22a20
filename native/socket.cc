// inet_pton(3), socket(2), bind(2), listen(2), getsockname(2), setsockopt(2), for IPv4 and IPv6:
// what a listening socket needs that nobody in this process polls, so that only the workers accept
// from it.
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <optional>

#include "families.h"
#include "syscall.h"

namespace truefork {

struct Address {
  sockaddr_storage storage = {};
  socklen_t length = 0;
};

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

// inet_pton(family, text, into: Uint8Array of 16 bytes): 1, or 0 for what is no address.
static Napi::Value InetPton(const Napi::CallbackInfo& info) {
  void* into = info[2].As<Napi::Uint8Array>().Data();
  return Answer(info.Env(), inet_pton(Int(info, 0), Text(info, 1).c_str(), into));
}

static Napi::Value Socket(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), socket(Int(info, 0), Int(info, 1), Int(info, 2)));
}

// bind(fd, host, port)
static Napi::Value Bind(const Napi::CallbackInfo& info) {
  const auto address = ToAddress(Text(info, 1), static_cast<uint16_t>(Int(info, 2)));
  if (!address) return Failure(info.Env(), EINVAL);
  return Answer(info.Env(), bind(Int(info, 0), reinterpret_cast<const sockaddr*>(&address->storage),
                                 address->length));
}

static Napi::Value Listen(const Napi::CallbackInfo& info) {
  return Answer(info.Env(), listen(Int(info, 0), Int(info, 1)));
}

// getsockname(fd): { family, address, port } or -errno.
static Napi::Value Getsockname(const Napi::CallbackInfo& info) {
  sockaddr_storage storage = {};
  socklen_t length = sizeof storage;
  if (getsockname(Int(info, 0), reinterpret_cast<sockaddr*>(&storage), &length) != 0) {
    return Answer(info.Env(), -1);
  }
  char text[INET6_ADDRSTRLEN] = "";
  int port = 0;
  if (storage.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&storage);
    inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
    port = ntohs(v4->sin_port);
  } else if (storage.ss_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&storage);
    inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
    port = ntohs(v6->sin6_port);
  } else {
    return Failure(info.Env(), EAFNOSUPPORT);
  }
  Napi::Object name = Napi::Object::New(info.Env());
  name["family"] = Napi::Number::New(info.Env(), storage.ss_family);
  name["address"] = Napi::String::New(info.Env(), text);
  name["port"] = Napi::Number::New(info.Env(), port);
  return name;
}

// setsockopt(fd, level, option, value): options that are an int.
static Napi::Value Setsockopt(const Napi::CallbackInfo& info) {
  const int value = Int(info, 3);
  return Answer(info.Env(),
                setsockopt(Int(info, 0), Int(info, 1), Int(info, 2), &value, sizeof value));
}

void SocketFamily(Napi::Object exports, Napi::Object constants) {
  Export(exports, "inet_pton", InetPton);
  Export(exports, "socket", Socket);
  Export(exports, "bind", Bind);
  Export(exports, "listen", Listen);
  Export(exports, "getsockname", Getsockname);
  Export(exports, "setsockopt", Setsockopt);
  TRUEFORK_CONSTANT(constants, AF_INET);
  TRUEFORK_CONSTANT(constants, AF_INET6);
  TRUEFORK_CONSTANT(constants, SOCK_STREAM);
  TRUEFORK_CONSTANT(constants, SOCK_NONBLOCK);
  TRUEFORK_CONSTANT(constants, SOCK_CLOEXEC);
  TRUEFORK_CONSTANT(constants, SOL_SOCKET);
  TRUEFORK_CONSTANT(constants, SO_REUSEADDR);
  TRUEFORK_CONSTANT(constants, SO_REUSEPORT);
  TRUEFORK_CONSTANT(constants, IPPROTO_IPV6);
  TRUEFORK_CONSTANT(constants, IPV6_V6ONLY);
  TRUEFORK_CONSTANT(constants, SOMAXCONN);
}

}  // namespace truefork
