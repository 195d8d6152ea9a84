import {
  allowed,
  authorization,
  basicToken,
  bearerToken,
  denied,
  passed,
  password,
  type AccessCase,
  type CaseApplication,
  type CaseRequest,
  MALFORMED_AT_DOOR,
} from './access-case.js';

/** The lines of a WebSocket handshake (RFC 6455 4.1), here with the protocol that is given. */
export function upgradeLines(protocol = 'websocket'): NonNullable<CaseRequest['headers']> {
  return [
    ['Connection', 'keep-alive, Upgrade'],
    ['Upgrade', protocol],
    ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
    ['Sec-WebSocket-Version', '13'],
  ];
}

/** The same request as an upgrade. */
export function asUpgrade(row: AccessCase): AccessCase {
  const { headers = [], lineCount } = row.request;
  const request = { ...row.request, headers: [...headers, ...upgradeLines().slice(0, 2)] };
  return { ...row, request: lineCount === undefined ? request : { ...request, lineCount } };
}

const GENERIC: CaseApplication = { kind: 'generic' };

const READ_ONLY_UPGRADES: CaseApplication = { kind: 'generic', readOnlyUpgrades: true };

function get(path: string, token: string, protocol?: string): CaseRequest {
  return { path, credential: bearerToken(token), headers: upgradeLines(protocol) };
}

const FORWARDED = {
  headers: [...upgradeLines().slice(2), ['Upgrade', 'websocket'], ['Connection', 'upgrade']] as const,
};

/** R116: an upgrade is judged as every request, and needs a read-write token. */
export const UPGRADE_CASES: readonly AccessCase[] = [
  {
    name: 'an upgrade with a read-write token',
    requirement: 'R116',
    application: GENERIC,
    request: get('/live', 'rw'),
    expect: allowed(FORWARDED),
  },
  {
    name: 'an upgrade with a read-write token by Basic',
    requirement: 'R116',
    request: { path: '/rest/live', credential: basicToken('alice', 'rw'), headers: upgradeLines() },
    expect: allowed(FORWARDED),
  },
  {
    name: 'an upgrade with a read-only token',
    requirement: 'R116',
    application: GENERIC,
    request: get('/live', 'ro'),
    expect: denied('scope_insufficient', 403, { detail: 'readOnlyUpgrades' }),
  },
  {
    name: 'an upgrade with a read-only token, where the application allows it',
    requirement: 'R116',
    application: READ_ONLY_UPGRADES,
    request: get('/live', 'ro'),
    expect: allowed(FORWARDED),
  },
  {
    name: 'an upgrade by POST with a read-only token, though the application allows upgrades',
    requirement: 'R116',
    application: READ_ONLY_UPGRADES,
    request: { ...get('/exec', 'ro', 'tcp'), method: 'POST', body: '{}' },
    expect: denied('scope_insufficient', 403),
  },
  {
    name: 'an upgrade by POST with a body',
    requirement: 'R116',
    application: GENERIC,
    request: { ...get('/exec', 'rw', 'tcp'), method: 'POST', body: '{"Tty":true}' },
    expect: allowed({ headers: [['Upgrade', 'tcp']] }),
  },
  {
    name: 'a read-only token may not hide an upgrade behind h2c',
    requirement: ['R116', 'R67'],
    application: GENERIC,
    request: get('/live', 'ro', 'h2c, websocket'),
    expect: denied('scope_insufficient', 403),
    atDoor: MALFORMED_AT_DOOR,
  },
  {
    name: 'h2c is left out of an upgrade',
    requirement: ['R116', 'R67'],
    application: GENERIC,
    request: get('/live', 'rw', 'h2c, websocket'),
    expect: allowed({ headers: [['Upgrade', 'websocket']], lacksHeaders: ['http2-settings'] }),
    atDoor: MALFORMED_AT_DOOR,
  },
  {
    name: 'h2c alone is an ordinary request',
    requirement: 'R67',
    application: GENERIC,
    request: {
      path: '/live',
      credential: bearerToken('ro'),
      headers: [
        ['Connection', 'Upgrade, HTTP2-Settings'],
        ['Upgrade', 'h2c'],
        ['HTTP2-Settings', 'AAMAAABkAARAAAAAAAIAAAAA'],
      ],
    },
    expect: allowed({ lacksHeaders: ['upgrade', 'http2-settings'] }),
    atDoor: MALFORMED_AT_DOOR,
  },
  {
    name: 'HTTP/1.0 has no upgrade, so this is an ordinary request',
    requirement: 'R116',
    application: GENERIC,
    request: { ...get('/live', 'ro'), httpVersion: '1.0' },
    expect: allowed({ lacksHeaders: ['upgrade'] }),
    // The proxy may ask in HTTP/1.0 about an upgrade, and without Connection.
    atDoor: denied('scope_insufficient', 403),
  },
  {
    name: 'Upgrade without Connection is an ordinary request',
    requirement: 'R116',
    application: GENERIC,
    request: { path: '/live', credential: bearerToken('ro'), headers: [['Upgrade', 'websocket']] },
    expect: allowed({ lacksHeaders: ['upgrade'] }),
    atDoor: denied('scope_insufficient', 403),
  },
  {
    name: 'an upgrade does not make a path REST',
    requirement: ['R116', 'R45'],
    request: get('/secure/live', 'rw'),
    expect: denied('token_not_accepted', 401),
  },
  {
    name: 'an upgrade to an ambiguous path',
    requirement: ['R116', 'R48'],
    request: get('/rest/../secure/live', 'rw'),
    expect: denied('path_ambiguous', 400),
  },
  {
    name: 'an upgrade with a revoked token',
    requirement: ['R116', 'R08'],
    application: GENERIC,
    tokens: { rw: { scope: 'read-write', revoked: true } },
    request: get('/live', 'rw'),
    expect: denied('token_revoked', 401),
  },
  {
    name: 'an upgrade from another address',
    requirement: ['R116', 'R34'],
    application: GENERIC,
    settings: { allowList: ['192.0.2.0/24'] },
    request: { ...get('/live', 'rw'), peer: '198.51.100.7' },
    expect: denied('ip_not_allowed', 401),
  },
  {
    name: 'an upgrade whose owner may not use tokens',
    requirement: ['R116', 'R25'],
    application: GENERIC,
    permissions: { useTokens: { everyone: false, groups: [] } },
    request: get('/live', 'rw'),
    expect: denied('use_not_permitted', 403),
  },
  {
    name: 'an upgrade with another method in a header',
    requirement: ['R116', 'R12'],
    application: READ_ONLY_UPGRADES,
    request: {
      path: '/live',
      credential: bearerToken('ro'),
      headers: [...upgradeLines(), ['X-HTTP-Method-Override', 'DELETE']],
    },
    expect: denied('scope_insufficient', 403),
  },
  {
    name: 'an upgrade without a credential, where one is required',
    requirement: ['R116', 'R44'],
    application: GENERIC,
    request: { path: '/live', headers: upgradeLines() },
    expect: denied('authentication_required', 401),
  },
  {
    name: 'an upgrade without a credential passes as other requests do',
    requirement: 'R116',
    request: { path: '/live', headers: upgradeLines() },
    expect: passed(FORWARDED),
  },
  {
    name: 'an upgrade with a password passes as other requests do',
    requirement: 'R116',
    request: { path: '/rest/live', credential: password('alice'), headers: upgradeLines() },
    expect: passed(FORWARDED),
  },
  {
    name: 'an upgrade with two Authorization lines',
    requirement: ['R116', 'R67'],
    application: GENERIC,
    request: { path: '/live', credential: authorization('Bearer <rw>', 'Bearer <rw>'), headers: upgradeLines() },
    expect: denied('credential_ambiguous', 400, { credential: 'none' }),
  },
  {
    name: 'the management API has no upgrades, so this is an ordinary request',
    requirement: 'R116',
    application: 'management',
    request: { path: '/api/v1/tokens', credential: bearerToken('ro'), headers: upgradeLines() },
    expect: { decision: 'allow', upstream: { receives: false } },
  },
];
