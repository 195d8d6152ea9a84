// The time of a page of the audit log, with few and with many events, on both databases.
import { join } from 'node:path';
import { SEEDED_QUESTIONS, seedAuditEvents } from '../audit-seed.mjs';
import { folder } from '../processes.mjs';
import { startScopegate } from '../scopegate.mjs';
import { quantile } from '../statistics.mjs';

const REPEATS = 15;

/** The newest page for every filter, by database and number of events. */
export async function measureAuditPage(bench, sizes) {
  const found = {};
  for (const kind of ['MariaDB', 'SQLite']) {
    for (const size of sizes) found[`${kind}, ${size.toLocaleString('en')}`] = await measureOn(bench, kind, size);
  }
  return found;
}

async function measureOn(bench, kind, size) {
  const name = `events_${kind.toLowerCase()}_${size}`;
  const url = kind === 'SQLite' ? `sqlite:${join(folder, `${name}.sqlite`)}` : await bench.database.urlOf(name);
  const environment = { DATABASE_URL: url };
  const maker = await startScopegate(bench.database, name, { environment });
  await maker.stop();
  await seedAuditEvents(url, size);
  const scopegate = await startScopegate(bench.database, name, { environment });
  const pages = {};
  for (const [title, question] of Object.entries(SEEDED_QUESTIONS)) {
    const path = `/audit-events?${new URLSearchParams({ limit: '50', ...question })}`;
    const durations = [];
    for (let index = 0; index <= REPEATS; index += 1) {
      const startedAtMs = performance.now();
      await scopegate.must('GET', path);
      // The first query compiles and connects.
      if (index > 0) durations.push(performance.now() - startedAtMs);
    }
    pages[title] = { p50Ms: quantile(durations, 0.5), longestMs: Math.max(...durations) };
  }
  await scopegate.stop();
  await bench.database.drop(name);
  return pages;
}
