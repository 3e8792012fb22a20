# The addon with the same objects, and with faults.cc between them and the C library.
{
  'targets': [
    {
      'target_name': 'truefork',
      'sources': [
        'faults.cc',
        "<!@(find \"$PWD/../../build/Release/obj.target/truefork\" -name \"*.o\")",
      ],
      'include_dirs': ["<!@(node -p \"require('node-addon-api').include\")"],
      'defines': ['NAPI_VERSION=9', 'NAPI_DISABLE_CPP_EXCEPTIONS', 'NODE_ADDON_API_DISABLE_DEPRECATED'],
      'cflags_cc!': ['-std=gnu++17', '-std=gnu++14'],
      'cflags_cc': ['-std=gnu++20', '-fvisibility=hidden', '-fno-exceptions', '-Wall', '-Wextra', '-Werror'],
      'ldflags': [
        '-Wl,-z,now',
        '-Wl,--wrap=_ZN8truefork10ForkFamilyEN4Napi6ObjectE',
        # A name that faults.cc does not wrap, or that is missing here, is a symbol that is missing at load.
        '-Wl,--wrap=_Fork',
        '-Wl,--wrap=clone',
        '-Wl,--wrap=madvise',
        '-Wl,--wrap=open64',
        '-Wl,--wrap=read',
        '-Wl,--wrap=write',
        '-Wl,--wrap=readlink',
        '-Wl,--wrap=opendir',
        '-Wl,--wrap=readdir64',
        '-Wl,--wrap=sigaction',
        '-Wl,--wrap=pipe2',
        '-Wl,--wrap=dup3',
        '-Wl,--wrap=eventfd',
        '-Wl,--wrap=fstat64',
        '-Wl,--wrap=fcntl64',
        '-Wl,--wrap=ioctl',
        '-Wl,--wrap=getrandom',
        '-Wl,--wrap=uv_loop_fork',
        '-Wl,--wrap=napi_get_uv_event_loop',
        '-Wl,--wrap=syscall',
      ],
    },
  ],
}
