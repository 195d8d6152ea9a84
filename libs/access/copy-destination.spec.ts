import { compileAddressSet } from '@scopegate/network';
import { compileBlockedPaths, compilePatterns, stripMount } from '@scopegate/path';
import { DEFAULT_PERMISSIONS } from '@scopegate/permission';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admit, judgeRequestPath } from './admit.js';
import { judgeCopyDestination, locateCopyDestination, type CopyDestination, type Mounts } from './copy-destination.js';
import type { Admitted } from './decision.js';
import type { ApplicationRules, RequestFacts } from './facts.js';
import { RequestHead } from './request-head.js';

const RULES: ApplicationRules = {
  key: 'files',
  kind: 'jira',
  paths: 'tomcat',
  anonymous: 'allow',
  passwords: 'forward',
  passSchemes: new Set(),
  challenge: ['basic'],
  nativeTokensDisabled: true,
  remoteApiPasswords: false,
  readOnlyUpgrades: false,
  cors: null,
  exceptions: compilePatterns([]),
  needsDeposit: false,
  acting: null,
  tokenPaths: compilePatterns([]),
  blockedPaths: compileBlockedPaths([{ method: 'GET', path: '/rest/keys/*' }]),
};

/** `/files`, with another application below it, on every host; and `dav.example:8443`. */
const MOUNTS: Mounts = {
  route: (authority, path) => {
    if (authority?.text === 'dav.example:8443') {
      return { application: { key: 'files' }, rest: path, hasOwnHost: true, isMountItself: false };
    }
    if (stripMount(path, '/files/other') !== null) {
      return { application: { key: 'other' }, rest: '/', hasOwnHost: false, isMountItself: false };
    }
    const rest = stripMount(path, '/files');
    return rest === null ? null : { application: { key: 'files' }, rest, hasOwnHost: false, isMountItself: false };
  },
};

interface Sent {
  readonly host?: string | null;
  readonly forwardedHost?: string;
  readonly targetAuthority?: string;
  readonly trusted?: boolean;
}

function admitted(
  destination: string,
  { host = 'gw.example', forwardedHost, targetAuthority, trusted }: Sent,
): Admitted {
  const lines = ['Destination', destination];
  if (host !== null) lines.push('Host', host);
  if (forwardedHost !== undefined) lines.push('X-Forwarded-Host', forwardedHost, 'X-Forwarded-For', '192.0.2.9');
  const request: RequestFacts = {
    method: 'COPY',
    httpVersion: host === null ? '1.0' : '1.1',
    rawPath: '/rest/a',
    query: null,
    head: RequestHead.of(lines),
    peer: '127.0.0.1',
    targetAuthority,
  };
  const trustedProxies = compileAddressSet(['127.0.0.1']);
  const result = admit(request, RULES, judgeRequestPath('/rest/a', RULES), {
    allowList: compileAddressSet([]),
    allowListAppliesToPasswords: false,
    reverseProxy: { enabled: trusted === true, trusted: trustedProxies, header: 'X-Forwarded-For' },
    passwordsEnabled: true,
    preventPathTraversal: false,
    validity: { maximum: 'never', applyAtUse: false },
    permissions: DEFAULT_PERMISSIONS,
  });
  if (result.kind === 'deny') throw new Error(result.detail);
  return result;
}

function resultOf(destination: string, sent: Sent = {}): string {
  const found: CopyDestination = judgeCopyDestination(admitted(destination, sent), MOUNTS);
  return found.ok ? found.path : found.code;
}

const REFUSED = 'destination_not_allowed';

describe('the destination of COPY and MOVE', () => {
  it.each([
    ['http://gw.example/files/rest/b', {}, '/rest/b'],
    ['http://gw.example:80/files/rest/b', {}, '/rest/b'],
    ['https://gw.example:443/files/rest/b', {}, '/rest/b'],
    ['https://gw.example:80/files/rest/b', {}, REFUSED],
    ['http://gw.example:443/files/rest/b', {}, REFUSED],
    ['http://GW.example./files/rest/b', {}, '/rest/b'],
    ['http://gw.example/files/rest/b', { host: 'gw.example:80' }, '/rest/b'],
    ['http://gw.example/files/rest/b', { host: 'gw.example:3000' }, REFUSED],
    ['http://gw.example:3000/files/rest/b', { host: 'gw.example:3000' }, '/rest/b'],
    ['http://gw.example.evil.example/files/rest/b', {}, REFUSED],
    ['http://127.0.0.1/files/rest/b', { host: '127.1' }, '/rest/b'],
    ['/files/rest/b', { host: null }, '/rest/b'],
    ['http://gw.example/files/rest/b', { host: null }, REFUSED],
    ['http://abs.example/files/rest/b', { targetAuthority: 'abs.example' }, '/rest/b'],
    ['http://gw.example/files/rest/b', { targetAuthority: 'abs.example' }, REFUSED],
    ['https://outer.example/files/rest/b', { forwardedHost: 'outer.example', trusted: true }, '/rest/b'],
    ['https://outer.example/files/rest/b', { forwardedHost: 'outer.example' }, REFUSED],
    ['http://dav.example:8443/rest/b', { host: 'dav.example:8443' }, '/rest/b'],
    ['http://dav.example:8443/rest/b', {}, REFUSED],
    ['/files/other/rest/b', {}, REFUSED],
    ['/files/../files/rest/b', {}, REFUSED],
    ['/files/rest/keys/1', {}, REFUSED],
    ['/files/rest/keys', {}, REFUSED],
    ['/files/rest', {}, REFUSED],
    ['/files/rest/pat/latest/tokens', {}, REFUSED],
    ['/files/rest/auth/1/session', {}, REFUSED],
    ['/files/secure/b', {}, REFUSED],
    ['/files/s/x/_/rest/b', {}, REFUSED],
    ['/filesx/rest/b', {}, REFUSED],
    ['http:///files/rest/b', {}, 'destination_malformed'],
    ['http://gw.example/files/rest/b\t', {}, 'destination_malformed'],
  ] as const)('R115: %s (%o): %s', (destination, sent, expected) => {
    expect(resultOf(destination, sent)).toBe(expected);
  });

  it('R115: without a token only the place counts', () => {
    for (const path of ['/secure/b', '/rest/keys/1']) {
      const found = locateCopyDestination(admitted(`/files${path}`, {}), MOUNTS);
      expect(found.ok && found.path).toBe(path);
    }
  });

  it('R115: whatever it says, what goes on is one REST path that is not blocked', () => {
    const piece = fc.constantFrom(
      ...'http:// https:// gw.example :80 @ / // /files /rest /keys /1 .. . %2e %2f %5c ; ? # \\ %00 /other é'.split(
        ' ',
      ),
    );
    const beginning = fc.constantFrom('', '/files/rest', 'http://gw.example/files/rest');
    let accepted = 0;
    fc.assert(
      fc.property(beginning, fc.array(piece, { maxLength: 8 }), (start, pieces) => {
        const found = judgeCopyDestination(admitted(start + pieces.join(''), {}), MOUNTS);
        if (!found.ok) return;
        accepted += 1;
        const again = judgeRequestPath(found.path, RULES);
        expect(again?.strict).toEqual({ ok: true, canonical: found.path, pathClass: 'rest' });
        expect(RULES.blockedPaths.methodsAt(found.path, 'tree')).toBeNull();
      }),
      { numRuns: 3_000 },
    );
    expect(accepted).toBeGreaterThan(20);
  });
});
