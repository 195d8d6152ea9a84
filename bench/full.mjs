// npm run bench:full: every candidate and every size. With --write, its tables go to docs/performance-figures.md.
import { CANDIDATE_NAMES, measureCandidates } from './lib/parts/candidates.mjs';
import { measureDecision } from './lib/parts/decision.mjs';
import { measureHalfLoad } from './lib/parts/half-load.mjs';
import { measureStart } from './lib/parts/start.mjs';
import { measureAllowList, measureAudit } from './lib/parts/switched.mjs';
import { measureTokens } from './lib/parts/tokens.mjs';
import { runPlan } from './lib/session.mjs';

await runPlan({
  name: 'bench-full',
  seconds: 8,
  programs: ['wrk', 'nginx', 'taskset', 'mariadbd', 'mariadb', 'caddy'],
  candidates: CANDIDATE_NAMES,
  parts: {
    start: measureStart,
    decision: measureDecision,
    candidates: measureCandidates,
    'half-load': measureHalfLoad,
    audit: measureAudit,
    'allow-list': measureAllowList,
    tokens: (bench) => measureTokens(bench, [1000, 100_000, 1_000_000], { all: true }),
  },
});
