// npm run bench:full: every candidate and every size. With --write, its tables go to docs/performance-figures.md.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { measureApplications } from './lib/parts/applications.mjs';
import { measureAuditPage } from './lib/parts/audit-page.mjs';
import { CANDIDATE_NAMES, measureCandidates } from './lib/parts/candidates.mjs';
import { measureDecision } from './lib/parts/decision.mjs';
import { measureEmbedded } from './lib/parts/embedded.mjs';
import { measureHalfLoad } from './lib/parts/half-load.mjs';
import { measureSaturation } from './lib/parts/saturation.mjs';
import { measureStart } from './lib/parts/start.mjs';
import { measureAllowList, measureAudit } from './lib/parts/audit-and-allow-list.mjs';
import { measureTokens } from './lib/parts/tokens.mjs';
import { measureWorkers } from './lib/parts/workers.mjs';
import { root } from './lib/processes.mjs';
import { LUA_MODULE } from './lib/nginx.mjs';
import { runPlan } from './lib/session.mjs';

const HEAD = `# Performance figures

Written by \`npm run bench:full -- --write\`; [bench/README.md](../bench/README.md) says how it measures and how to read it.
`;

function writeFigures(report) {
  const file = join(root, 'docs', 'performance-figures.md');
  writeFileSync(file, `${HEAD}\n${report}`);
  process.stdout.write(`\nWritten: ${file}\n`);
}

await runPlan(
  {
    name: 'bench-full',
    seconds: 8,
    programs: ['wrk', 'nginx', 'taskset', 'mariadbd', 'mariadb', LUA_MODULE, 'caddy'],
    candidates: CANDIDATE_NAMES,
    parts: {
      start: measureStart,
      decision: measureDecision,
      candidates: measureCandidates,
      embedded: measureEmbedded,
      'half-load': measureHalfLoad,
      audit: measureAudit,
      'allow-list': measureAllowList,
      saturation: measureSaturation,
      tokens: (bench) => measureTokens(bench, [1000, 100_000, 1_000_000], { all: true }),
      applications: (bench) => measureApplications(bench, [1, 1000]),
      'audit-page': (bench) => measureAuditPage(bench, [10_000, 1_000_000]),
      workers: measureWorkers,
    },
  },
  process.argv.includes('--write') ? writeFigures : undefined,
);
