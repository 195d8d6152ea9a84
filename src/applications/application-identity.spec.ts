import { describe, expect, it } from 'vitest';
import { applyMergePatch } from '../common/validation/merge-patch.js';
import { describeApplicationChange } from './application-change.js';
import {
  checkApplication,
  patchApplication,
  type ApplicationCheck,
  type AskedApplication,
} from './application-check.js';
import { sealIdentity, shownIdentity, type ApplicationIdentity, type IdentityMembers } from './application-identity.js';
import { toDto } from './application.mapper.js';
import { protect, type ApplicationDocument } from './application.js';
import { SecretBox } from '../keys/secret-box.js';

const ENDPOINT = 'http://127.0.0.1:8080';
const box = new SecretBox([{ id: 1, key: 'a key of the configuration, long enough' }]);

const REDMINE: AskedApplication = {
  key: 'tracker',
  name: 'Tracker',
  kind: 'generic',
  mount: { pathPrefix: '/tracker' },
  upstream: `${ENDPOINT}/tracker`,
};

function check(identity: IdentityMembers, before: ApplicationDocument | null = null): ApplicationCheck {
  return checkApplication({ ...REDMINE, identity }, before);
}

function refused(identity: IdentityMembers): readonly string[] {
  const result = check(identity);
  return result.ok ? [] : result.errors.map(({ field }) => field);
}

function stored(identity: IdentityMembers, before: ApplicationDocument | null = null): ApplicationDocument {
  const result = check(identity, before);
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return { ...result.application, identity: sealIdentity(box, REDMINE.key, ENDPOINT, result.application.identity) };
}

function patched(before: ApplicationDocument, patch: object): ApplicationCheck {
  const shown = toDto({ key: REDMINE.key, revision: 1, document: before });
  return checkApplication(patchApplication(shown, patch) as AskedApplication, before);
}

const TOKEN = 'a-service-token-of-some-length';
const SERVICE = { mode: 'credential', perUser: false, service: { type: 'bearer', secret: TOKEN } } as const;
const SCOPED = {
  mode: 'credential',
  perUser: false,
  service: {
    'read-only': { type: 'basic', username: 'reader', secret: 'pässword' },
    'read-write': { type: 'header', header: 'X-Writer', secret: 'writer-key' },
  },
  headers: { 'X-Redmine-Switch-User': '{username}' },
} as const;

describe('the mode jwt', () => {
  it('R72: needs an audience, and has a header by default', () => {
    expect(stored({ mode: 'jwt', audience: 'tracker' }).identity).toMatchObject({
      mode: 'jwt',
      header: 'X-Scopegate-Assertion',
      audience: 'tracker',
    });
    expect(refused({ mode: 'jwt' })).toEqual(['identity.audience']);
    expect(refused({ mode: 'jwt', audience: 'a b', header: 'Cookie' })).toEqual([
      'identity.header',
      'identity.audience',
    ]);
  });

  it('R72: the header is one of those that a client cannot set', () => {
    const document = stored({ mode: 'jwt', audience: 'tracker', header: 'X_Assertion' });
    const { identity } = protect({ key: 'tracker', revision: 1, document }, box);
    expect([...identity.names]).toEqual(['x-forwarded-user', 'x-assertion']);
    expect(identity.source).toEqual({ kind: 'assertion', header: 'X_Assertion', audience: 'tracker' });
  });
});

describe('the mode credential', () => {
  it('R68: per user, with accounts by user name without case', () => {
    const identity = { mode: 'credential', perUser: true, accounts: { Alice: 'asmith' } } as const;
    const document = stored(identity);
    expect(shownIdentity(document.identity)).toEqual(identity);
    const { source } = protect({ key: 'tracker', revision: 1, document }, box).identity;
    expect(source.kind === 'deposit' ? [...source.accounts] : null).toEqual([['alice', 'asmith']]);
  });

  it.each<[string, IdentityMembers, string]>([
    ['no word on whose', { mode: 'credential' }, 'identity.perUser'],
    ['another mode', { mode: 'password' }, 'identity.mode'],
    ['a member of another mode', { mode: 'headers', audience: 'x' }, 'identity.audience'],
    ['headers per user', { mode: 'credential', perUser: true, headers: {} }, 'identity.headers'],
    ['no credential', { mode: 'credential', perUser: false }, 'identity.service'],
    ['an empty credential', { ...SERVICE, service: {} }, 'identity.service'],
    ['a secret that is missing', { ...SERVICE, service: { type: 'bearer' } }, 'identity.service.secret'],
    [
      'a secret with a line break',
      { ...SERVICE, service: { type: 'bearer', secret: 'a\nb' } },
      'identity.service.secret',
    ],
    ['a secret that is a number', { ...SERVICE, service: { type: 'bearer', secret: 1 } }, 'identity.service.secret'],
    [
      'a user with a colon',
      { ...SERVICE, service: { type: 'basic', username: 'a:b', secret: 'x' } },
      'identity.service.username',
    ],
    ['Basic without a user', { ...SERVICE, service: { type: 'basic', secret: 'x' } }, 'identity.service.username'],
    [
      'a header that is framing',
      { ...SERVICE, service: { type: 'header', header: 'Host', secret: 'x' } },
      'identity.service.header',
    ],
    ['one scope alone', { ...SCOPED, service: { 'read-only': SERVICE.service } }, 'identity.service.read-write'],
    [
      'a scope that does not exist',
      { ...SCOPED, service: { ...SCOPED.service, admin: SERVICE.service } },
      'identity.service',
    ],
    ['an unknown member', { ...SERVICE, service: { ...SERVICE.service, realm: 'x' } }, 'identity.service'],
    ['a user twice', { mode: 'credential', perUser: true, accounts: { a: 'x', A: 'y' } }, 'identity.accounts.A'],
    ['an account that is no text', { mode: 'credential', perUser: true, accounts: { a: 1 } }, 'identity.accounts.a'],
  ])('R71: %s is refused', (_name, identity, field) => {
    expect(refused(identity)).toEqual([field]);
  });

  it('R71: a service credential is stored encrypted, and shown without its secret', () => {
    const document = stored(SERVICE);
    expect(JSON.stringify(document)).not.toContain(TOKEN);
    expect(shownIdentity(document.identity)).toMatchObject({
      perUser: false,
      service: { type: 'bearer', username: null, hint: '…ngth' },
    });
    expect(shownIdentity(stored(SCOPED).identity).service).toEqual({
      'read-only': { type: 'basic', username: 'reader', hint: '…' },
      'read-write': { type: 'header', username: null, header: 'X-Writer', hint: '…' },
    });
  });

  it('R71: each scope has its own line, and the client cannot set the headers', () => {
    const { identity } = protect({ key: 'tracker', revision: 1, document: stored(SCOPED) }, box);
    expect(identity.source).toEqual({
      kind: 'service',
      lines: {
        'read-only': ['Authorization', `Basic ${Buffer.from('reader:pässword').toString('base64')}`],
        'read-write': ['X-Writer', 'writer-key'],
      },
    });
    expect([...identity.names]).toEqual(['x-redmine-switch-user', 'x-forwarded-user', 'x-writer']);
    const one = protect({ key: 'tracker', revision: 1, document: stored(SERVICE) }, box).identity.source;
    const line = ['Authorization', `Bearer ${TOKEN}`];
    expect(one).toEqual({ kind: 'service', lines: { 'read-only': line, 'read-write': line } });
  });

  it('R111: a sealed credential opens for its application, origin and scope alone', () => {
    const document = stored(SCOPED);
    const elsewhere = { ...document, upstream: 'http://127.0.0.1:8081' };
    const services = 'services' in document.identity ? document.identity.services : [];
    const [reader, writer] = services;
    if (reader === undefined || writer === undefined) throw new Error('Two credentials are stored.');
    const swapped = [
      { ...reader, sealed: writer.sealed },
      { ...writer, sealed: reader.sealed },
    ];
    const exchanged = { ...document, identity: { ...document.identity, services: swapped } as ApplicationIdentity };
    for (const [key, changed] of [
      ['tracker', elsewhere],
      ['other', document],
      ['tracker', exchanged],
    ] as const) {
      const { fault } = protect({ key, revision: 1, document: changed }, box);
      expect(fault).toContain('identity.service');
      expect(fault).not.toMatch(/pässword|writer-key/);
    }
  });
});

describe('the host of stored credentials', () => {
  it.each([SERVICE, { mode: 'credential', perUser: true } as const])(
    'R71: is not chosen by a client (%j)',
    (identity) => {
      const asked = { ...REDMINE, identity, host: 'client' };
      const result = checkApplication(asked, null);
      expect(result.ok ? [] : result.errors.map(({ field }) => field)).toEqual(['host']);
      expect(checkApplication({ ...asked, mount: { host: 'tracker.example.com' } }, null).ok).toBe(true);
      expect(checkApplication({ ...asked, identity: { mode: 'headers' } }, null).ok).toBe(true);
    },
  );
});

describe('a change of the identity', () => {
  const before = stored(SCOPED);

  it('R71: what is shown can be sent back and keeps the secrets', () => {
    const again = patched(before, { identity: shownIdentity(before.identity) });
    expect(again.ok && sealIdentity(box, 'tracker', ENDPOINT, again.application.identity)).toEqual(before.identity);
  });

  it.each([
    ['another user', { 'read-only': { type: 'basic', username: 'other' } }],
    ['another type', { 'read-only': { type: 'bearer' } }],
    ['another header', { 'read-only': { type: 'header', header: 'X-Writer' } }],
  ])('R71: a kept secret does not serve %s', (_name, service) => {
    const writer = { type: 'header', header: 'X-Writer' };
    const result = patched(before, { identity: { service: { 'read-write': writer, ...service } } });
    expect(result.ok ? [] : result.errors.map(({ field }) => field)).toEqual(['identity.service.read-only.secret']);
  });

  it('R111: another origin of the upstream needs the secrets again', () => {
    const upstream = 'http://127.0.0.1:8081';
    const result = patched(before, { upstream });
    expect(result.ok ? [] : result.errors).toMatchObject([
      {
        field: 'upstream',
        message: expect.stringContaining('identity.service.read-only, identity.service.read-write') as unknown,
      },
    ]);
    expect(patched(before, { upstream, identity: { service: SERVICE.service } }).ok).toBe(true);
  });

  it('R59: another mode replaces the identity, with its secrets', () => {
    const result = patched(before, { identity: { mode: 'headers' } });
    expect(result.ok && result.application.identity).toEqual({
      mode: 'headers',
      encoding: 'percent',
      headers: [{ name: 'X-Forwarded-User', template: '{username}' }],
    });
    const own = patched(before, { identity: { perUser: true } });
    expect(own.ok && own.application.identity).toMatchObject({ mode: 'credential', perUser: true, headers: [] });
  });

  it('R68: an account is removed with null', () => {
    const deposits = stored({ mode: 'credential', perUser: true, accounts: { alice: 'a', bob: 'b' } });
    const result = patched(deposits, { identity: { accounts: { alice: null } } });
    expect(result.ok && result.application.identity).toMatchObject({ accounts: { bob: 'b' } });
    expect(() => applyMergePatch({}, { identity: { perUser: null } })).toThrow();
  });

  it('R59: the audit names what changed, and no secret', () => {
    const after = stored(
      {
        ...SCOPED,
        service: { ...SCOPED.service, 'read-write': { type: 'header', header: 'X-Writer', secret: 'another-key' } },
      },
      before,
    );
    expect(describeApplicationChange({ ...before }, after)).toMatchObject({
      'identity.service.read-write': { before: 'header X-Writer [redacted]', after: 'header X-Writer [redacted]' },
    });
    const changes = JSON.stringify(describeApplicationChange(before, stored({ mode: 'jwt', audience: 'tracker' })));
    expect(changes).toContain('identity.audience');
    expect(changes).not.toMatch(/sealed|v1\.|pässword|writer-key/);
  });
});
