import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

// Who may know whom: a folder under lib/ may import the faces (index.js) of the folders named here, and no others.
const mayKnow = {
  posix: [],
  reaper: ['posix'],
  daemon: ['posix', 'reaper'],
  trace: ['posix'],
  prefork: ['posix', 'reaper'],
  zookeeper: ['posix'],
  discovery: ['posix', 'zookeeper'],
  rpc: ['posix', 'discovery'],
};

const architecture = Object.entries(mayKnow).map(([folder, known]) => ({
  files: [`lib/${folder}/**/*.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            regex: `^\\.\\./(?!(${[...known.map((name) => `${name}/index`), 'aborts', 'log-fields', 'mistakes', 'runtime-directory'].join('|')})\\.js$)`,
            message: `lib/${folder} may import only ${known.join(', ') || 'nothing'} (by its index.js), aborts.js, log-fields.js, mistakes.js and runtime-directory.js.`,
          },
        ],
      },
    ],
  },
}));

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
