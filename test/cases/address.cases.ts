import {
  allowed,
  basicToken,
  bearerToken,
  cookie,
  denied,
  invalid,
  passed,
  password,
  type AccessCase,
  NEEDS_TRUST,
} from './access-case.js';

const PATH = { path: '/rest/api/2/myself' } as const;
const INSIDE = '192.0.2.7';
const OUTSIDE = '198.51.100.7';
const LIST = ['192.0.2.0/24', '2001:db8::/32'];
const HERE_TRUSTED = { trustedProxies: ['127.0.0.1'], allowList: LIST };

/** From where a request may come. */
export const ADDRESS_CASES: readonly AccessCase[] = [
  {
    name: 'an empty allow list allows every address',
    requirement: 'R34',
    request: { ...PATH, credential: basicToken('alice', 'ro'), peer: OUTSIDE },
    expect: allowed(),
  },
  {
    name: 'a token from an allowed address works',
    requirement: 'R34',
    settings: { allowList: LIST, passwordsEnabled: false },
    request: { ...PATH, credential: basicToken('alice', 'ro'), peer: INSIDE },
    expect: allowed(),
  },
  {
    name: 'a token from an allowed IPv6 address works',
    requirement: 'R34',
    settings: { allowList: LIST },
    request: { ...PATH, credential: basicToken('alice', 'ro'), peer: '2001:db8::17' },
    expect: allowed(),
  },
  {
    name: 'an IPv4-mapped address is its IPv4 address',
    requirement: 'R34',
    settings: { allowList: LIST },
    request: { ...PATH, credential: basicToken('alice', 'ro'), peer: `::ffff:${INSIDE}` },
    expect: allowed({}, { clientIp: INSIDE }),
  },
  {
    name: 'with passwords disabled a token from a forbidden address is refused, and the answer names the address',
    requirement: 'R34',
    settings: { allowList: LIST, passwordsEnabled: false },
    request: { ...PATH, credential: basicToken('alice', 'ro'), peer: OUTSIDE },
    expect: denied('ip_not_allowed', 401, { detail: OUTSIDE }),
  },
  {
    name: 'with passwords enabled a token from a forbidden address is refused here, not passed on',
    requirement: 'R36',
    settings: { allowList: LIST },
    request: { ...PATH, credential: basicToken('alice', 'ro'), peer: OUTSIDE },
    expect: denied('ip_not_allowed', 401, { detail: OUTSIDE }),
  },
  {
    name: 'a refused address learns nothing of the token: an unknown one has the same answer',
    requirement: ['R34', 'R36'],
    settings: { allowList: LIST },
    tokens: { stray: { scope: 'read-only', unknown: true } },
    request: { ...PATH, credential: bearerToken('stray'), peer: OUTSIDE },
    expect: denied('ip_not_allowed', 401, { detail: OUTSIDE }),
  },
  {
    name: 'a secret in Scopegate’s format from a forbidden address is no password either',
    requirement: 'R36',
    settings: { allowList: LIST },
    request: { ...PATH, credential: password('alice', 'sg_hunter2'), peer: OUTSIDE },
    expect: denied('ip_not_allowed', 401, { credential: 'basic-token' }),
  },
  {
    name: 'a secret in Scopegate’s format is no password from an allowed address',
    requirement: 'R36',
    request: { ...PATH, credential: password('alice', 'sg_hunter2') },
    expect: invalid('token_malformed', { credential: 'basic-token' }),
  },
  {
    name: 'a secret in Scopegate’s format is no password on a path that is not REST',
    requirement: 'R36',
    request: { path: '/secure/Dashboard.jspa', credential: password('alice', 'sg_') },
    expect: invalid('token_malformed', { credential: 'basic-token' }),
  },
  {
    name: 'a password request from a forbidden address is passed on',
    requirement: 'R35',
    settings: { allowList: LIST },
    request: { ...PATH, credential: password('alice'), peer: OUTSIDE },
    expect: passed(),
  },
  {
    name: 'with the list applied to passwords, one from a forbidden address is refused',
    requirement: 'R37',
    settings: { allowList: LIST, allowListAppliesToPasswords: true },
    request: { ...PATH, credential: password('alice'), peer: OUTSIDE },
    expect: denied('ip_not_allowed', 401, { detail: OUTSIDE }),
  },
  {
    name: 'with the list applied to passwords, one from an allowed address is passed on',
    requirement: 'R37',
    settings: { allowList: LIST, allowListAppliesToPasswords: true },
    request: { ...PATH, credential: password('alice'), peer: INSIDE },
    expect: passed(),
  },
  {
    name: 'with the list applied to passwords, it applies to those in the query as well',
    requirement: 'R37',
    settings: { allowList: LIST, allowListAppliesToPasswords: true },
    request: { ...PATH, query: 'os_username=alice&os_password=hunter2', peer: OUTSIDE },
    expect: denied('ip_not_allowed', 401, { credential: 'password' }),
  },
  {
    name: 'the list says nothing about requests without a token or a password',
    requirement: 'R37',
    settings: { allowList: LIST, allowListAppliesToPasswords: true },
    request: { ...PATH, credential: cookie(), peer: OUTSIDE },
    expect: passed(),
  },
  {
    name: 'a list of its own narrows a token further',
    requirement: 'R34',
    settings: { allowList: LIST },
    tokens: { narrow: { scope: 'read-only', allowList: ['192.0.2.128/25'] } },
    request: { ...PATH, credential: bearerToken('narrow'), peer: INSIDE },
    expect: denied('ip_not_allowed', 401, { detail: INSIDE }),
  },
  {
    name: 'a list of its own does not widen a token',
    requirement: 'R34',
    settings: { allowList: LIST },
    tokens: { wide: { scope: 'read-only', allowList: ['0.0.0.0/0'] } },
    request: { ...PATH, credential: bearerToken('wide'), peer: OUTSIDE },
    expect: denied('ip_not_allowed', 401),
  },

  // R38, R39
  {
    name: 'with reverse proxy support off a forwarding header does not let anybody in',
    requirement: 'R38',
    settings: { allowList: LIST },
    request: { ...PATH, credential: bearerToken('ro'), headers: [['X-Forwarded-For', INSIDE]] },
    expect: denied('ip_not_allowed', 401, { detail: '127.0.0.1' }),
    atDoor: NEEDS_TRUST,
  },
  {
    name: 'with reverse proxy support off a forwarding header does not keep anybody out',
    requirement: 'R38',
    settings: { allowList: ['127.0.0.1'] },
    request: { ...PATH, credential: bearerToken('ro'), headers: [['X-Forwarded-For', OUTSIDE]] },
    expect: allowed(),
    atDoor: NEEDS_TRUST,
  },
  {
    name: 'from a trusted proxy the header counts',
    requirement: 'R39',
    settings: HERE_TRUSTED,
    request: { ...PATH, credential: bearerToken('ro'), headers: [['X-Forwarded-For', INSIDE]] },
    expect: allowed({}, { clientIp: INSIDE }),
  },
  {
    name: 'what a client wrote to the left of the proxy’s own element does not count',
    requirement: 'R39',
    settings: HERE_TRUSTED,
    request: { ...PATH, credential: bearerToken('ro'), headers: [['X-Forwarded-For', `${INSIDE}, ${OUTSIDE}`]] },
    expect: denied('ip_not_allowed', 401, { detail: OUTSIDE, clientIp: OUTSIDE }),
  },
  {
    name: 'several lines of the header are one list',
    requirement: 'R39',
    settings: HERE_TRUSTED,
    request: {
      ...PATH,
      credential: bearerToken('ro'),
      headers: [
        ['X-Forwarded-For', OUTSIDE],
        ['x-forwarded-for', `${INSIDE},127.0.0.1`],
      ],
    },
    expect: allowed({}, { clientIp: INSIDE }),
  },
  {
    name: 'a malformed element means no client address, which a list refuses',
    requirement: 'R39',
    settings: HERE_TRUSTED,
    request: { ...PATH, credential: bearerToken('ro'), headers: [['X-Forwarded-For', `${INSIDE}, unknown`]] },
    expect: denied('ip_not_allowed', 401, { detail: 'no valid client address', clientIp: null }),
  },
  {
    name: 'the header of another proxy does not count from a peer that is not trusted',
    requirement: 'R39',
    settings: { trustedProxies: ['203.0.113.1'], allowList: LIST },
    request: { ...PATH, credential: bearerToken('ro'), headers: [['X-Forwarded-For', INSIDE]] },
    expect: denied('ip_not_allowed', 401, { detail: '127.0.0.1' }),
    atDoor: NEEDS_TRUST,
  },
  {
    name: 'the configured name alone counts, and Forwarded has its own grammar',
    requirement: 'R39',
    settings: { ...HERE_TRUSTED, proxyHeader: 'Forwarded' },
    request: {
      ...PATH,
      credential: bearerToken('ro'),
      headers: [
        ['X-Forwarded-For', OUTSIDE],
        ['Forwarded', 'for="[2001:db8::17]:4711";proto=https'],
      ],
    },
    expect: allowed({}, { clientIp: '2001:db8::17' }),
  },
];
