export * from './posix/index.js';
