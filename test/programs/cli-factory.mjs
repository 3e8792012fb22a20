// A function that makes a listener, and takes its time; for `truefork serve`.
import { setImmediate } from 'node:timers/promises';

export default async () => {
  await setImmediate();
  return (request, response) => response.end(`made listener of ${request.url}\n`);
};
