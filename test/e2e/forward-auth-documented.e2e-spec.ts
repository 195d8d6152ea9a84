import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { APPLICATION_KINDS, productOf } from '@scopegate/product';
import { describe, expect, it } from 'vitest';
import { readSource } from '../architecture/source-tree.js';
import {
  CLIENT_IP,
  sendThrough,
  shippedList,
  type ClientRequest,
  type DocumentedProxy,
} from '../support/documented-proxy.js';
import { gatewayTest } from '../support/gateway-test.js';
import type { HeaderLine } from '../support/http-message.js';
import { request, type RawAnswer } from '../support/raw-client.js';
import { bearer } from '../support/scopegate.fixture.js';

type Scope = 'read-only' | 'read-write';

interface Attack {
  readonly id: string;
  readonly advisory: string | null;
  readonly application?: 'tracker' | 'open' | 'dashed' | 'gitlab';
  readonly proxies?: readonly string[];
  readonly request: {
    readonly method?: string;
    readonly target: string;
    readonly host?: string;
    readonly token?: Scope;
    readonly headers?: readonly HeaderLine[];
    readonly body?: string;
  };
  readonly expected: { readonly reaches: boolean; readonly user?: string; readonly codes: readonly string[] };
  readonly why: string;
}

const corpus = JSON.parse(readFileSync(join(import.meta.dirname, '../corpora/proxies.json'), 'utf8')) as {
  readonly proxies: readonly DocumentedProxy[];
  readonly cases: readonly Attack[];
};

const PROXIES = new Map(corpus.proxies.map((proxy) => [proxy.id, proxy]));

const RUNS = corpus.cases.flatMap((attack) =>
  (attack.proxies ?? [...PROXIES.keys()]).map((proxy) => ({
    ...attack,
    proxy,
    application: attack.application ?? 'tracker',
  })),
);

/** The headers of an application whose names have other spellings, in place of the one of the shipped files. */
const DASHED = ['X-Forwarded-User', 'X-Remote-Groups'] as const;

const test = gatewayTest
  .extend('tokens', { scope: 'file' }, async ({ gateway, upstream }) => {
    await gateway.patchSettings({ reverseProxy: { enabled: true, trustedProxies: ['127.0.0.1'] } });
    const common = {
      kind: 'generic',
      upstream: upstream.url,
      blockedPaths: [{ path: '/admin/**' }],
      readOnlyExceptions: [{ method: 'POST', path: '/search' }],
    } as const;
    const identity = { mode: 'headers', headers: { Remoteuser: '{username}' } };
    await gateway.createApplication({ ...common, key: 'tracker', mount: { pathPrefix: '/tracker-gateway' }, identity });
    await gateway.createApplication({
      ...common,
      key: 'open',
      mount: { pathPrefix: '/open-gateway' },
      anonymous: 'allow',
      passwords: 'forward',
      identity,
    });
    await gateway.createApplication({
      ...common,
      key: 'dashed',
      mount: { pathPrefix: '/dashed-gateway' },
      identity: { mode: 'headers', headers: { [DASHED[0]]: '{username}', [DASHED[1]]: '{groups}' } },
    });
    await gateway.createApplication({
      key: 'gitlab',
      kind: 'gitlab',
      mount: { pathPrefix: '/gitlab-gateway' },
      upstream: upstream.url,
      identity: {
        mode: 'credential',
        perUser: false,
        service: { type: 'bearer', secret: 'of-the-service-account' },
        headers: { Sudo: '{username}' },
      },
    });
    await gateway.createUser({ username: 'alice' });
    const secretOf = async (scope: Scope): Promise<string> =>
      (await gateway.createToken({ owner: 'alice', scope })).secret;
    return { 'read-only': await secretOf('read-only'), 'read-write': await secretOf('read-write') };
  })
  .extend('documentedStatuses', { scope: 'file' }, async ({ gateway }) => {
    const answer = await fetch(`${gateway.managementUrl}/docs/openapi.json`);
    const { paths } = (await answer.json()) as {
      readonly paths: Readonly<Record<string, { readonly get?: { readonly responses: object } }>>;
    };
    const statusesOf = (path: string): readonly string[] => Object.keys(paths[path]?.get?.responses ?? {});
    return {
      headers: statusesOf('/authorize/{application}'),
      request: statusesOf('/authorize/{application}/{target}'),
    };
  })
  .extend('send', ({ gateway, upstream, tokens }) => async (run: (typeof RUNS)[number]) => {
    const { method = 'GET', target, host = 'tracker.example.org', token, headers = [], body } = run.request;
    const proxy = PROXIES.get(run.proxy);
    if (proxy === undefined) throw new Error(`There is no proxy ${run.proxy}.`);
    const sent: ClientRequest = {
      method,
      target,
      host,
      headers: [...(token === undefined ? [] : [bearer(tokens[token])]), ...headers],
      ...(body === undefined ? {} : { body }),
    };
    return sendThrough(proxy, sent, {
      gateway: gateway.port,
      upstream: upstream.port,
      application: run.application,
      ...(run.application === 'dashed' ? { identityHeaders: { remoteuser: DASHED } } : {}),
    });
  });

function doorOf(proxy: string): 'headers' | 'request' {
  return PROXIES.get(proxy)?.question.method === 'GET' ? 'headers' : 'request';
}

/** As CGI, WSGI and PHP read a name. */
function folded(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '-');
}

describe('proxies that ask as their documentation states', () => {
  test.for(RUNS)('R84, R85, R86, R87: $id through $proxy', async ({ expected, ...run }, { send, upstream }) => {
    const { answer, isAllowed } = await send({ ...run, expected });
    expect(expected.codes).toContain(answer.header('x-scopegate-code'));
    expect(isAllowed).toBe(expected.reaches);
    expect(upstream.requests).toHaveLength(expected.reaches ? 1 : 0);
    if (!expected.reaches) {
      expect(upstream.bytesReceived).toBe(0);
      // Proxies read a limited answer.
      expect(answer.raw.length).toBeLessThan(4096);
      return;
    }
    const received = upstream.requests[0];
    expect(received).toMatchObject({ method: run.request.method ?? 'GET', target: run.request.target });
    const name = run.application === 'dashed' ? DASHED[0] : 'Remoteuser';
    const users = (received?.headerLines ?? []).filter(([line]) => folded(line) === folded(name));
    expect(users.map(([, value]) => value).filter((value) => value !== '')).toEqual(
      expected.user === '' ? [] : [expected.user],
    );
    if (run.request.token === undefined) return;
    // Neither the token nor a session of the application goes on beside it.
    expect(received?.headerValues('authorization').join('')).toBe('');
    expect(received?.headerValues('cookie').join('')).toBe('');
    expect(received?.headerValues('upgrade')).toEqual([]);
  });

  test('R38, R87: the client address is the one that the proxy reports, through each of them', async ({
    send,
    gateway,
    tokens: _tokens,
  }) => {
    const attack = corpus.cases.find(({ id }) => id === 'PROXY-064');
    if (attack === undefined) throw new Error('The case is not there.');
    for (const proxy of PROXIES.values()) {
      const { answer } = await send({ ...attack, proxy: proxy.id, application: 'tracker' });
      const requestId = answer.header('x-request-id');
      const events = await gateway.events({ application: 'tracker' });
      const event = events.find((candidate) => candidate.requestId === requestId);
      const door = doorOf(proxy.id);
      expect(event, proxy.id).toMatchObject({
        clientIp: CLIENT_IP,
        peer: '127.0.0.1',
        door,
        method: 'GET',
        path: '/things',
      });
    }
  });

  test('R71, R87: a service account reads through each of them, and a body that could name a user is refused', async ({
    gateway,
    upstream,
    tokens,
  }) => {
    for (const proxy of PROXIES.values()) {
      const ports = {
        gateway: gateway.port,
        upstream: upstream.port,
        application: 'gitlab',
        identityHeaders: { remoteuser: ['Sudo', 'Private-Token'] },
      };
      const host = 'gitlab.example.org';
      const sent = { host, headers: [bearer(tokens['read-write']), ['Sudo', 'root']] as const };
      upstream.clear();
      const read = await sendThrough(proxy, { ...sent, method: 'GET', target: '/api/v4/projects' }, ports);
      expect(read.answer.header('x-scopegate-code'), proxy.id).toBe('allowed');
      expect(upstream.requests, proxy.id).toHaveLength(1);
      expect(upstream.lastRequest?.headerValues('sudo'), proxy.id).toEqual(['alice']);
      expect(upstream.lastRequest?.headerValues('authorization')).toEqual(['Bearer of-the-service-account']);
      upstream.clear();
      const headers = [...sent.headers, ['Content-Type', 'application/json'], ['Content-Length', '15']] as const;
      const write = { method: 'POST', target: '/api/v4/projects', host, headers, body: '{"sudo":"root"}' };
      const { answer, isAllowed } = await sendThrough(proxy, write, ports);
      expect(answer.header('x-scopegate-code'), proxy.id).toBe('body_needed');
      expect(isAllowed).toBe(false);
      expect(upstream.bytesReceived, proxy.id).toBe(0);
    }
  });

  test('R85: the protocol of an upgrade is one, as Traefik writes it behind a trusted proxy', async ({
    gateway,
    tokens,
  }) => {
    const ask = (proto: string): Promise<RawAnswer> =>
      request({
        port: gateway.port,
        target: '/authorize/tracker',
        headers: [
          bearer(tokens['read-write']),
          ['X-Forwarded-Method', 'GET'],
          ['X-Forwarded-Uri', '/live'],
          ['X-Forwarded-Host', 'tracker.example.org'],
          ['X-Forwarded-Proto', proto],
        ],
      });
    for (const proto of ['http', 'https', 'ws', 'wss']) expect((await ask(proto)).status, proto).toBe(200);
    for (const proto of ['ftp', 'https, http', 'HTTPS']) expect((await ask(proto)).status, proto).toBe(400);
  });
});

describe('the shipped files', () => {
  it('R87: replace the identity header and the lines with a credential', () => {
    for (const { id, lists } of corpus.proxies) {
      const names = shippedList(lists.file, lists.replaced).map((name) => name.toLowerCase());
      expect(names, id).toEqual(expect.arrayContaining(['remoteuser', 'authorization', 'cookie']));
    }
  });

  it('R87: fail closed, do not trust what clients say of themselves, and strip cookies', () => {
    const envoy = readSource('examples/envoy/envoy.yaml');
    expect(envoy).toMatch(/^ *failure_mode_allow: false$/m);
    expect(envoy).toMatch(/^ *use_remote_address: true$/m);
    expect(envoy).toContain('headers():remove("set-cookie")');
    const traefik = readSource('examples/traefik/dynamic.yml');
    expect(traefik).toMatch(/^ *trustForwardHeader: false$/m);
    expect(traefik).not.toMatch(/^ *authRequestHeaders/m);
    expect(traefik).toMatch(/^ *Set-Cookie: ''$/m);
    expect(traefik).toContain('middlewares: [removed-lines, scopegate, without-cookies]');
    expect(readSource('examples/traefik/traefik.yml')).toMatch(/^ *aliasHeadersStrategy: reject$/m);
    expect(readSource('examples/kubernetes/envoy-gateway.yaml')).toMatch(/^ *failOpen: false$/m);
    for (const file of ['gateway-api', 'envoy-gateway']) {
      expect(readSource(`examples/kubernetes/${file}.yaml`)).toMatch(/^ *remove: \[Set-Cookie\]$/m);
    }
    const ingress = readSource('examples/kubernetes/ingress-nginx.yaml');
    expect(ingress).toContain('hide-headers: Set-Cookie');
    expect(ingress).not.toMatch(/^ *nginx\.ingress\.kubernetes\.io\/auth-(?:cache|method|snippet)/m);
  });

  it('R87: send every line that the decision reads, where a proxy sends those of a list', () => {
    const named = (file: string, constant: string): readonly string[] => {
      const [, list = ''] = new RegExp(`const ${constant}[^[]*\\[([^\\]]*)\\]`).exec(readSource(file)) ?? [];
      return [...list.matchAll(/'([a-z-]+)'/g)].map(([, name = '']) => name);
    };
    const read = [
      ...named('libs/scope/method-override.ts', 'OVERRIDE_HEADERS'),
      ...named('libs/upstream/withheld-names.ts', 'PATH_NAMES'),
    ];
    expect(read.length).toBeGreaterThan(15);
    for (const { id, lists } of corpus.proxies) {
      if (lists.sent === null) continue;
      const sent = shippedList(lists.file, lists.sent).map((name) => name.toLowerCase());
      expect(sent, id).toEqual(expect.arrayContaining([...read, 'cookie', 'x-forwarded-for', 'content-type']));
    }
  });

  it('R86, R87: the guide has the lines that each kind of application adds to an answer', () => {
    const rows = [...readSource('docs/guides/forward-auth.md').matchAll(/^\| +`([a-z]+)` +\| +(`.*`) +\|$/gm)];
    const shown = Object.fromEntries(
      rows.map(([, kind = '', names = '']) => [kind, names.toLowerCase().replaceAll('`', '').split(', ').toSorted()]),
    );
    const added = APPLICATION_KINDS.map((kind) => {
      const { tokenPlaces, actAs } = productOf(kind);
      return [kind, [...new Set([...(tokenPlaces?.headers ?? []), ...actAs.headers])].toSorted()] as const;
    });
    expect(shown).toEqual(Object.fromEntries(added.filter(([, names]) => names.length > 0)));
  });

  it('R87: begin with their limitations, and say that they are not run', () => {
    for (const folder of ['traefik', 'envoy', 'kubernetes']) {
      const readme = readSource(`examples/${folder}/README.md`);
      expect(readme, folder).toMatch(/^# .*\n\n## Limitations\n\n- \*\*(?:This|These) files? (?:is|are) not run/);
    }
  });
});
