import { describe, expect, it } from 'vitest';
import {
  checkApplication,
  patchApplication,
  type AskedApplication,
  type CheckedApplication,
} from './application-check.js';
import { defaultOptions } from './application-options.js';
import { describeApplication, describeApplicationChange } from './application-change.js';
import { protect, type ApplicationDocument } from './application.js';
import { toDto } from './application.mapper.js';
import { sealSecret, SECRET_MASK, type IdentityHeader } from './identity-header.js';
import { SecretBox } from '../keys/secret-box.js';
import { NO_TLS } from './upstream-tls.js';

const JIRA: AskedApplication = {
  key: 'jira',
  name: 'Jira',
  kind: 'jira',
  mount: { pathPrefix: '/jira' },
  upstream: 'http://127.0.0.1:8080/jira',
};

/** An application with these headers so far. */
function before(headers: readonly IdentityHeader[]): Parameters<typeof checkApplication>[1] {
  const { kind, upstream } = JIRA;
  return {
    kind,
    upstream,
    version: null,
    detectedVersion: null,
    identity: { mode: 'headers', encoding: 'percent', headers },
    tls: NO_TLS,
  };
}

function accepted(asked: Partial<AskedApplication>, stored: readonly IdentityHeader[] = []): CheckedApplication {
  const check = checkApplication({ ...JIRA, ...asked }, before(stored));
  if (!check.ok) throw new Error(JSON.stringify(check.errors));
  return check.application;
}

function refusedFields(asked: Partial<AskedApplication>, stored: readonly IdentityHeader[] = []): readonly string[] {
  const check = checkApplication({ ...JIRA, ...asked }, before(stored));
  return check.ok ? [] : check.errors.map((error) => error.field);
}

/** A document without new secrets is a stored one. */
function documentOf(asked: Partial<AskedApplication>, headers: readonly IdentityHeader[] = []): ApplicationDocument {
  return accepted(asked, headers) as ApplicationDocument;
}

describe('checking an application', () => {
  it('R48: what is left out gets the defaults of a product', () => {
    expect(accepted({})).toEqual({
      name: 'Jira',
      kind: 'jira',
      version: null,
      detectedVersion: null,
      mount: { host: null, pathPrefix: '/jira' },
      upstream: 'http://127.0.0.1:8080/jira',
      anonymous: 'allow',
      identity: {
        mode: 'headers',
        encoding: 'percent',
        headers: [{ name: 'X-Forwarded-User', template: '{username}' }],
      },
      readOnlyExceptions: [],
      nativeTokensDisabled: false,
      remoteApiPasswords: false,
      ...defaultOptions('jira'),
    });
  });

  it('R48: a generic application allows encoded slashes and refuses who presents nothing, unless told otherwise', () => {
    expect(accepted({ kind: 'generic' })).toMatchObject({ anonymous: 'deny', paths: 'rfc3986' });
    expect(accepted({ kind: 'generic', encodedSlashes: 'reject' }).paths).toBe('tomcat');
    expect(accepted({ kind: 'generic', paths: 'tomcat' }).paths).toBe('tomcat');
  });

  it.each(['jira', 'confluence', 'bitbucket'] as const)('R48: %s cannot allow encoded slashes', (kind) => {
    expect(refusedFields({ kind, encodedSlashes: 'allow' })).toEqual(['encodedSlashes']);
    expect(refusedFields({ kind, encodedSlashes: 'reject' })).toEqual([]);
  });

  it('R49: the Remote API exception is for confluence alone', () => {
    expect(accepted({ kind: 'confluence', remoteApiPasswords: true }).remoteApiPasswords).toBe(true);
    for (const kind of ['jira', 'bitbucket', 'generic'] as const) {
      expect(refusedFields({ kind, remoteApiPasswords: true })).toEqual(['remoteApiPasswords']);
      expect(refusedFields({ kind, remoteApiPasswords: false })).toEqual([]);
    }
  });

  it.each([
    ['jira', '8.14.0', true],
    ['jira', '8.13.9', false],
    ['jira', null, false],
    ['confluence', '7.10', true],
    ['confluence', '7.8', false],
    ['bitbucket', null, true],
    ['generic', '9.9', false],
  ] as const)('R52: switching off the own tokens of %s %s: %s', (kind, version, fits) => {
    expect(refusedFields({ kind, version, nativeTokensDisabled: true })).toEqual(fits ? [] : ['nativeTokensDisabled']);
  });

  it('R52: without a version the answer says to set it by hand', () => {
    const check = checkApplication({ ...JIRA, nativeTokensDisabled: true }, null);
    expect(check.ok ? '' : check.errors[0]?.message).toMatch(/8\.14.*by hand/);
  });

  it('R13: exceptions are anchored patterns with a method and nothing else', () => {
    const exceptions = [
      { method: 'POST', path: '/rest/api/2/search' },
      { method: 'POST', path: '/rest/api/*/search' },
    ];
    expect(accepted({ readOnlyExceptions: exceptions }).readOnlyExceptions).toEqual(exceptions);
    expect(
      refusedFields({
        readOnlyExceptions: [
          null,
          'POST /x',
          { method: 'POST' },
          { method: 'POST', path: '/x', more: 1 },
          { method: 'post', path: '/x' },
          { method: 'POST', path: '/x?y' },
          { method: 'POST', path: '/**/x' },
        ],
      }),
    ).toEqual([0, 1, 2, 3, 4, 5, 6].map((index) => `readOnlyExceptions.${index}`));
  });

  it.each(['ftp://x', 'http://u:p@x', 'http://x?y', 'x', ''])('R61: %s cannot be an upstream', (upstream) => {
    expect(refusedFields({ upstream })).toEqual(['upstream']);
  });
});

describe('identity headers', () => {
  const withHeaders = (headers: object): Partial<AskedApplication> => ({ identity: { mode: 'headers', headers } });

  it.each([
    { Host: '{username}' },
    { 'Content-Length': '1' },
    { Cookie: 'a=b' },
    { 'X User': '{username}' },
    { '': '{username}' },
    { 'X-User': '' },
    { 'X-User': '{nobody}' },
    { 'X-User': 'ü{username}' },
    { 'X-User': 'a\r\nb: c' },
    { 'X-User': null },
    { 'X-User': ['{username}'] },
    { 'X-User': { secret: '' } },
    { 'X-User': { secret: ' x' } },
    { 'X-User': { secret: 'a\nb' } },
    { 'X-User': { secret: 'a', more: 1 } },
    { 'X-User': { secret: SECRET_MASK } },
    { Authorization: 'Bearer {username}' },
  ])('R61: %j is refused', (headers) => {
    expect(refusedFields(withHeaders(headers))).toHaveLength(1);
  });

  it('R48: two names that an upstream reads as one are refused', () => {
    expect(refusedFields(withHeaders({ 'X-User': '{username}', x_user: '{email}' }))).toEqual([
      'identity.headers.x_user',
    ]);
  });

  it('R61: more than 32 headers are refused', () => {
    const headers = Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`X-${index}`, '{username}']));
    expect(refusedFields(withHeaders(headers))).toEqual(['identity.headers']);
  });

  it('R61: a name that JavaScript knows is a name like any other', () => {
    const headers = JSON.parse('{"constructor": "{username}", "__proto__": "{email}"}') as object;
    expect(accepted(withHeaders(headers)).identity.headers).toEqual([
      { name: 'constructor', template: '{username}' },
      { name: '__proto__', template: '{email}' },
    ]);
  });

  it('R61: the mask keeps the stored secret, a new secret replaces it', () => {
    const sealed: IdentityHeader[] = [{ name: 'X-Api-Key', sealed: 'v1.abc' }];
    expect(accepted(withHeaders({ 'X-Api-Key': { secret: SECRET_MASK } }), sealed).identity.headers).toEqual(sealed);
    expect(accepted(withHeaders({ 'X-Api-Key': { secret: 'new' } }), sealed).identity.headers).toEqual([
      { name: 'X-Api-Key', secret: 'new' },
    ]);
  });
});

describe('patching an application', () => {
  const sealed: IdentityHeader[] = [{ name: 'X-Api-Key', sealed: 'v1.abc' }];
  const current = documentOf(
    {
      mount: { host: 'jira.example.com', pathPrefix: '/jira' },
      identity: { headers: { 'X-User': '{username}', 'X-Api-Key': { secret: SECRET_MASK } } },
    },
    sealed,
  );
  const shown = toDto({ key: 'jira', revision: 1, document: current });
  const patched = (patch: object): AskedApplication => patchApplication(shown, patch) as AskedApplication;

  it('R61: what is shown holds the mask in place of the secret, and sent back it changes nothing', () => {
    expect(shown.identity.headers).toEqual({ 'X-User': '{username}', 'X-Api-Key': { secret: SECRET_MASK } });
    expect(accepted(patched(structuredClone(shown)), sealed)).toEqual(current);
  });

  it('R48: null takes away a header and half of a mount', () => {
    const headers = { 'X-User': '{username}', 'X-Api-Key': null };
    const after = documentOf(patched({ mount: { host: null }, identity: { headers } }), sealed);
    expect(after.mount).toEqual({ host: null, pathPrefix: '/jira' });
    expect(after.identity.headers).toEqual([{ name: 'X-User', template: '{username}' }]);
  });

  it('R111: the headers of a patch replace all there are, and a header that is left out goes with its secret', () => {
    const after = documentOf(patched({ identity: { headers: { 'X-Mail': '{email}' } } }), sealed);
    expect(after.identity.headers).toEqual([{ name: 'X-Mail', template: '{email}' }]);
    expect(documentOf(patched({ name: 'Other' }), sealed).identity).toEqual(current.identity);
  });

  it.each([
    'https://127.0.0.1:8080/jira',
    'http://127.0.0.1:8081/jira',
    'http://127.0.0.2:8080/jira',
    'http://127.0.0.1/jira',
  ])('R111: a stored secret does not go along to %s', (upstream) => {
    const check = checkApplication({ ...JIRA, ...patched({ upstream }) }, before(sealed));
    expect(check.ok ? [] : check.errors).toEqual([
      { field: 'upstream', message: expect.stringContaining('X-Api-Key') as unknown },
    ]);
    const again = patched({ upstream, identity: { headers: { 'X-Api-Key': { secret: 'again' } } } });
    expect(refusedFields(again, sealed)).toEqual([]);
    expect(refusedFields(patched({ upstream, identity: { headers: { 'X-User': '{username}' } } }), sealed)).toEqual([]);
  });

  it.each(['HTTP://127.0.0.1:8080/jira', 'http://127.0.0.1:8080/other', 'http://127.0.0.1:8080'])(
    'R111: %s is the same origin, and the secret stays',
    (upstream) => {
      expect(refusedFields(patched({ upstream }), sealed)).toEqual([]);
    },
  );

  it('R52: a version can be set and taken away again', () => {
    expect(accepted(patched({ version: '9.12.0' }), sealed).version).toBe('9.12.0');
    expect(accepted(patched({ version: null }), sealed).version).toBeNull();
  });

  it.each([{ name: null }, { mount: null }, { identity: null }, { identity: { headers: null } }, [], null, 'x'])(
    'R33: the patch %j is refused as a whole',
    (patch) => {
      expect(() => patchApplication(shown, patch)).toThrow();
    },
  );
});

describe('a protected application', () => {
  const box = new SecretBox([{ id: 1, key: 'a key of the configuration, long enough' }]);
  const document: ApplicationDocument = {
    ...documentOf({}),
    identity: {
      mode: 'headers',
      encoding: 'percent',
      headers: [
        { name: 'X_User', template: 'u={username}' },
        {
          name: 'Authorization',
          sealed: sealSecret(box, 'jira', 'authorization', 'http://127.0.0.1:8080', 'Bearer {username}'),
        },
      ],
    },
  };

  it('R48: names are folded, templates compiled, and a secret is a text without placeholders', () => {
    const application = protect({ key: 'jira', revision: 3, document }, box);
    expect([...application.identity.names]).toEqual(['x-user', 'authorization']);
    expect(application.identity.templates).toEqual([
      { name: 'X_User', template: ['u=', { placeholder: 'username' }], isBasic: false },
      { name: 'Authorization', template: ['Bearer {username}'], isBasic: false },
    ]);
    expect(application).toMatchObject({
      version: 3,
      target: { origin: 'http://127.0.0.1:8080', basePath: '/jira', ownPath: '/jira' },
      rules: { key: 'jira', kind: 'jira', anonymous: 'allow' },
    });
  });

  it('R61, R111: a secret that does not open closes the application, with a fault that names the header alone', () => {
    const closed = protect({ key: 'jira', revision: 3, document }, new SecretBox([{ id: 1, key: 'another key' }]));
    expect(closed.fault).toMatch(/Authorization.*SCOPEGATE_ENCRYPTION_KEY/);
    expect(JSON.stringify(closed)).not.toContain('Bearer');
    expect(protect({ key: 'jira', revision: 3, document }, box).fault).toBeNull();
  });

  it('R111: a row whose upstream or key was edited does not open its secret, one of an earlier version does', () => {
    const elsewhere = { ...document, upstream: 'http://127.0.0.1:8081/jira' };
    expect(protect({ key: 'jira', revision: 3, document: elsewhere }, box).fault).not.toBeNull();
    expect(protect({ key: 'other', revision: 3, document }, box).fault).not.toBeNull();
    const [user] = document.identity.headers;
    const early = { name: 'Authorization', sealed: box.seal('early', 'jira\nauthorization') };
    const headers = user === undefined ? [early] : [user, early];
    const stored = { key: 'jira', revision: 3, document: { ...document, identity: { ...document.identity, headers } } };
    expect(protect(stored, box)).toMatchObject({ fault: null });
  });

  it('R111: an upstream that cannot be read closes the application', () => {
    const stored = { key: 'jira', revision: 3, document: { ...document, upstream: 'nowhere' } };
    expect(protect(stored, box).fault).toContain('upstream');
  });
});

describe('the audit of an application', () => {
  const header = (sealed: string): ApplicationDocument => ({
    ...documentOf({}),
    identity: { mode: 'headers', encoding: 'percent', headers: [{ name: 'X-Api-Key', sealed }] },
  });

  it('R61: fixed values never appear in it', () => {
    const document = documentOf({
      identity: { headers: { 'X-Api-Key': 'written-as-a-template', 'X-User': '{username}' } },
    });
    const text = JSON.stringify([describeApplication(document), describeApplication(header('v1.sealed'))]);
    expect(text).not.toContain('written-as-a-template');
    expect(text).not.toContain('v1.sealed');
    expect(text).toContain('{username}');
  });

  it('R59: a changed secret shows as changed, an unchanged one does not', () => {
    expect(describeApplicationChange(header('v1.a'), header('v1.a'))).toEqual({});
    expect(describeApplicationChange(header('v1.a'), header('v1.b'))).toEqual({
      'identity.headers.X-Api-Key': { before: '[redacted]', after: '[redacted]' },
    });
  });

  it('R59: each changed member is recorded with its value before and after', () => {
    const changes = describeApplicationChange(
      documentOf({}),
      documentOf({ mount: { pathPrefix: '/j' }, timeoutMs: 1000, identity: { headers: { 'X-User': '{email}' } } }),
    );
    expect(changes).toEqual({
      mount: { before: '/jira', after: '/j' },
      timeoutMs: { before: 60_000, after: 1000 },
      'identity.headers.X-Forwarded-User': { before: '{username}', after: null },
      'identity.headers.X-User': { before: null, after: '{email}' },
    });
  });
});
