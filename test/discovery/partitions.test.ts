// Three hosts on networks of their own, which are cut and healed.
import { asHosts, hostsMissing } from '../support/namespaces';
import { programPath, run } from '../support/programs';
import { temporaryDirectory } from '../support/runtime';

const missing = hostsMissing();
const name =
  'through partitions, calls go on with the servers that can be reached; healed, each is registered once and called';

if (missing === undefined) {
  test(name, async () => {
    const { code, stdout, stderr } = await run(programPath('discovery-partitions.mjs'), {
      ...asHosts(),
      env: { TMPDIR: temporaryDirectory() },
    });
    expect({ code, stderr, lines: stdout.split('\n') }).toEqual({
      code: 0,
      stderr: '',
      lines: [
        'both are called',
        'one that is cut off is gone, and the other called',
        'healed',
        'a client that is cut off from the registry calls both',
        'healed',
        'one that only the registry reaches is not called',
        'healed',
        'without a quorum both are called',
        'healed',
        'passed',
        '',
      ],
    });
  });
} else {
  console.warn(`no test of partitions: ${missing}`);
  test.skip(`${name}: ${missing}`, () => undefined);
}
