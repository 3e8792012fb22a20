// Where the tests run: Node.js as Jest has it, and tests that know whether they have failed, by the time that they tidy up.
'use strict';

const { TestEnvironment } = require('jest-environment-node');

module.exports = class extends TestEnvironment {
  handleTestEvent({ name }) {
    if (name === 'test_start') this.global.testHasFailed = false;
    if (name === 'test_fn_failure') this.global.testHasFailed = true;
  }
};
