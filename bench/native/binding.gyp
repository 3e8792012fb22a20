{
  'target_defaults': {
    'include_dirs': ["<!@(node -p \"require('node-addon-api').include\")"],
    'defines': ['NAPI_VERSION=9', 'NAPI_DISABLE_CPP_EXCEPTIONS', 'NODE_ADDON_API_DISABLE_DEPRECATED'],
    'cflags_cc!': ['-std=gnu++17', '-std=gnu++14'],
    'cflags_cc': ['-std=gnu++20', '-fvisibility=hidden', '-fno-exceptions', '-Wall', '-Wno-unused-parameter'],
  },
  'targets': [
    {
      'target_name': 'plain_fork',
      'sources': ['plain-fork.cc'],
    },
    {
      # The package's addon, from its own sources, with the time of its steps taken.
      'target_name': 'truefork',
      'sources': ['steps.cc', '<!@(ls ../../native/*.cc ../../native/fork/*.cc)'],
      'cflags_cc': [
        '-finstrument-functions',
        '-finstrument-functions-exclude-file-list=include/,node-addon-api,steps.cc',
      ],
      'ldflags': [
        '-Wl,-z,now',
        # Or the hooks of the C library, which do nothing, would come first.
        '-Wl,-Bsymbolic',
        '-Wl,--wrap=_Fork',
        '-Wl,--wrap=_ZN8truefork10ForkFamilyEN4Napi6ObjectE',
      ],
    },
  ],
}
