import type { HeaderLine } from './http-message.js';
import type { UpstreamAnswer } from './upstream-answer.writer.js';

/** In every value that an attacker would like the application to believe: it must never arrive there. */
export const FORGED = 'forged';

export type DoorAttack = {
  readonly name: string;
  /** The advisory that describes it for some proxy; null: our own. */
  readonly advisory: string | null;
  readonly headers: readonly HeaderLine[];
};

const IDENTITY = 'X-Forwarded-User';

/** The name, and how CGI, WSGI, PHP and some Java servers read it as well. */
function spellingsOf(name: string): readonly string[] {
  return [...new Set([name, name.replaceAll('-', '_'), name.replaceAll('-', '.')])];
}

/** Lines that forge who asks, or what for. Sent without a token and with one, to an application with anonymous access. */
export const FORGED_LINES: readonly DoorAttack[] = [
  {
    name: 'a forged identity header, on a request that needs no credential',
    advisory: 'Caddy GO-2026-4639',
    headers: [[IDENTITY, FORGED]],
  },
  ...[IDENTITY.toLowerCase(), IDENTITY.toUpperCase(), 'X-Forwarded_User', ...spellingsOf(IDENTITY).slice(1)].map(
    (name) => ({
      name: `the identity header in another spelling, ${name}`,
      advisory: 'Traefik CVE-2026-33433, CVE-2026-39858, CVE-2026-54763, CVE-2026-88011',
      headers: [[name, FORGED]] as const,
    }),
  ),
  {
    name: 'the identity header twice',
    advisory: null,
    headers: [
      [IDENTITY, FORGED],
      [IDENTITY.toLowerCase(), `${FORGED}2`],
    ],
  },
  {
    name: 'the identity header as a line that ends at the proxy',
    advisory: null,
    headers: [
      ['Connection', `close, ${IDENTITY}`],
      [IDENTITY, FORGED],
    ],
  },
  ...[
    'X-Forwarded-Prefix',
    'X-Forwarded-Uri',
    'X-Forwarded-Host',
    'X-Forwarded-Port',
    'X-Forwarded-Server',
    'X-Forwarded-For',
    'X-Original-URL',
    'X-Original-Uri',
    'X-Rewrite-URL',
    'X-Script-Name',
    'X-Replaced-Path',
    'X-Envoy-Original-Path',
    'X-Real-IP',
    'Forwarded',
    'Proxy',
  ].flatMap((header) =>
    spellingsOf(header).map((name) => ({
      name: `a forged origin or path, ${name}`,
      advisory: header === 'X-Forwarded-Prefix' ? 'Traefik CVE-2026-33433' : null,
      headers: [[name, header === 'Forwarded' ? `for=${FORGED}` : `/${FORGED}`]] as const,
    })),
  ),
  {
    name: 'a forged identity with bytes above 0x7f',
    advisory: null,
    headers: [[IDENTITY, `${FORGED}\u00ff\u0080`]],
  },
];

/** Lines that change a decision, and that `Connection` could name for a proxy to drop from its question alone. */
export const DECIDING_LINES: readonly HeaderLine[] = [
  ['X-HTTP-Method-Override', 'DELETE'],
  ['X-HTTP-Method', 'DELETE'],
  ['HTTP-Method-Override', 'DELETE'],
  ['Destination', '/admin/users'],
  ['Sudo', 'root'],
  ['X-Redmine-Switch-User', 'root'],
  ['Private-Token', 'of-another-user'],
  ['Content-Type', 'application/x-www-form-urlencoded'],
  ['Content-Encoding', 'gzip'],
  ['HTTP2-Settings', 'AAMAAABkAAQAoAAAAAIAAAAA'],
  ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
  ['Authorization', 'Basic Ym9iOnBhc3N3b3Jk'],
  ['Cookie', 'session=of-another-user'],
];

/** Lines with which a POST would be taken for a GET. Sent with a POST and a read-only token: nothing may arrive. */
export const FORGED_METHODS: readonly DoorAttack[] = [
  ...['X-Forwarded-Method', 'X-Original-Method', 'X-HTTP-Method-Override'].flatMap((header) =>
    spellingsOf(header).map((name) => [name]),
  ),
  ['X-Forwarded-Method', 'X-Forwarded-Uri'],
  ['X-Original-Method', 'X-Original-URL'],
].map((names) => ({
  name: `a forged method by ${names.join(' and ')}`,
  advisory: null,
  headers: names.map((name) => [name, /ur[il]$/i.test(name) ? '/page' : 'GET'] as const),
}));

/** Spellings of a blocked path, `/admin/users`, which some server behind the proxy would serve. */
export const BLOCKED_TARGETS: readonly { readonly target: string; readonly advisory: string | null }[] = [
  { target: '/admin/users', advisory: null },
  ...['/%61dmin/users', '/admin%2fusers', '/%61%64%6d%69%6e/users', '/page%2f..%2fadmin/users'].map((target) => ({
    target,
    advisory: 'heimdall GHSA-r9fw (a re-encoded target)',
  })),
  ...['/admin;x=1/users', '/page/..;/admin/users', '/admin;/users'].map((target) => ({
    target,
    advisory: 'Envoy CVE-2026-73511 (matrix parameters)',
  })),
  ...[
    '/page/../admin/users',
    '/page/%2e%2e/admin/users',
    '/./admin/users',
    '//admin/users',
    '/admin//users',
    '/admin/users?statuses=nginx',
    '/wiki/admin/users',
    '/%2561dmin/users',
    '/page\\..\\admin/users',
  ].map((target) => ({ target, advisory: null })),
];

/** What stands in place of Scopegate's answer when it fails. Nothing may arrive at the application. */
export const FAILING_ANSWERS: Readonly<Record<string, UpstreamAnswer>> = {
  'a success that is no allow': { status: 204 },
  'a 200 of another server': { status: 200, body: 'Welcome' },
  'a redirect': { status: 302, headers: [['Location', '/login']] },
  'an unknown application': { status: 404 },
  'too many requests': { status: 429 },
  'an error': { status: 500 },
  'a stop': { status: 503 },
  'a reset connection': { destroy: true },
  'bytes that are no answer': { raw: 'SSH-2.0-OpenSSH_9.2\r\n', close: true },
  'a head that does not end': { raw: 'HTTP/1.1 200 OK\r\nX-Scopegate-Code: allowed\r\n', close: true },
  'an answer that is too long': {
    status: 200,
    headers: [
      ['X-Scopegate-Code', 'allowed'],
      [IDENTITY, 'alice'],
      ['X-Filler', 'x'.repeat(100_000)],
    ],
  },
};
