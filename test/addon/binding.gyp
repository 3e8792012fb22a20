{
  'targets': [
    {
      'target_name': 'threads',
      'sources': ['threads.cc'],
      'include_dirs': ["<!@(node -p \"require('node-addon-api').include\")"],
      'defines': ['NAPI_VERSION=9', 'NAPI_DISABLE_CPP_EXCEPTIONS', 'NODE_ADDON_API_DISABLE_DEPRECATED'],
      'cflags_cc!': ['-std=gnu++17', '-std=gnu++14'],
      'cflags_cc': ['-std=gnu++20', '-fno-exceptions', '-Wall', '-Wno-unused-parameter', '-pthread'],
    },
  ],
}
