// npm run bench: the figures that have a limit, in some minutes. See bench/README.md.
import { measureDecision } from './lib/parts/decision.mjs';
import { measureCandidates, SHORT_CANDIDATE_NAMES } from './lib/parts/candidates.mjs';
import { measureEmbedded } from './lib/parts/embedded.mjs';
import { measureHalfLoad } from './lib/parts/half-load.mjs';
import { measureStart } from './lib/parts/start.mjs';
import { measureAllowList, measureAudit } from './lib/parts/audit-and-allow-list.mjs';
import { measureTokens } from './lib/parts/tokens.mjs';
import { LUA_MODULE } from './lib/nginx.mjs';
import { runPlan } from './lib/session.mjs';

await runPlan({
  name: 'bench',
  seconds: 3,
  programs: ['wrk', 'nginx', 'taskset', 'mariadbd', 'mariadb', LUA_MODULE],
  candidates: SHORT_CANDIDATE_NAMES,
  parts: {
    start: measureStart,
    decision: measureDecision,
    candidates: measureCandidates,
    embedded: measureEmbedded,
    'half-load': measureHalfLoad,
    audit: measureAudit,
    'allow-list': measureAllowList,
    tokens: (bench) => measureTokens(bench, [1000, 1_000_000]),
  },
});
