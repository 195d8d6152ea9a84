// The candidates at saturation.
import { join } from 'node:path';
import { placeholderToken } from '../../../dist/libs/token/index.js';
import { candidateOf } from '../bench.mjs';
import {
  startAuthRequest,
  startBareProxy,
  startExpressGateway,
  startFastifyHttpProxy,
  startForwardAuth,
  startHttpProxyMiddleware,
  startLua,
} from '../competitors.mjs';
import { PATH_BELOW } from '../load.mjs';
import { equipWithDeposit, READ_ONLY_POST } from '../scopegate.mjs';
import { startNginxForwardAuth, startNginxProxy } from '../nginx.mjs';
import { peakMemoryMegabytes } from '../processes.mjs';
import { inRounds } from '../rounds.mjs';

const POST = { file: join(import.meta.dirname, '../lua/post.lua'), arguments: [] };

/** A well-formed token that was never issued. */
const UNKNOWN_TOKEN = placeholderToken('0'.repeat(12));

const competitor = (title, start) => ({ title, start: ({ upstream }) => start(upstream) });
const ownKind = (title, more) => ({
  title,
  start: async (bench) => {
    const gateway = await bench.gateway();
    return candidateOf(gateway, more(gateway));
  },
});
/** The shipped nginx in front of the upstream; Scopegate decides, and counts as a part of it. */
const askedByNginx = (title, form, application) => ({
  title,
  start: async (bench) => {
    const gateway = await bench.gateway();
    const nginx = await startNginxForwardAuth(bench.upstream, gateway.scopegate, { form, application });
    return candidateOf(gateway, { pids: [nginx.pid, ...gateway.scopegate.pids], url: nginx.url });
  },
});

/** Every candidate by its name, in the order of their turns. */
const CANDIDATES = {
  upstream: { title: 'the upstream itself', start: ({ upstream }) => upstream, warmUpSeconds: 1 },
  nginx: { ...competitor('nginx, plain proxy', startNginxProxy), warmUpSeconds: 1 },
  bare: competitor('bare undici proxy', startBareProxy),
  'bare-post': {
    title: 'bare undici proxy, POST',
    start: async ({ upstream }) => ({ ...(await startBareProxy(upstream)), script: POST }),
  },
  basic: ownKind('Scopegate, Basic', () => ({})),
  credential: {
    title: 'Scopegate, Basic, with a stored credential',
    start: async (bench) => {
      const gateway = await bench.gateway();
      await equipWithDeposit(gateway.scopegate, bench.upstream);
      return candidateOf(gateway, { url: `${gateway.scopegate.url}/stored${PATH_BELOW}` });
    },
  },
  bearer: ownKind('Scopegate, Bearer', ({ token }) => ({ headers: [token.bearer] })),
  'allowed-post': ownKind('Scopegate, allowed POST', ({ scopegate }) => ({
    url: `${scopegate.url}/bench${READ_ONLY_POST}`,
    script: POST,
  })),
  refused: ownKind('Scopegate, refused POST', () => ({ expects: 'refused', script: POST })),
  unknown: ownKind('Scopegate, unknown token', () => ({
    expects: 'refused',
    headers: [`Authorization: Bearer ${UNKNOWN_TOKEN}`],
  })),
  password: ownKind('Scopegate, password passed through', () => ({
    headers: [`Authorization: Basic ${Buffer.from('alice:secret').toString('base64')}`],
  })),
  'request-form': ownKind('Scopegate, a decision for a proxy', ({ scopegate }) => ({
    url: `${scopegate.url}/authorize/bench${PATH_BELOW}`,
  })),
  'headers-form': ownKind('the same, with headers as the subject', ({ scopegate, token }) => ({
    url: `${scopegate.url}/authorize/bench`,
    headers: [token.basic, 'X-Original-Method: GET', `X-Original-URL: ${PATH_BELOW}`],
  })),
  'nginx-asks': askedByNginx('nginx that asks Scopegate', 'request.conf', 'bench'),
  // Its answers are not in the audit one by one: most decisions come from the cache.
  'nginx-cached': {
    title: 'the same, with the two-second cache',
    start: async (bench) => ({
      ...(await askedByNginx('', 'cached.conf', 'unaudited').start(bench)),
      ledger: undefined,
    }),
  },
  'nginx-lua': competitor('nginx with authentication in Lua', startLua),
  'fastify-http-proxy': competitor('@fastify/http-proxy', startFastifyHttpProxy),
  'http-proxy-middleware': competitor('http-proxy-middleware on Express', startHttpProxyMiddleware),
  'express-gateway': competitor('express-gateway, key-auth', startExpressGateway),
  'auth-request': competitor('nginx auth_request to a Node service', startAuthRequest),
  'forward-auth': competitor('Caddy forward_auth to a Node service', startForwardAuth),
};

export const CANDIDATE_NAMES = Object.keys(CANDIDATES);

/** Those of the short run. */
export const SHORT_CANDIDATE_NAMES = [
  'nginx',
  'bare',
  'bare-post',
  'basic',
  'credential',
  'allowed-post',
  'refused',
  'request-form',
  'nginx-asks',
  'nginx-cached',
  'nginx-lua',
  'fastify-http-proxy',
  'express-gateway',
  'auth-request',
];

export const titleOf = (name) => CANDIDATES[name].title;

const started = new Map();

/** A candidate. It starts when it is first needed. */
export async function startedCandidate(bench, name) {
  if (!started.has(name)) {
    const { start, warmUpSeconds } = CANDIDATES[name];
    const candidate = await start(bench);
    started.set(name, {
      expects: 'allowed',
      pids: [candidate.pid],
      ...(warmUpSeconds === undefined ? {} : { warmUpSeconds }),
      ...candidate,
      name,
      url: new URL(candidate.url).pathname === '/' ? candidate.url + PATH_BELOW : candidate.url,
    });
  }
  return started.get(name);
}

/** CPU, rate, times and peak memory of each candidate at saturation. */
export async function measureCandidates(bench, names) {
  const candidates = [];
  for (const name of names) candidates.push(await startedCandidate(bench, name));
  const measured = await inRounds(candidates, bench.options);
  for (const { name, pids } of candidates) measured[name].peakMemoryMb = peakMemoryMegabytes(pids);
  return measured;
}
