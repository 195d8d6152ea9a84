import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileAddressSet } from './address-set.js';
import { resolveClientAddress, type ClientAddress, type ReverseProxyRules } from './client-address.js';

interface Outcome {
  readonly client: string | null;
  readonly source: string;
}

interface XffCase {
  readonly id: string;
  readonly proxySupport: boolean;
  readonly headerName: string;
  readonly trusted: readonly string[];
  readonly peer: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly expected: Outcome;
  readonly also_ok?: readonly (Outcome | string)[];
  readonly why: string;
}

const corpus = JSON.parse(readFileSync(`${import.meta.dirname}/../../test/corpora/xff.json`, 'utf8')) as {
  readonly cases: readonly XffCase[];
};

const PROXY = '10.0.0.2';

function rules(header: string): ReverseProxyRules {
  return { enabled: true, trusted: compileAddressSet(['10.0.0.0/24', '2001:db8:1::/64']), header };
}

/** What is derived behind the trusted proxy from the lines of one header. */
function derive(header: string, ...values: readonly string[]): ClientAddress {
  return resolveClientAddress(
    PROXY,
    values.flatMap((value) => [header, value]),
    rules(header),
  );
}

describe('the corpus of client addresses', () => {
  it.each(corpus.cases)('R38, R39, R40: $id: $why', (row) => {
    const { client, source } = resolveClientAddress(row.peer, row.headers.flat(), {
      enabled: row.proxySupport,
      trusted: compileAddressSet(row.trusted),
      header: row.headerName,
    });
    expect([row.expected, ...(row.also_ok ?? [])]).toContainEqual({ client, source });
  });
});

describe('resolveClientAddress', () => {
  it('R38: support off: the peer counts and the header is not even considered', () => {
    const off: ReverseProxyRules = { ...rules('X-Forwarded-For'), enabled: false };
    expect(resolveClientAddress('::ffff:10.0.0.2', ['X-Forwarded-For', '203.0.113.7'], off)).toEqual({
      client: PROXY,
      source: 'peer',
      peer: PROXY,
      header: null,
      hops: [],
    });
  });

  it('R39: a peer that is no trusted proxy is not believed', () => {
    expect(resolveClientAddress('10.0.1.2', ['X-Forwarded-For', '203.0.113.7'], rules('X-Forwarded-For'))).toEqual({
      client: '10.0.1.2',
      source: 'peer',
      peer: '10.0.1.2',
      header: null,
      hops: [],
    });
  });

  it('R39: without a trusted proxy no header is used', () => {
    const nobody: ReverseProxyRules = { enabled: true, trusted: compileAddressSet([]), header: 'X-Forwarded-For' };
    expect(resolveClientAddress(PROXY, ['X-Forwarded-For', '203.0.113.7'], nobody).client).toBe(PROXY);
  });

  it.each([undefined, '', 'fe80::1%eth0', '10.0.0.2:80', '[::1]', 'unknown'])(
    'R40: the peer %j is no address, so there is no client address, whatever the header says',
    (peer) => {
      expect(resolveClientAddress(peer, ['X-Forwarded-For', '203.0.113.7'], rules('X-Forwarded-For'))).toEqual({
        client: null,
        source: 'unparsable',
        peer: null,
        header: null,
        hops: [],
      });
    },
  );

  it('R39: all lines are joined, and the joined value is reported', () => {
    expect(derive('X-Forwarded-For', '1.1.1.1, 203.0.113.7', '10.0.0.3')).toEqual({
      client: '203.0.113.7',
      source: 'header',
      peer: PROXY,
      header: '1.1.1.1, 203.0.113.7, 10.0.0.3',
      hops: ['203.0.113.7', '10.0.0.3'],
    });
  });

  it.each(['', ' ', ',', ' ,\t, ,'])('R39: with nothing left of %j the peer counts', (value) => {
    expect(derive('X-Forwarded-For', value)).toEqual({
      client: PROXY,
      source: 'peer',
      peer: PROXY,
      header: value,
      hops: [],
    });
    expect(derive('Forwarded', value).source).toBe('peer');
  });

  it('R39: all trusted: the leftmost, whether or not something empty stands before it', () => {
    expect(derive('X-Forwarded-For', '10.0.0.7, 10.0.0.3').client).toBe('10.0.0.7');
    expect(derive('X-Forwarded-For', ' ,,10.0.0.7, 10.0.0.3,').client).toBe('10.0.0.7');
    expect(derive('X-Forwarded-For', ',2001:db8:1::7').client).toBe('2001:db8:1::7');
  });

  it('R39: a malformed element means no client address, behind trusted proxies as well', () => {
    expect(derive('X-Forwarded-For', '203.0.113.7, unknown, 10.0.0.3')).toEqual({
      client: null,
      source: 'unparsable',
      peer: PROXY,
      header: '203.0.113.7, unknown, 10.0.0.3',
      hops: ['10.0.0.3'],
    });
    expect(derive('X-Forwarded-For', '203.0.113.7\u00a0').client).toBeNull();
    expect(derive('X-Forwarded-For', '"203.0.113.7"').client).toBeNull();
  });

  it('R39: what stands left of the answer is never looked at', () => {
    expect(derive('X-Forwarded-For', '!!!, "unbalanced, 203.0.113.7, 10.0.0.3').client).toBe('203.0.113.7');
    expect(derive('Forwarded', '!!!, for=_x, for=203.0.113.7, for=10.0.0.3').client).toBe('203.0.113.7');
  });

  it.each(['forwarded', 'FORWARDED'])('R39: the name %s compares without case', (name) => {
    const configured = rules(name);
    expect(resolveClientAddress(PROXY, ['Forwarded', 'for=203.0.113.7'], configured).client).toBe('203.0.113.7');
  });

  it('R39: only Forwarded is parsed by RFC 7239', () => {
    expect(derive('X-Forwarded-For', 'for=203.0.113.7').client).toBeNull();
    expect(derive('Forwarded', '203.0.113.7').client).toBeNull();
  });

  it.each(['X-Forwarded-For', 'Forwarded'])('R39: a long %s costs no more than its length', (name) => {
    const element = name === 'Forwarded' ? 'for=10.0.0.3' : '10.0.0.3';
    const last = name === 'Forwarded' ? 'for=203.0.113.7' : '203.0.113.7';
    const elements = [last, ...Array.from({ length: 20_000 }, () => element)];
    expect(derive(name, elements.join(',')).client).toBe('203.0.113.7');
    expect(derive(name, ','.repeat(100_000)).source).toBe('peer');
    expect(derive(name, '"'.repeat(100_001)).client).toBeNull();
  });

  it('R39: whatever a client puts in front, what the proxies appended decides or nothing does', () => {
    const appended: readonly (readonly [string, string])[] = [
      ['X-Forwarded-For', '203.0.113.7, 10.0.0.3'],
      ['Forwarded', 'for=203.0.113.7;proto=https, for=10.0.0.3'],
      ['Forwarded', 'for="203.0.113.7:4711";host="a,for=6.6.6.6;x=", for="[2001:db8:1::7]"'],
      ['Forwarded', 'host=";x=\\"";for=203.0.113.7'],
    ];
    const made = fc.array(
      fc.constantFrom('for=6.6.6.6', '6.6.6.6', '"', '\\', ',', ';', 'x=', '=', ' ', '[', 'unknown', '10.0.0.9'),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(fc.constantFrom(...appended), made, fc.boolean(), ([name, honest], parts, ownLine) => {
        const own = parts.join('');
        const derived = ownLine ? derive(name, own, honest) : derive(name, `${own}, ${honest}`);
        expect(['203.0.113.7', null]).toContain(derived.client);
      }),
      { numRuns: 5_000 },
    );
  });

  it('R39: no header makes it throw', () => {
    fc.assert(
      fc.property(fc.constantFrom('X-Forwarded-For', 'Forwarded'), fc.array(fc.string()), (name, values) => {
        const { client, source } = derive(name, ...values);
        expect(client === null).toBe(source === 'unparsable');
      }),
    );
  });
});
