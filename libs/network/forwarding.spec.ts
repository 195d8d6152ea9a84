import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileAddressSet } from './address-set.js';
import { resolveClientAddress, type ReverseProxyRules } from './client-address.js';
import { forwardingOf, type Forwarding } from './forwarding.js';

interface ForwardsCase {
  readonly id: string;
  readonly proxySupport: boolean;
  readonly headerName: string;
  readonly trusted: readonly string[];
  readonly peer: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly forwards?: { readonly for: string; readonly proto: string; readonly host: string | null };
  readonly why: string;
}

const corpus = JSON.parse(readFileSync(`${import.meta.dirname}/../../test/corpora/xff.json`, 'utf8')) as {
  readonly cases: readonly ForwardsCase[];
};

function forward(peer: string, lines: readonly string[], rules: ReverseProxyRules): Forwarding {
  return forwardingOf(lines, resolveClientAddress(peer, lines, rules), rules);
}

describe('forwardingOf', () => {
  const withForwards = corpus.cases.filter(({ forwards }) => forwards !== undefined);

  it.each(withForwards)('R39: $id: $why', ({ proxySupport, trusted, headerName, peer, headers, forwards }) => {
    const rules = { enabled: proxySupport, trusted: compileAddressSet(trusted), header: headerName };
    const { chain, proto, host } = forward(peer, headers.flat(), rules);
    expect({ for: chain.join(', '), proto, host: host?.text ?? null }).toEqual(forwards);
  });

  it.each(corpus.cases)('R39: $id: the chain begins with the client and ends with the peer', (row) => {
    const rules = { enabled: row.proxySupport, trusted: compileAddressSet(row.trusted), header: row.headerName };
    const address = resolveClientAddress(row.peer, row.headers.flat(), rules);
    const { chain, client } = forwardingOf(row.headers.flat(), address, rules);
    expect(client).toBe(address.client);
    if (address.client !== null) expect(chain[0]).toBe(address.client);
    if (address.peer !== null) expect(chain.at(-1)).toBe(address.peer);
  });

  it('R39: whatever a client writes, what the trusted proxy has added behind it is what goes on', () => {
    const rules = { enabled: true, trusted: compileAddressSet(['10.0.0.0/24']), header: 'X-Forwarded-For' };
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (addresses, protos, hosts) => {
        const { chain, proto, host } = forward(
          '10.0.0.2',
          [
            'X-Forwarded-For',
            `${addresses}, 203.0.113.7`,
            'X-Forwarded-Proto',
            `${protos},https`,
            'X-Forwarded-Host',
            `${hosts} , public.test`,
          ],
          rules,
        );
        expect([chain, proto, host?.text]).toEqual([['203.0.113.7', '10.0.0.2'], 'https', 'public.test']);
      }),
    );
  });

  it('R39: a peer without an address has no place in the chain', () => {
    const rules = { enabled: true, trusted: compileAddressSet(['10.0.0.0/24']), header: 'X-Forwarded-For' };
    expect(forward('fe80::1%eth0', ['X-Forwarded-Proto', 'https'], rules)).toEqual({
      client: null,
      chain: [],
      proto: 'http',
      host: null,
    });
  });
});
