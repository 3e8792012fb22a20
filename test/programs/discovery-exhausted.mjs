// Watches a service until it has two instances; at the first, it has all its descriptors opened, and at the first
// warning closed again. To be run with a low limit. URL SERVICE
import { closeSync, openSync } from 'node:fs';
import { connectRegistry } from 'truefork/discovery';

const [url, service] = process.argv.slice(2);
const opened = [];

function exhaust() {
  try {
    for (;;) opened.push(openSync('/dev/null'));
  } catch {
    console.log('exhausted');
  }
}

const registry = await connectRegistry(url, {
  onWarning: (message) => {
    console.log('warned', /EMFILE/.exec(message)?.[0]);
    for (const fd of opened.splice(0)) closeSync(fd);
  },
});
const watch = registry.watch(service, (instances) => {
  console.log(['=', ...instances.map(({ host }) => host)].join(' '));
  if (instances.length === 1) exhaust();
  if (instances.length === 2) watch.close();
});
