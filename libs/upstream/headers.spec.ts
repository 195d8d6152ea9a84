import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileSessionParameters } from './session-parameter.js';
import { answeredHeaders, forwardedHeaders, type AnswerRules, type ForwardedRequest } from './headers.js';

function forward(lines: readonly string[], more: Partial<ForwardedRequest> = {}): string[] {
  return forwardedHeaders({
    lines,
    host: 'jira.example:8080',
    requestId: 'request-1',
    forwardedFor: '198.51.100.7',
    forwardedHost: 'gateway.example',
    forwardedProto: 'https',
    forwardedPort: '443',
    forwardedPrefix: '/app',
    hop: '1.1 scopegate-1',
    identityNames: new Set(['x-forwarded-user']),
    identity: [],
    credentialNames: null,
    keepCookies: (value) => value,
    keptCookies: null,
    destination: null,
    dropLine: null,
    addressHeader: null,
    trace: null,
    ...more,
  });
}

/** The lines that came from the client: all but those that the gateway writes itself. */
function kept(lines: readonly string[], more: Partial<ForwardedRequest> = {}): string[] {
  return forward(lines, more).slice(2, -14);
}

function valuesOf(lines: readonly string[], name: string): string[] {
  return lines.filter((_line, index) => index % 2 === 1 && lines[index - 1]?.toLowerCase() === name);
}

describe('the lines that go upstream', () => {
  it('R115: have the judged destination in place of the one that was sent, and keep another line', () => {
    const lines = ['Destination', 'http://gateway.example/jira/b', 'Connection', 'destination'];
    const destination = 'http://jira.example:8080/b';
    expect(valuesOf(forward(lines, { destination }), 'destination')).toEqual([destination]);
    expect(valuesOf(forward(lines), 'destination')).toEqual(['http://gateway.example/jira/b']);
    expect(valuesOf(forward(['X-Destination', 'x'], { destination }), 'x-destination')).toEqual(['x']);
  });

  it('R42: are the client’s own, in their order, spelling and number', () => {
    const lines = ['X-B', '1', 'x-a', '2', 'X-B', '3', 'Accept', '*/*', 'Authorization', 'Basic YTpi', 'Cookie', 'a=b'];
    expect(kept(lines)).toEqual(lines);
  });

  it('R55: carry the trace with the gateway as the parent, and nothing of the client’s own', () => {
    const lines = ['Traceparent', 'theirs', 'TRACESTATE', 'a=1', 'traceparent', 'again'];
    expect(kept(lines)).toEqual([]);
    const ours = forward(lines, { trace: { parent: 'ours', state: 'a=1' } });
    expect(valuesOf(ours, 'traceparent')).toEqual(['ours']);
    expect(valuesOf(ours, 'tracestate')).toEqual(['a=1']);
    expect(valuesOf(forward(lines, { trace: { parent: 'ours', state: null } }), 'tracestate')).toEqual([]);
  });

  it('R39: say where the request came from, in the gateway’s words alone', () => {
    const lines = [
      'Host',
      'gateway.example',
      'X-Forwarded-For',
      '1.1.1.1',
      'Forwarded',
      'for=1.1.1.1',
      'X-Real-IP',
      'x',
    ];
    expect(forward([...lines, 'x_forwarded_for', '1.1.1.1', 'X-Request-Id', 'mine'])).toEqual([
      'host',
      'jira.example:8080',
      'X-Forwarded-For',
      '198.51.100.7',
      'X-Forwarded-Host',
      'gateway.example',
      'X-Forwarded-Port',
      '443',
      'X-Forwarded-Prefix',
      '/app',
      'X-Forwarded-Proto',
      'https',
      'Via',
      '1.1 scopegate-1',
      'X-Request-Id',
      'request-1',
    ]);
  });

  it.each([
    'Connection',
    'Keep-Alive',
    'Proxy-Connection',
    'Proxy-Authorization',
    'TE',
    'Trailer',
    'Transfer-Encoding',
    'Upgrade',
    'HTTP2-Settings',
    'Expect',
    'transfer_encoding',
  ])('R67: %s belongs to the connection and stays here', (name) => {
    expect(kept([name, 'x', 'X-Kept', '1'])).toEqual(['X-Kept', '1']);
  });

  it('R67: a line that Connection names stays here', () => {
    expect(kept(['Connection', 'close, X-Hop', 'x-hop', '1', 'X-Kept', '1'])).toEqual(['X-Kept', '1']);
  });

  it('R42: Connection cannot take a line away that the request was judged by', () => {
    const lines = ['Authorization', 'Basic YTpi', 'Cookie', 'a=b', 'Content-Type', 'text/plain', 'Content-Length', '1'];
    expect(kept(['Connection', 'authorization, cookie, content-type, content-length', ...lines])).toEqual(lines);
  });

  it('R02: with a token the client’s credentials stay here, and the identity goes', () => {
    const sent = forward(['Authorization', 'Bearer sg_x', 'Private_Token', 'x', 'COOKIE', 'a=b', 'X-Kept', '1'], {
      credentialNames: new Set(['authorization', 'private-token']),
      keepCookies: null,
      identity: ['X-Forwarded-User', 'alice'],
    });
    expect(valuesOf(sent, 'authorization')).toEqual([]);
    expect(valuesOf(sent, 'private_token')).toEqual([]);
    expect(valuesOf(sent, 'cookie')).toEqual([]);
    expect(valuesOf(sent, 'x-forwarded-user')).toEqual(['alice']);
    expect(valuesOf(sent, 'x-kept')).toEqual(['1']);
  });

  it('R02: Connection cannot take the identity away', () => {
    const sent = forward(['Connection', 'X-Forwarded-User'], { identity: ['X-Forwarded-User', 'alice'] });
    expect(valuesOf(sent, 'x-forwarded-user')).toEqual(['alice']);
  });

  it('R12: lines that override the method stay here where they are to', () => {
    const lines = ['X-HTTP-Method-Override', 'DELETE', 'X-Kept', '1'];
    expect(kept(lines)).toEqual(lines);
    expect(kept(lines, { dropLine: (name) => name === 'x-http-method-override' })).toEqual(['X-Kept', '1']);
  });

  it('R67: there is one length of the body, in any reading', () => {
    expect(kept(['Content-Length', '3', 'content_Length', '5', 'Transfer_Encoding', 'chunked'])).toEqual([
      'Content-Length',
      '3',
    ]);
  });

  it.each(['Content_Type', 'content.type', "Content'Encoding", 'CONTENT~LENGTH', 'Transfer.Encoding'])(
    'R67: %s is no second spelling of a line that the request is judged by',
    (name) => {
      expect(kept([name, 'x', 'Content-Type', 'text/plain'])).toEqual(['Content-Type', 'text/plain']);
    },
  );

  it.each([
    'X-Original-URL',
    'x_original_url',
    'X.Rewrite.URL',
    'X-Original-URI',
    'X-Forwarded-Uri',
    'X-Forwarded-Path',
    'X-Script-Name',
    'SCRIPT_NAME',
    'Path.Info',
    'X-Envoy-Original-Path',
  ])('R12: %s overrides the path and stays here', (name) => {
    expect(kept([name, '/admin', 'X-Kept', '1'])).toEqual(['X-Kept', '1']);
  });

  it('R67: Proxy, which CGI programs send their own requests to, stays here', () => {
    expect(kept(['Proxy', 'http://192.0.2.1', 'PROXY', 'x', 'X-Proxy', '1'])).toEqual(['X-Proxy', '1']);
  });

  it.each([
    'X-Real-IP',
    'X.Real.IP',
    'Forwarded',
    'X-Forwarded-Scheme',
    'X_Forwarded.For',
    'Client-IP',
    'True_Client_IP',
    'X-Forwarded-Ssl',
    'x_forwarded_ssl',
    'X-Forwarded-Proto-Version',
    'Front-End-Https',
    'HTTPS',
    'X-Arr-Ssl',
    'WL-Proxy-SSL',
    'Fly-Client-IP',
    'X-Real-Port',
    '$WSRA',
    '$WSRU',
  ])('R39: %s is the gateway’s to say, or of no one', (name) => {
    expect(kept([name, '1.1.1.1', 'X-Kept', '1'])).toEqual(['X-Kept', '1']);
  });

  it('R11: of cookies goes upstream what is kept of them', () => {
    const lines = ['Cookie', 'a=1; b=2', 'cookie', 'a=1', 'X-Kept', 'a=1'];
    const keepCookies = (value: string): string | null => (value === 'a=1' ? null : value.replace('a=1; ', ''));
    expect(kept(lines, { keepCookies })).toEqual(['Cookie', 'b=2', 'X-Kept', 'a=1']);
    expect(kept(lines, { keepCookies: null })).toEqual(['X-Kept', 'a=1']);
  });

  it('R117: of cookies goes upstream what the gateway kept, in one line', () => {
    const sent = forward(['Cookie', 'a=1', 'cookie', 'b=2'], { keepCookies: null, keptCookies: 'c=3' });
    expect(valuesOf(sent, 'cookie')).toEqual(['c=3']);
  });

  it('R45: whatever a client calls the identity line, it does not go upstream', () => {
    const spelling = fc
      .tuple(
        fc.constantFrom('x-remote-identity', 'x_remote.identity', "x'remote~identity"),
        fc.array(fc.boolean(), { maxLength: 16 }),
      )
      .map(([name, upper]) =>
        [...name].map((letter, index) => (upper[index] ? letter.toUpperCase() : letter)).join(''),
      );
    fc.assert(
      fc.property(spelling, fc.string(), (name, value) => {
        expect(kept([name, value], { identityNames: new Set(['x-remote-identity']) })).toEqual([]);
      }),
    );
  });

  it('R67: nothing is made up, whatever the client sends', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ minLength: 1 }), fc.string())), (pairs) => {
        const lines = pairs.flat();
        const sent = kept(lines);
        const sentPairs = sent.filter((_part, index) => index % 2 === 0).map((name, at) => [name, sent[at * 2 + 1]]);
        for (const pair of sentPairs) expect(pairs).toContainEqual(pair);
      }),
    );
  });
});

const UNCHANGED: AnswerRules = { cookie: (value) => value, reference: (_header, value) => value };

const SESSIONS = compileSessionParameters(['jsessionid', 'sid']);

const TO_TOKEN: AnswerRules = { cookie: () => null, reference: (header, value) => SESSIONS.clean(header, value) };

describe('the lines of the answer', () => {
  it('R02: come back as they are, repeated ones included', () => {
    const lines = ['Content-Type', 'text/html', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'X-Mine', '1', 'Vary', '*'];
    expect(answeredHeaders(lines, UNCHANGED)).toEqual(lines);
  });

  it('R02: what belongs to the upstream’s connection stays there', () => {
    const lines = [
      'Connection',
      'close, X-Hop',
      'X-Hop',
      '1',
      'Transfer-Encoding',
      'chunked',
      'Keep-Alive',
      'timeout=5',
    ];
    expect(answeredHeaders([...lines, 'X-Request-Id', 'theirs', 'ETag', '"1"'], UNCHANGED)).toEqual(['ETag', '"1"']);
  });

  it('R11: no session id comes in the URLs of the answer to a token', () => {
    const lines = [
      'LOCATION',
      '/a;jsessionid=S',
      'Content-Location',
      '/b;sid=S',
      'Link',
      '</c;jsessionid=S>; rel=next',
    ];
    lines.push('Refresh', '0;url=/d;jsessionid=S', 'X-Other', '/e;jsessionid=S');
    expect(answeredHeaders(lines, TO_TOKEN)).toEqual(
      lines.map((text, index) => (index === 9 ? text : text.replace(/;(jsession|s)id=S/, ''))),
    );
    expect(answeredHeaders(lines, UNCHANGED)).toEqual(lines);
  });

  it('R11: no cookie comes with the answer to a token', () => {
    const lines = ['Set-Cookie', 'a=1', 'set-cookie2', 'b=2', 'ETag', '"1"'];
    expect(answeredHeaders(lines, TO_TOKEN)).toEqual(['ETag', '"1"']);
  });

  it('R115: say nothing of a mount without a path, nor of a request without a host', () => {
    const names = forward([], { forwardedPort: null, forwardedPrefix: null });
    expect(names).not.toContain('X-Forwarded-Port');
    expect(names).not.toContain('X-Forwarded-Prefix');
  });
});
