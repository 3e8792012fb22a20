'use strict';

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: {
    '\\.ts$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } }],
  },
  // The tests use the package as its users do: by name, as built.
  moduleNameMapper: {
    '^truefork$': '<rootDir>/dist/index.js',
    '^truefork/(.*)$': '<rootDir>/dist/$1/index.js',
  },
  modulePathIgnorePatterns: ['<rootDir>/test/(matrix|neighbours)/'],
  globalSetup: '<rootDir>/test/support/set-up.mjs',
  // Most of the time they wait for processes: one after the other, as Jest has it on two processors, takes twice as long.
  maxWorkers: 2,
  // A safety net only: tests wait for events, and the slowest one forks a thousand times.
  testTimeout: 120_000,
};
