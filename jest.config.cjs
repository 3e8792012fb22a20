'use strict';

const { availableParallelism } = require('node:os');

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: '<rootDir>/test/support/environment.cjs',
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
  // One for each processor, as Jest has it but for one: the tests wait for other processes more than they compute. Not more, since
  // each may have servers and families of its own.
  maxWorkers: Math.min(availableParallelism(), 4),
  globalSetup: '<rootDir>/test/support/set-up.mjs',
  // A safety net only: tests wait for events, and the slowest one forks a thousand times.
  testTimeout: 120_000,
};
