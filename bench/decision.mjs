// The decision alone, in nanoseconds: stage by stage, in the built code, with everything in memory. The token comes from
// the server's own cache, which compares its digest each time.
import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  admit,
  authenticate,
  authorize,
  judge,
  judgeRequestPath,
  NO_ROUTE,
  RequestHead,
} from '../dist/libs/access/index.js';
import { compileAddressSet } from '../dist/libs/network/index.js';
import { compileBlockedPaths, compilePatterns } from '../dist/libs/path/index.js';
import { DEFAULT_PERMISSIONS } from '../dist/libs/permission/index.js';
import { HmacKey } from '../dist/libs/kernel/index.js';
import { parseToken, tokenDigest } from '../dist/libs/token/index.js';
import { readConfiguration } from '../dist/src/config/env.js';
import { startServer } from '../dist/src/configure-app.js';
import { TokenCache } from '../dist/src/tokens/token.cache.js';
import { allowListOf } from './lib/allow-list.mjs';

const PASSWORD = 'a benchmark password';

const application = {
  key: 'bench',
  kind: 'jira',
  paths: 'tomcat',
  anonymous: 'allow',
  nativeTokensDisabled: true,
  remoteApiPasswords: false,
  readOnlyUpgrades: false,
  passwords: 'forward',
  passSchemes: new Set(),
  challenge: ['basic'],
  exceptions: compilePatterns([{ method: 'POST', path: '/rest/api/2/search' }]),
  tokenPaths: compilePatterns([]),
  blockedPaths: compileBlockedPaths([]),
  needsDeposit: false,
  acting: null,
  cors: null,
};
const pepper = new HmacKey('p'.repeat(44));
const rawPath = '/rest/api/2/issue/PROJ-1';

function policyWith(allowList) {
  return {
    allowList: compileAddressSet(allowList),
    allowListAppliesToPasswords: false,
    reverseProxy: { enabled: true, trusted: compileAddressSet(['10.9.0.0/16']), header: 'X-Forwarded-For' },
    passwordsEnabled: false,
    preventPathTraversal: true,
    validity: { maximum: 'never', applyAtUse: false },
    permissions: { ...DEFAULT_PERMISSIONS, useTokens: { everyone: false, groups: ['administrators'] } },
  };
}

/** A new head for each request. */
function headWith(authorization) {
  return RequestHead.of([
    'Host',
    'bench',
    'Authorization',
    authorization,
    'Accept',
    '*/*',
    'User-Agent',
    'bench',
    'X-Request-Id',
    'x',
  ]);
}

function requestWith(authorization, peer) {
  return {
    method: 'GET',
    httpVersion: '1.1',
    rawPath,
    query: 'fields=summary',
    head: headWith(authorization),
    peer,
  };
}

/** The best of several rounds, which the machine disturbed least. */
function nanoseconds(work, iterations = 100_000) {
  for (let index = 0; index < iterations; index += 1) work(index);
  let best = Infinity;
  for (let round = 0; round < 5; round += 1) {
    const startedAt = process.hrtime.bigint();
    for (let index = 0; index < iterations; index += 1) work(index);
    best = Math.min(best, Number(process.hrtime.bigint() - startedAt) / iterations);
  }
  return best;
}

/** The secret of a new read-only token of the first administrator. */
async function createToken(port) {
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1/tokens`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`admin:${PASSWORD}`).toString('base64')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ description: 'bench', scope: 'read-only' }),
  });
  const token = await answer.json();
  if (answer.status !== 201) throw new Error(`No token can be made: ${answer.status} ${JSON.stringify(token)}`);
  return token.secret;
}

/**
 * The time of a decision that allows. @throws Error for any other decision
 * @param isRepeated whether the lines equal those of the previous request of the connection
 */
function wholeDecision(cache, authorization, policy, isRepeated) {
  const repeated = headWith(authorization);
  RequestHead.of([...repeated.lines], repeated);
  const ports = {
    nowMs: () => Date.now(),
    findToken: (id, secret, head) => cache.lookUp(id, secret, head),
    body: null,
    onPassed: () => undefined,
  };
  const decide = () => {
    const head = isRepeated ? repeated : RequestHead.of(repeated.lines);
    const request = { method: 'GET', httpVersion: '1.1', rawPath, query: 'fields=summary', head, peer: '127.0.0.1' };
    return judge({ request, application, policy, vendorMount: null, route: NO_ROUTE }, ports);
  };
  const decision = decide();
  if (decision.kind !== 'allow') throw new Error(`The decision is ${JSON.stringify(decision)}.`);
  return nanoseconds(decide);
}

/** Each figure by its name, in nanoseconds. */
async function measureDecision(cache, secret) {
  // The first look-up reads the database.
  const tokenId = parseToken(secret).id;
  const lookup = await cache.lookUp(tokenId, secret, headWith('none'));
  if (!lookup.found) throw new Error('The token is not found.');
  const basic = `Basic ${Buffer.from(`admin:${secret}`).toString('base64')}`;
  const small = policyWith(allowListOf(10));
  const large = policyWith(allowListOf(10_000));
  const request = requestWith(basic, '127.0.0.1');
  const path = judgeRequestPath(rawPath, application);
  const admitted = admit(request, application, path, small);
  const authenticated = authenticate(admitted, { token: lookup, vendorMount: null, nowMs: Date.now() });
  // Every request has another address, so that no cache of decisions could answer it.
  const peers = Array.from(
    { length: 50_000 },
    (_, index) => `10.${(index >> 8) & 31}.${index & 255}.${1 + (index % 250)}`,
  );
  const requests = peers.map((peer) => requestWith(basic, peer));
  const spread = (policy) => (index) => admit(requests[index % requests.length], application, path, policy);
  return {
    path: nanoseconds(() => judgeRequestPath(rawPath, application)),
    'admit (Basic)': nanoseconds(() =>
      admit({ ...request, head: RequestHead.of(request.head.lines) }, application, path, small),
    ),
    'look up the token, from memory': nanoseconds(() => cache.lookUp(tokenId, secret, request.head)),
    authenticate: nanoseconds(() => authenticate(admitted, { token: lookup, vendorMount: null, nowMs: Date.now() })),
    authorize: nanoseconds(() => authorize(authenticated, { route: NO_ROUTE })),
    'the whole decision, Basic': wholeDecision(cache, basic, small, false),
    'the whole decision, Bearer': wholeDecision(cache, `Bearer ${secret}`, small, false),
    'the whole decision, lines repeated': wholeDecision(cache, basic, small, true),
    'token checksum': nanoseconds(() => parseToken(secret)),
    'token digest': nanoseconds(() => tokenDigest(pepper, secret)),
    'admit, 10 entries, every address another': nanoseconds(spread(small)),
    'admit, 10,000 entries, every address another': nanoseconds(spread(large)),
  };
}

const dataDirectory = mkdtempSync(join(tmpdir(), 'scopegate-decision-'));
try {
  const server = await startServer(
    readConfiguration({
      PORT: '0',
      LOG_LEVEL: 'warn',
      SCOPEGATE_DATA_DIR: dataDirectory,
      SCOPEGATE_DRAIN_MS: '0',
      SCOPEGATE_ADMIN_PASSWORD: PASSWORD,
    }),
  );
  const measured = await measureDecision(server.app.get(TokenCache), await createToken(server.port));
  await server.close();
  if (process.argv.includes('--json')) process.stdout.write(JSON.stringify(measured));
  else console.table(measured);
} finally {
  rmSync(dataDirectory, { recursive: true, force: true });
}
process.exit();
