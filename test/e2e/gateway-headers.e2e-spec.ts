import { describe, expect } from 'vitest';
import { gatewayTest } from '../support/gateway-test.js';
import type { HeaderLine } from '../support/http-message.js';
import { request, sendRaw } from '../support/raw-client.js';
import type { RecordedRequest } from '../support/recording-upstream.js';
import { basic, bearer } from '../support/scopegate.fixture.js';

/** What the gateway adds to every request: where it came from, and which one it is. */
const ADDED = [
  'X-Forwarded-For',
  'X-Forwarded-Host',
  'X-Forwarded-Port',
  'X-Forwarded-Proto',
  'X-Request-Id',
  'traceparent',
  'Via',
];

const it = gatewayTest
  .extend('alice', { scope: 'file' }, async ({ gateway, upstream }) => {
    await gateway.createApplication({
      key: 'app',
      kind: 'generic',
      anonymous: 'allow',
      passwords: 'forward',
      mount: { host: 'app.test' },
      upstream: upstream.url,
      identity: {
        mode: 'headers',
        headers: {
          'X-Forwarded-User': '{username}',
          'X-Remote-Identity': 'user={username};id={tokenId};scope={scope};groups={groups}',
          'X-Gateway-Key': { secret: 'a fixed secret value' },
        },
      },
    });
    return gateway.createUser({ username: 'alice', groups: ['administrators'] });
  })
  .extend('readWrite', { scope: 'file' }, ({ gateway, alice }) =>
    gateway.createToken({ owner: alice.username, scope: 'read-write' }),
  )
  .extend('token', { scope: 'file' }, ({ readWrite }) => readWrite.secret)
  .extend('tokenId', { scope: 'file' }, ({ readWrite }) => readWrite.id)
  .extend('readOnly', { scope: 'file' }, async ({ gateway, alice }) => {
    const { secret } = await gateway.createToken({ owner: alice.username, scope: 'read-only' });
    return secret;
  })
  // Anonymous requests need the application, and not the tokens.
  .extend(
    'send',
    ({ gateway, alice: _alice }) =>
      (headers: readonly HeaderLine[], method = 'GET', target = '/x') =>
        request({ port: gateway.port, method, target, headers: [['Host', 'app.test'], ...headers] }),
  )
  .extend('last', ({ upstream }) => () => {
    const { lastRequest } = upstream;
    if (lastRequest === undefined) throw new Error('The upstream received nothing.');
    return lastRequest;
  })
  .extend('expectIdentity', ({ last, tokenId }) => () => {
    for (const [name, value] of Object.entries(identityOf(tokenId))) {
      // Folded as CGI, WSGI and PHP do: there is one line of the name in any spelling.
      const lines = last().headerLines.filter(([line]) => folded(line) === name);
      expect(lines.map(([, text]) => text)).toEqual([value]);
    }
  });

/** What the header lines of the identity have to be, by their folded names. */
const identityOf = (tokenId: string): Readonly<Record<string, string>> => ({
  'x-forwarded-user': 'alice',
  'x-remote-identity': `user=alice;id=${tokenId};scope=read-write;groups=administrators`,
  'x-gateway-key': 'a fixed secret value',
});

/** A name as the coarsest reader behind the gateway sees it. */
function folded(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '-');
}

describe('identity headers', () => {
  it('R02: tell the upstream who the owner of the token is', async ({ token, send, expectIdentity }) => {
    await send([bearer(token)]);
    expectIdentity();
    await send([basic('ALICE', token)]);
    expectIdentity();
  });

  it.for([
    ['X-Forwarded-User'],
    ['x-forwarded-user'],
    ['X-FORWARDED-USER'],
    ['X_Forwarded_User'],
    ['x_forwarded-user'],
    ['X-Remote_Identity'],
    ['X_GATEWAY_KEY'],
    ['X.Forwarded.User'],
    ['X!Remote~Identity'],
    ["x'gateway|key"],
  ] as const)(
    'R02: cannot be set by the client as %s, on any kind of request',
    async ([name], { upstream, token, send, last, expectIdentity }) => {
      await send([[name, 'admin'], bearer(token), [name, 'root']]);
      expectIdentity();
      for (const credential of [[basic('bob', 'password')], [['Cookie', 'a=1']], []] as const) {
        upstream.clear();
        await send([[name, 'admin'], ...credential]);
        const names = last().headerLines.map(([line]) => folded(line));
        for (const own of Object.keys(identityOf(''))) expect(names).not.toContain(own);
      }
    },
  );

  it('R02: cannot be taken away by nominating them, nor anything else that counts', async ({
    upstream,
    token,
    send,
    last,
    expectIdentity,
  }) => {
    await send([
      [
        'Connection',
        'close, X-Forwarded-User, X-Remote-Identity, x_gateway_key, X-Forwarded-For, X-Request-Id, Host, Content-Length',
      ],
      bearer(token),
    ]);
    expectIdentity();
    for (const name of ADDED) expect(last().headerValues(name)).toHaveLength(1);
    expect(last().headerValues('host')).toEqual([new URL(upstream.url).host]);
  });

  it('R02: hold names of other letters as percent-encoded UTF-8', async ({ gateway, send, last }) => {
    await gateway.createUser({ username: 'm\u00fcller\u6f22', displayName: 'x' });
    const { secret } = await gateway.createToken({ owner: 'm\u00fcller\u6f22', scope: 'read-only' });
    expect((await send([basic('M\u00dcLLER\u6f22', secret)])).status).toBe(200);
    expect(last().header('x-forwarded-user')).toBe('m%C3%BCller%E6%BC%A2');
  });
});

describe('the encoding of an identity', () => {
  it('R02: is percent-encoded UTF-8 or UTF-8 itself, as the application says', async ({ gateway, send, last }) => {
    await gateway.createUser({ username: 'zo\u00eb\u6f22', displayName: 'x' });
    const { secret } = await gateway.createToken({ owner: 'zo\u00eb\u6f22', scope: 'read-only' });
    const shown = async (): Promise<unknown> =>
      (await gateway.admin.get<{ identity: { encoding: string } }>('/applications/app')).body.identity.encoding;
    expect(await shown()).toBe('percent');
    const utf8 = await gateway.admin.patch('/applications/app', { identity: { encoding: 'utf-8' } });
    expect(utf8).toMatchObject({ status: 200, body: { identity: { mode: 'headers', encoding: 'utf-8' } } });
    expect((await send([bearer(secret)])).status).toBe(200);
    expect(Buffer.from(last().header('x-forwarded-user') ?? '', 'latin1').toString('utf8')).toBe('zo\u00eb\u6f22');
    for (const encoding of ['latin1', '', null, 1]) {
      const refused = await gateway.admin.patch('/applications/app', { identity: { encoding } });
      expect(refused).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
    }
    expect(await shown()).toBe('utf-8');
    await gateway.admin.patch('/applications/app', { identity: { encoding: 'percent' } });
    expect((await send([bearer(secret)])).status).toBe(200);
    expect(last().header('x-forwarded-user')).toBe('zo%C3%AB%E6%BC%A2');
  });
});

describe('Basic in ISO 8859-1, as requests, aiohttp and Swagger UI send it', () => {
  function latin1(user: string, secret: string): HeaderLine {
    return ['Authorization', `Basic ${Buffer.from(`${user}:${secret}`, 'latin1').toString('base64')}`];
  }

  it('R67: a token with the name of its owner is one', async ({ gateway, upstream, send, last }) => {
    await gateway.createUser({ username: 'j\u00f6rg', displayName: 'x' });
    const { secret, id } = await gateway.createToken({ owner: 'j\u00f6rg', scope: 'read-only' });
    expect((await send([latin1('J\u00d6RG', secret)])).status).toBe(200);
    expect(last().header('x-forwarded-user')).toBe('j%C3%B6rg');
    expect(last().header('authorization')).toBeUndefined();
    upstream.clear();
    // The token is good and the name is another: the answer says no more than for any other, the audit does.
    const answer = await send([latin1('j\u00f6rgen', secret), ['X-Request-Id', 'latin1-name']]);
    expect(answer.status).toBe(401);
    expect(upstream.bytesReceived).toBe(0);
    const events = await gateway.events({ application: 'app' });
    const event = events.find(({ requestId }) => requestId === 'latin1-name');
    expect(event).toMatchObject({ tokenId: id, code: 'owner_mismatch' });
  });

  it('R36: a token in place of the name, or an unknown one, never goes upstream', async ({ upstream, token, send }) => {
    expect((await send([latin1(token, '\u00fc')])).status).toBe(401);
    expect((await send([latin1('\u00fc', `${token.slice(0, -1)}\u00fc`)])).status).toBe(401);
    expect(upstream.bytesReceived).toBe(0);
  });

  it('R42: a password is forwarded unchanged', async ({ send, last }) => {
    const line = latin1('j\u00f6rg', 'p\u00e4ss');
    expect((await send([line])).status).toBe(200);
    expect(last().headerValues('authorization')).toEqual([line[1]]);
  });

  it('R63: the management API takes a password in it, and the same one in UTF-8', async ({ gateway }) => {
    await gateway.createUser({ username: 'r\u00e9n\u00e9', displayName: 'x', password: 'p\u00e4ssword of ren\u00e9' });
    for (const line of [
      latin1('r\u00e9n\u00e9', 'p\u00e4ssword of ren\u00e9'),
      basic('r\u00e9n\u00e9', 'p\u00e4ssword of ren\u00e9'),
    ]) {
      const answer = await request({ port: gateway.port, target: '/api/v1/me', headers: [line] });
      expect(answer.status).toBe(200);
    }
  });
});

describe('what a token request keeps to itself', () => {
  it('R36: neither Authorization nor Cookie reaches the upstream', async ({ token, send, last }) => {
    await send([['Cookie', 'JSESSIONID=1'], bearer(token), ['cookie', 'b=2'], ['COOKIE', 'c=3']]);
    const names = last().headerLines.map(([name]) => name.toLowerCase());
    expect(names).not.toContain('authorization');
    expect(names).not.toContain('cookie');
    expect(last().raw.toString('latin1')).not.toContain(token.slice(3, 20));
  });

  it('R42: both reach it on any other request, unchanged', async ({ send, last }) => {
    const password = basic('bob', 'password');
    await send([['cookie', 'a=1'], password, ['Cookie', 'b=2; c="3"']]);
    expect(last().headerLines).toContainEqual(['cookie', 'a=1']);
    expect(last().headerLines).toContainEqual(['Cookie', 'b=2; c="3"']);
    expect(last().headerValues('authorization')).toEqual([password[1]]);
    await send([
      ['Connection', 'Authorization, Cookie'],
      ['Cookie', 'a=1'],
      ['Authorization', 'Negotiate x'],
    ]);
    expect(last().headerValues('cookie')).toEqual(['a=1']);
    expect(last().headerValues('authorization')).toEqual(['Negotiate x']);
  });

  it('R67: a hop’s own credential stays at the hop', async ({ token, send, last }) => {
    await send([['Proxy-Authorization', basic('bob', 'x')[1]], bearer(token)]);
    expect(last().header('proxy-authorization')).toBeUndefined();
  });
});

describe('lines that never go upstream, with whatever credential', () => {
  it.for([
    ['R12', 'X-Original-URL'],
    ['R12', 'x_rewrite.url'],
    ['R12', 'X-Original-URI'],
    ['R12', 'SCRIPT_NAME'],
    ['R67', 'Proxy'],
    ['R67', 'Content_Type'],
    ['R67', 'Content.Length'],
    ['R67', 'Transfer!Encoding'],
    ['R39', 'X.Real.IP'],
    ['R39', 'True-Client-IP'],
    ['R39', 'X-Forwarded-Scheme'],
  ] as const)('%s: %s', async ([_requirement, name], { upstream, token, send, last }) => {
    for (const credential of [bearer(token), basic('bob', 'password'), ['Cookie', 'a=1'], ['X-None', '1']] as const) {
      upstream.clear();
      expect((await send([credential, [name, '/admin'], ['X-Kept', '1']])).status).toBe(200);
      expect(last().headerLines.map(([line]) => folded(line))).not.toContain(folded(name));
      expect(last().header('x-kept')).toBe('1');
    }
  });
});

describe('the lines of a request', () => {
  it('R02: keep their spelling, order, number and bytes', async ({ token, send, last }) => {
    const lines: readonly HeaderLine[] = [
      ['ACCEPT', '*/*'],
      ['x-a', '1'],
      ['X-Empty', ''],
      ['X-A', '2'],
      ['x_under_score', 'x'],
      ['accept-Encoding', 'gzip;q=0.5, br'],
      ['X-Latin', 'caf\u00e9 \u00ff'],
      ['User-Agent', 'a "client"\t(with tab)'],
      ['If-None-Match', '"1", W/"2"'],
      ['Range', 'bytes=0-1'],
      ['X-A', '3'],
    ];
    await send([bearer(token), ...lines]);
    const added = new Set(['host', 'connection', 'via', ...ADDED.map((name) => name.toLowerCase())]);
    const received = last().headerLines.filter(
      ([name]) => !added.has(name.toLowerCase()) && !/^x-(forwarded-user|remote-identity|gateway-key)$/i.test(name),
    );
    expect(received).toEqual(lines);
  });

  it('R02: end at the hop where they belong to it or are nominated', async ({ token, send, last }) => {
    await send([
      bearer(token),
      ['Connection', 'X-Hop,keep-alive , x_other'],
      ['X-Hop', '1'],
      ['x-Other', '2'],
      ['Keep-Alive', 'timeout=5'],
      ['Proxy-Connection', 'keep-alive'],
      ['TE', 'trailers'],
      ['Trailer', 'X'],
      ['Upgrade', 'websocket'],
      ['HTTP2-Settings', 'AAMAAABkAARAAAAAAAIAAAAA'],
      ['X-End', 'stays'],
    ]);
    for (const name of ['x-hop', 'x-other', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade']) {
      expect(last().header(name), name).toBeUndefined();
    }
    expect(last().header('http2-settings')).toBeUndefined();
    expect(last().headerValues('connection')).toEqual(['keep-alive']);
    expect(last().header('x-end')).toBe('stays');
  });

  it.for([
    ['h2c', 'Upgrade, HTTP2-Settings'],
    ['TLS/1.3, HTTP/2.0', 'upgrade'],
    ['websocket', 'keep-alive'],
  ] as const)(
    'R67: a request to upgrade to %s is a plain request',
    async ([protocol, connection], { token, send, last }) => {
      const answer = await send([
        bearer(token),
        ['Connection', connection],
        ['Upgrade', protocol],
        ['HTTP2-Settings', 'AAMAAABkAARAAAAAAAIAAAAA'],
        ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
        ['Sec-WebSocket-Version', '13'],
      ]);
      expect(answer.status).toBe(200);
      expect(last().header('upgrade')).toBeUndefined();
      expect(last().headerValues('connection')).toEqual(['keep-alive']);
    },
  );

  it('R67: the connection preface of HTTP/2 is no request', async ({ gateway, upstream }) => {
    const answer = await sendRaw(gateway.port, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    expect([400, 505]).toContain(answer.status);
    expect(upstream.bytesReceived).toBe(0);
  });
});

describe('where a request came from', () => {
  const claims: readonly HeaderLine[] = [
    ['X-Forwarded-For', '203.0.113.9, 198.51.100.7'],
    ['X-Forwarded-Proto', 'https'],
    ['X-Forwarded-Host', 'public.test'],
    ['X-Forwarded-Port', '443'],
    ['X_Forwarded_For', '203.0.113.10'],
    ['Forwarded', 'for=203.0.113.9'],
    ['X-Real-IP', '203.0.113.9'],
  ];

  function forwarding({ headerLines }: RecordedRequest): Readonly<Record<string, readonly string[]>> {
    const found: Record<string, string[]> = {};
    for (const [name, value] of headerLines) {
      const known = folded(name);
      if (/^(x-forwarded-(?!user)|forwarded|x-real-ip)/.test(known)) (found[known] ??= []).push(value);
    }
    return found;
  }

  it('R38: is what the gateway saw; what others claim is dropped', async ({ upstream, token, send, last }) => {
    for (const credential of [[bearer(token)], [basic('bob', 'password')], []]) {
      upstream.clear();
      await send([...claims, ...credential]);
      expect(forwarding(last())).toEqual({
        'x-forwarded-for': ['127.0.0.1'],
        'x-forwarded-host': ['app.test'],
        'x-forwarded-port': ['80'],
        'x-forwarded-proto': ['http'],
      });
    }
  });

  it('R39: goes on from a trusted proxy, and nothing that was not judged goes with it', async ({
    gateway,
    upstream,
    token,
    send,
    last,
  }) => {
    await gateway.patchSettings({ reverseProxy: { enabled: true, trustedProxies: ['127.0.0.1'] } });
    for (const credential of [[bearer(token)], [basic('bob', 'password')], []]) {
      upstream.clear();
      await send([...claims, ...credential]);
      expect(forwarding(last())).toEqual({
        'x-forwarded-for': ['198.51.100.7, 127.0.0.1'],
        'x-forwarded-host': ['public.test'],
        'x-forwarded-port': ['443'],
        'x-forwarded-proto': ['https'],
      });
    }
    await gateway.patchSettings({ reverseProxy: { enabled: true, trustedProxies: ['192.0.2.1'] } });
    await send([...claims, bearer(token)]);
    expect(forwarding(last())['x-forwarded-for']).toEqual(['127.0.0.1']);
    await gateway.patchSettings({ reverseProxy: { enabled: false, trustedProxies: [] } });
  });

  it.for([
    ['X-Real-IP', ['X-Real-IP', '203.0.113.7'], '203.0.113.7, 127.0.0.1', 'https', 'public.test'],
    ['X-Edge-Address', ['x-edge-address', '203.0.113.7'], '203.0.113.7, 127.0.0.1', 'https', 'public.test'],
    [
      'Forwarded',
      ['Forwarded', 'for=203.0.113.9;proto=http, for=203.0.113.7;proto=https;host="own.test:8443"'],
      '203.0.113.7, 127.0.0.1',
      'https',
      'own.test:8443',
    ],
    ['X-Absent', ['X-Kept', '1'], '127.0.0.1', 'https', 'public.test'],
  ] as const)(
    'R39: with %s as the header, a client’s own X-Forwarded-For is not the proxy’s word',
    async ([header, line, forwardedFor, proto, host], { gateway, token, send, last }) => {
      await gateway.patchSettings({ reverseProxy: { enabled: true, trustedProxies: ['127.0.0.1'], header } });
      await send([
        bearer(token),
        ['X-Forwarded-For', '203.0.113.10'],
        ['X-Forwarded-Proto', 'http, HTTPS'],
        ['X-Forwarded-Host', 'evil.test, Public.Test.'],
        line,
      ]);
      expect(forwarding(last())).toEqual({
        'x-forwarded-for': [forwardedFor],
        'x-forwarded-host': [host],
        'x-forwarded-port': [host.endsWith(':8443') ? '8443' : '443'],
        'x-forwarded-proto': [proto],
      });
      expect(last().headerValues('x-edge-address')).toEqual([]);
      await gateway.patchSettings({
        reverseProxy: { enabled: false, trustedProxies: [], header: 'X-Forwarded-For' },
      });
    },
  );

  it('R55: has one id on its whole way: the client’s, where it has the form of one', async ({
    gateway,
    upstream,
    token,
    readOnly,
    send,
    last,
  }) => {
    upstream.respondWith(() => ({ headers: [['X-Request-Id', 'upstreams-own']] }));
    const answer = await send([bearer(token), ['x-request-ID', 'Client.id_1-A']]);
    expect(answer.headerValues('x-request-id')).toEqual(['Client.id_1-A']);
    expect(last().headerValues('x-request-id')).toEqual(['Client.id_1-A']);
    const events = await gateway.events({ application: 'app' });
    expect(events.filter(({ requestId }) => requestId === 'Client.id_1-A')).toHaveLength(1);
    const refused = await send([bearer(readOnly), ['X-Request-Id', 'refused-1']], 'POST');
    expect(refused.header('x-request-id')).toBe('refused-1');
    expect(refused.json()).toMatchObject({ requestId: 'refused-1' });
  });

  it.for([[['a b']], [['x'.repeat(65)]], [['']], [['<script>']], [['a', 'b']], [['caf\u00e9']]] as const)(
    'R55: gets a new id in place of %j',
    async ([ids], { token, send, last }) => {
      const answer = await send([bearer(token), ...ids.map((id): HeaderLine => ['X-Request-Id', id])]);
      expect(answer.header('x-request-id')).toMatch(/^[A-Za-z0-9._-]{1,64}$/);
      expect(ids).not.toContain(answer.header('x-request-id'));
      expect(last().headerValues('x-request-id')).toEqual([answer.header('x-request-id')]);
    },
  );
});

describe('method override', () => {
  const refused: readonly (readonly [string, readonly HeaderLine[], string])[] = [
    ['a header', [['X-HTTP-Method-Override', 'DELETE']], '/x'],
    ['a header in small letters', [['x-http-method-override', 'delete']], '/x'],
    ['a header with underscores', [['X_HTTP_Method_Override', 'PUT']], '/x'],
    ['X-HTTP-Method', [['X-HTTP-Method', 'MERGE']], '/x'],
    ['X-Method-Override', [['X-Method-Override', 'POST']], '/x'],
    [
      'a second line',
      [
        ['X-Method-Override', 'GET'],
        ['x-method_override', 'POST'],
      ],
      '/x',
    ],
    ['a list', [['X-HTTP-Method', 'GET, POST']], '/x'],
    ['an unknown method', [['X-HTTP-Method', 'FROBNICATE']], '/x'],
    ['the query', [], '/x?_method=DELETE'],
    ['an encoded query', [], '/x?%5Fmethod=d%65lete'],
    ['a later parameter', [], '/x?a=1&_method=GET&_method=post'],
    [
      'a nominated header',
      [
        ['Connection', 'X-HTTP-Method'],
        ['X-HTTP-Method', 'POST'],
      ],
      '/x',
    ],
  ];

  it.for(refused)('R12: by %s makes a write of a GET', async ([_name, lines, target], { upstream, readOnly, send }) => {
    const answer = await send([bearer(readOnly), ...lines], 'GET', target);
    expect([answer.status, answer.json<{ code: string }>().code]).toEqual([403, 'scope_insufficient']);
    expect(upstream.bytesReceived).toBe(0);
  });

  it('R12: to a read changes nothing: neither a read into a write nor a write into a read', async ({
    readOnly,
    send,
    last,
  }) => {
    expect((await send([bearer(readOnly), ['X-HTTP-Method-Override', 'HEAD']])).status).toBe(200);
    expect(last().header('x-http-method-override')).toBeUndefined();
    expect((await send([bearer(readOnly), ['X-HTTP-Method-Override', 'GET']], 'POST')).status).toBe(403);
    expect((await send([bearer(readOnly)], 'POST', '/x?_method=GET')).status).toBe(403);
  });

  it('R12: is not forwarded with a read-only token, and goes on unchanged with a read-write one or without any', async ({
    token,
    readOnly,
    send,
    last,
  }) => {
    const lines: readonly HeaderLine[] = [
      ['X-HTTP-Method-Override', 'DELETE'],
      ['x_http_method', 'DELETE'],
      ['X-Method-Override', 'DELETE'],
    ];
    const harmless = lines.map(([name]): HeaderLine => [name, 'GET']);
    expect((await send([bearer(readOnly), ...harmless])).status).toBe(200);
    for (const [name] of lines) expect(last().header(name)).toBeUndefined();
    expect((await send([bearer(token), ...lines], 'POST')).status).toBe(200);
    expect(last().method).toBe('POST');
    for (const [name] of lines) expect(last().header(name)).toBe('DELETE');
    await send([basic('bob', 'password'), ...lines], 'POST');
    for (const [name] of lines) expect(last().header(name)).toBe('DELETE');
  });
});

it('R02: doubled query keys and odd queries reach the upstream byte for byte', async ({
  upstream,
  readOnly,
  send,
  last,
}) => {
  for (const query of [
    'a=1&a=2&a=',
    'q=%7B%22x%22%3A1%7D',
    '?',
    'a=b?c=d/../e;f',
    '%zz&100%',
    'x=\'"<>|^`[]{}',
    '=&=&',
  ]) {
    upstream.clear();
    const answer = await send([bearer(readOnly)], 'GET', `/x?${query}`);
    expect(answer.status, query).toBe(200);
    expect(last().target).toBe(`/x?${query}`);
  }
});
