import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

// Who may know whom: a folder under lib/ may import the faces (index.js) of the folders named here, and no others. Nobody may
// import cli.
const mayKnow = {
  posix: [],
  reaper: ['posix'],
  ipc: ['posix'],
  daemon: ['posix', 'reaper'],
  trace: ['posix'],
  prefork: ['posix', 'reaper'],
  zookeeper: ['posix'],
  discovery: ['posix', 'zookeeper'],
  rpc: ['posix', 'discovery'],
  cli: ['posix', 'reaper', 'ipc', 'prefork', 'daemon', 'zookeeper', 'discovery', 'rpc', 'trace'],
};

// What the folders share. It stands beside them, and is nobody's face.
const shared = [
  'aborts',
  'fork-hooks',
  'log-fields',
  'mistakes',
  'roster',
  'runtime-directory',
  'shapes',
  'time-limit',
  'uncaught',
];

const mayImport = (files, regex, message) => ({
  files,
  rules: { 'no-restricted-imports': ['error', { patterns: [{ regex, message }] }] },
});

const architecture = [
  ...Object.entries(mayKnow).map(([folder, known]) =>
    mayImport(
      [`lib/${folder}/**/*.ts`],
      `^\\.\\./(?!(${[...known.map((name) => `${name}/index`), ...shared].join('|')})\\.js$)`,
      `lib/${folder} may import only ${known.join(', ') || 'nothing'} (by its index.js), ${shared.join(', ')}.`,
    ),
  ),
  mayImport(
    [`lib/{${shared.join(',')}}.ts`],
    '^\\./(?!posix/index\\.js$)',
    'What the folders share may import posix only, by its index.js.',
  ),
  mayImport(
    ['lib/index.ts'],
    '^\\./(?!(?!cli)\\w+/index\\.js$)',
    'The face of all is made of the faces, but not of cli.',
  ),
];

export default defineConfig([
  globalIgnores([
    '**/build/',
    '**/dist/',
    'prebuilds/',
    'coverage/',
    'docs/lessons/',
    'docs/reference/',
    'test/matrix/node_modules/',
  ]),
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: { eqeqeq: 'error', 'no-var': 'error', 'prefer-const': 'error', 'object-shorthand': 'error' },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { project: ['./tsconfig.json', './test/tsconfig.json'], tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/naming-convention': 'off',
    },
  },
  ...architecture,
  {
    files: ['**/*.{js,cjs,mjs}'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        Buffer: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        setImmediate: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        fetch: 'readonly',
        WebAssembly: 'readonly',
        performance: 'readonly',
        queueMicrotask: 'readonly',
        AbortController: 'readonly',
        AbortSignal: 'readonly',
        structuredClone: 'readonly',
      },
    },
  },
  {
    files: ['**/*.cjs'],
    languageOptions: {
      sourceType: 'commonjs',
      globals: { require: 'readonly', module: 'writable', __filename: 'readonly', __dirname: 'readonly' },
    },
  },
]);
