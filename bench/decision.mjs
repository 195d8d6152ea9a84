// The decision alone, in nanoseconds: stage by stage, on the built libraries, with everything in memory.

import { admit, authenticate, authorize, judgeRequestPath } from '../dist/libs/access/index.js';
import { compileAddressSet } from '../dist/libs/network/index.js';
import { compileExceptions } from '../dist/libs/path/index.js';
import { DEFAULT_PERMISSIONS } from '../dist/libs/permission/index.js';
import { mintToken, parseToken, tokenDigest } from '../dist/libs/token/index.js';
import { HmacKey } from '../dist/libs/kernel/index.js';
import { randomBytes } from 'node:crypto';
import { allowListOf } from './lib/allow-list.mjs';

const { id, secret } = mintToken(randomBytes);
const application = {
  key: 'bench',
  kind: 'jira',
  encodedSlashes: 'reject',
  anonymous: 'allow',
  nativeTokensDisabled: true,
  remoteApiPasswords: false,
  exceptions: compileExceptions([{ method: 'POST', path: '/rest/api/2/search' }]),
};
const owner = {
  id: '1',
  username: 'alice',
  displayName: 'Alice',
  email: null,
  active: true,
  groups: new Set(['users']),
};
const token = {
  id,
  ownerId: '1',
  ownerName: 'alice',
  description: 'bench',
  scope: 'read-only',
  createdAt: 0,
  expiresAt: null,
  revokedAt: null,
  allowList: null,
  applications: null,
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
    permissions: { ...DEFAULT_PERMISSIONS, useTokens: { everyone: false, groups: ['users'] } },
  };
}

function requestWith(authorization, peer) {
  return {
    method: 'GET',
    httpVersion: '1.1',
    rawPath,
    query: 'fields=summary',
    lines: [
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
    ],
    peer,
  };
}

/** The best of several rounds: the one the machine disturbed least. */
function nanoseconds(work, iterations = 200_000) {
  for (let index = 0; index < iterations; index += 1) work(index);
  let best = Infinity;
  for (let round = 0; round < 5; round += 1) {
    const startedAt = process.hrtime.bigint();
    for (let index = 0; index < iterations; index += 1) work(index);
    best = Math.min(best, Number(process.hrtime.bigint() - startedAt) / iterations);
  }
  return best;
}

const basic = `Basic ${Buffer.from(`alice:${secret}`).toString('base64')}`;
const small = policyWith(allowListOf(10));
const large = policyWith(allowListOf(10_000));
const lookup = { found: true, token, owner };
const request = requestWith(basic, '127.0.0.1');
const path = judgeRequestPath(rawPath, application);
const admitted = admit(request, application, path, small);
const authenticated = authenticate(admitted, { token: lookup, nowMs: 1 });
// A memory of answers must not be what is measured: every request comes from another address.
const peers = Array.from(
  { length: 50_000 },
  (_, index) => `10.${(index >> 8) & 31}.${index & 255}.${1 + (index % 250)}`,
);
const spread = (policy) => (index) => admit(requestWith(basic, peers[index % peers.length]), application, path, policy);

/** Each figure by its name, in nanoseconds. */
export function measureDecision() {
  const whole = (authorization) => {
    const judged = requestWith(authorization, '127.0.0.1');
    return nanoseconds(() => {
      const first = admit(judged, application, judgeRequestPath(rawPath, application), small);
      authorize(authenticate(first, { token: lookup, nowMs: 1 }), {});
    });
  };
  return {
    path: nanoseconds(() => judgeRequestPath(rawPath, application)),
    'admit (Basic)': nanoseconds(() => admit(request, application, path, small)),
    authenticate: nanoseconds(() => authenticate(admitted, { token: lookup, nowMs: 1 })),
    authorize: nanoseconds(() => authorize(authenticated, {})),
    'the whole decision, Basic': whole(basic),
    'the whole decision, Bearer': whole(`Bearer ${secret}`),
    'token checksum': nanoseconds(() => parseToken(secret)),
    'token digest': nanoseconds(() => tokenDigest(pepper, secret), 50_000),
    'admit, 10 entries, every address another': nanoseconds(spread(small)),
    'admit, 10,000 entries, every address another': nanoseconds(spread(large)),
  };
}

if (process.argv[1] === import.meta.filename) console.table(measureDecision());
