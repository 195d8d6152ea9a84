// How long a page of the audit log takes, with few and with many events.
import { seedAuditEvents } from '../audit-seed.mjs';
import { quantile } from '../statistics.mjs';

const REPEATS = 30;

/** What is asked for, by what it is called in the table. */
const PAGES = {
  'the newest': '/audit-events?limit=50',
  'the newest of one user': '/audit-events?limit=50&user=user7',
  'the newest refusals': '/audit-events?limit=50&outcome=denied',
};

export async function measureAuditPage(bench, sizes) {
  const found = {};
  for (const size of sizes) {
    const gateway = await bench.newGateway(`events_${size}`);
    const { scopegate } = gateway;
    await seedAuditEvents(bench.database, scopegate.name, size);
    found[size] = {};
    for (const [title, path] of Object.entries(PAGES)) {
      const durations = [];
      for (let index = 0; index <= REPEATS; index += 1) {
        const startedAtMs = performance.now();
        const { items } = await scopegate.must('GET', path);
        if (items.length !== 50) throw new Error(`${path} has ${items.length} events.`);
        // The first one compiles and connects.
        if (index > 0) durations.push(performance.now() - startedAtMs);
      }
      found[size][title] = { p50Ms: quantile(durations, 0.5), p99Ms: quantile(durations, 0.99) };
    }
    await bench.end(gateway);
  }
  return found;
}
