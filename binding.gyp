{
  'targets': [
    {
      'target_name': 'truefork',
      'sources': [
        'native/addon.cc',
        'native/descriptor.cc',
        'native/errno.cc',
        'native/inotify.cc',
        'native/mapping.cc',
        'native/polling.cc',
        'native/process.cc',
        'native/random.cc',
        'native/signal.cc',
        'native/socket.cc',
        'native/stack.cc',
        'native/timer.cc',
        'native/user.cc',
        'native/wait.cc',
        'native/watcher.cc',
        'native/fork/fork.cc',
        'native/fork/descriptors.cc',
        'native/fork/files.cc',
        'native/fork/loop.cc',
        'native/fork/memory.cc',
        'native/fork/parking.cc',
        'native/fork/revival.cc',
        'native/fork/terminal.cc',
        'native/fork/threads.cc',
        'native/fork/watches.cc',
      ],
      'include_dirs': ["<!@(node -p \"require('node-addon-api').include\")"],
      'defines': [
        'NAPI_VERSION=9',
        'NAPI_DISABLE_CPP_EXCEPTIONS',
        'NODE_ADDON_API_DISABLE_DEPRECATED',
      ],
      # Bound at load: what a forked child calls first would be looked up again in every child.
      'ldflags': ['-Wl,-z,now'],
      'cflags_cc!': ['-std=gnu++17', '-std=gnu++14'],
      'cflags_cc': [
        '-std=gnu++20', '-fvisibility=hidden', '-fno-exceptions',
        '-Wall', '-Wextra', '-Werror',
        # Node's own headers are not ours to keep free of warnings.
        '-Wno-unused-parameter', '-Wno-cast-function-type', '-Wno-missing-field-initializers',
      ],
    },
  ],
}
