import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ApiAnswer, ProblemBody } from '../support/api.client.js';
import { freePort } from '../support/free-port.js';
import { shareGateway } from '../support/gateway-test.js';
import type { UpstreamAnswer } from '../support/upstream-answer.writer.js';

interface Shown {
  readonly key: string;
  readonly version: string | null;
  readonly nativeTokensDisabled: boolean;
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
}

const MANIFEST = '/rest/applinks/1.0/manifest';
const NOT_FOUND: UpstreamAnswer = { status: 404, body: 'not here' };

let made = 0;

const { gateway, upstream } = await shareGateway();

const manifest = (version: string, typeId: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?><manifest><id>1</id><typeId>${typeId}</typeId><version>${version}</version></manifest>`;

/** Answers as a product of this version does. */
function product(version: string, typeId = 'jira'): void {
  answering({ [MANIFEST]: { headers: [['Content-Type', 'application/xml']], body: manifest(version, typeId) } });
}

function answering(answers: Readonly<Record<string, UpstreamAnswer>>): void {
  upstream.respondWith(({ target }) => answers[target] ?? NOT_FOUND);
}

function application(members: object = {}): Record<string, unknown> {
  const key = `app-${(made += 1)}`;
  return { key, kind: 'jira', mount: { pathPrefix: `/${key}` }, upstream: upstream.url, ...members };
}

function create<Body = Shown>(members: object = {}): Promise<ApiAnswer<Body>> {
  return gateway.admin.post<Body>('/applications', application(members));
}

async function created(members: object = {}): Promise<Shown> {
  const answer = await create(members);
  expect(answer.status).toBe(201);
  return answer.body;
}

const patch = <Body = Shown>(key: string, change: object): Promise<ApiAnswer<Body>> =>
  gateway.admin.patch<Body>(`/applications/${key}`, change);

const targets = (): readonly string[] => upstream.requests.map(({ target }) => target);

async function timed<Result>(work: () => Promise<Result>): Promise<{ result: Result; ms: number }> {
  const startedAt = performance.now();
  return { result: await work(), ms: performance.now() - startedAt };
}

describe('reading the version of the upstream', () => {
  it('R52: without one set by hand it is read when the application is saved, and shown', async () => {
    product('9.12.0');
    const { key, version } = await created();
    expect(version).toBe('9.12.0');
    expect(targets()).toEqual([MANIFEST]);
    expect((await gateway.admin.get<Shown>(`/applications/${key}`)).body.version).toBe('9.12.0');
    expect(targets()).toEqual([MANIFEST]);
  });

  it('R52: the question is anonymous, below the path of the upstream, and asks for nothing compressed', async () => {
    answering({ [`/context${MANIFEST}`]: { body: manifest('9.12.0', 'jira') } });
    const { version } = await created({
      upstream: `${upstream.url}/context`,
      identity: { mode: 'headers', headers: { 'X-Forwarded-User': '{username}', 'X-Api-Key': { secret: 'k3y' } } },
    });
    expect(version).toBe('9.12.0');
    const request = upstream.lastRequest;
    expect(request?.method).toBe('GET');
    expect(request?.headerLines.map(([name]) => name.toLowerCase()).sort()).toEqual(
      ['accept', 'accept-encoding', 'connection', 'host', 'user-agent'].sort(),
    );
    expect(request?.header('accept-encoding')).toBe('identity');
    expect(request?.header('host')).toBe(`127.0.0.1:${upstream.port}`);
  });

  it('R52: a version set by hand wins, and the upstream is not asked', async () => {
    product('9.12.0');
    const { key, version } = await created({ version: '8.20.1' });
    expect(version).toBe('8.20.1');
    expect((await patch(key, { name: 'Another name' })).body.version).toBe('8.20.1');
    expect(upstream.bytesReceived).toBe(0);
  });

  it('R52: an application of no product is not asked', async () => {
    product('9.12.0');
    expect((await created({ kind: 'generic' })).version).toBeNull();
    expect(upstream.bytesReceived).toBe(0);
  });

  it('R52: what does not fit for another reason is a 400 before the upstream is asked', async () => {
    const answer = await create<ProblemBody>({ mount: { pathPrefix: '/api' }, nativeTokensDisabled: true });
    expect(answer.status).toBe(400);
    expect(answer.body.errors?.map(({ field }) => field)).toEqual(['mount.pathPrefix']);
    expect(upstream.bytesReceived).toBe(0);
  });

  it.each([
    ['jira', '/rest/api/2/serverInfo', '8.22.1'],
    ['bitbucket', '/rest/api/1.0/application-properties', '8.19.2'],
  ])('R52: without a manifest, %s shows its version at %s', async (kind, path, version) => {
    answering({ [path]: { body: JSON.stringify({ version, buildNumber: 1 }) } });
    expect((await created({ kind })).version).toBe(version);
    expect(targets()).toEqual([MANIFEST, path]);
  });

  it.each([
    ['confluence', 'confluence'],
    ['bitbucket', 'stash'],
  ])('R52: the manifest of %s calls it %s', async (kind, typeId) => {
    product('8.9.1', typeId);
    expect((await created({ kind })).version).toBe('8.9.1');
    expect(targets()).toEqual([MANIFEST]);
  });

  it.each([
    ['jira', '8.14', 201],
    ['jira', '8.14.0-m0001', 201],
    ['jira', '10.0.1', 201],
    ['jira', '8.13.27', 400],
    ['jira', '8.2', 400],
    ['confluence', '7.9', 201],
    ['confluence', '7.10', 201],
    ['confluence', '7.8.9', 400],
    ['bitbucket', '4.0', 201],
  ])('R52: switching off the own tokens of a %s that says it is %s is a %i', async (kind, version, status) => {
    product(version, kind === 'bitbucket' ? 'stash' : kind);
    const answer = await create<ProblemBody>({ kind, nativeTokensDisabled: true });
    expect(answer.status).toBe(status);
    if (status === 400) {
      expect(answer.body.errors?.[0]?.field).toBe('nativeTokensDisabled');
      expect(answer.body.detail).toContain(`this version is ${version}`);
    }
  });
});

describe('a version that cannot be read', () => {
  const huge = `<manifest><version>9.12.0</version><name>${'x'.repeat(70_000)}</name></manifest>`;
  const bomb = `<!DOCTYPE m [<!ENTITY a "9">${'<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'.repeat(50)}]>${manifest('&b;', 'jira')}`;

  it.each<readonly [string, UpstreamAnswer, string]>([
    ['a 404', NOT_FOUND, 'does not give its version'],
    ['a 401', { status: 401, body: manifest('9.12.0', 'jira') }, 'does not give its version'],
    ['a 500', { status: 500, body: manifest('9.12.0', 'jira') }, 'does not give its version'],
    ['a manifest cut short', { body: '<manifest><version>9.1' }, 'does not give its version'],
    ['a page', { body: '<!DOCTYPE html><html><body>9.12.0</body></html>' }, 'does not give its version'],
    ['an invalid version', { body: manifest('nine', 'jira') }, 'does not give its version'],
    ['entities that grow', { body: bomb }, 'does not give its version'],
    ['more than 64 KiB', { body: huge }, 'does not give its version'],
    [
      'a compressed manifest',
      { headers: [['Content-Encoding', 'gzip']], body: gzipSync(manifest('9.12.0', 'jira')) },
      'does not give its version',
    ],
    ['another product', { body: manifest('9.12.0', 'confluence') }, 'another product'],
    ['no HTTP', { raw: 'SSH-2.0-OpenSSH_9.2\r\n' }, 'does not give its version'],
    ['a connection that breaks', { destroy: true }, 'could not be reached'],
  ])('R52: with %s the save works, and the switch is refused with what to do', async (_what, answer, reason) => {
    upstream.respondWith(() => answer);
    const { key, version, warnings } = await created();
    expect(version).toBeNull();
    expect(warnings.find(({ code }) => code === 'native_tokens_enabled')?.message).toContain('set "version" first');

    const refused = await patch<ProblemBody>(key, { nativeTokensDisabled: true });
    expect(refused.status).toBe(400);
    expect(refused.body.detail).toContain(reason);
    expect(refused.body.detail).toContain('set "version" by hand');

    const byHand = await patch(key, { version: '9.12.0', nativeTokensDisabled: true });
    expect(byHand.status).toBe(200);
    expect(byHand.body.nativeTokensDisabled).toBe(true);
  });

  it('R52: the message repeats nothing that an upstream answers', async () => {
    upstream.respondWith(() => ({ status: 500, body: 'a secret of the inner network' }));
    const refused = await create<ProblemBody>({ nativeTokensDisabled: true });
    expect(refused.status).toBe(400);
    expect(JSON.stringify(refused.body)).not.toContain('inner network');
  });

  it('R52: an upstream that takes no connection does not hold up the save', async () => {
    const upstreamUrl = `http://127.0.0.1:${await freePort()}`;
    const { result, ms } = await timed(() => created({ upstream: upstreamUrl }));
    expect(result.version).toBeNull();
    expect(ms).toBeLessThan(10_000);
    const refused = await patch<ProblemBody>(result.key, { nativeTokensDisabled: true });
    expect(refused.body.detail).toContain('could not be reached');
  });

  it('R52: an upstream that is slow to tell it is given up after some three seconds', async () => {
    upstream.respondWith(() => ({ hang: true }));
    const { result, ms } = await timed(() => create<ProblemBody>({ nativeTokensDisabled: true }));
    expect(result.status).toBe(400);
    expect(result.body.detail).toContain('did not answer in time');
    expect(ms).toBeLessThan(15_000);
  });

  it('R52: one that sends a byte now and then is given up as well', async () => {
    upstream.respondWith(() => ({
      body: (async function* drip() {
        for (let sent = 0; sent < 200; sent += 1) {
          await new Promise((resolve) => setTimeout(resolve, 100));
          yield ' ';
        }
      })(),
    }));
    const { result, ms } = await timed(() => created({ kind: 'confluence' }));
    expect(result.version).toBeNull();
    expect(ms).toBeLessThan(15_000);
  });

  it('R52: other requests are served while an upstream is slow to tell its version', async () => {
    upstream.respondWith(() => ({ hang: true }));
    const slow = create();
    let isOver = false;
    void slow.finally(() => (isOver = true));
    await gateway.patchSettings({ audit: { retentionDays: 364 } });
    expect(isOver).toBe(false);
    expect((await slow).status).toBe(201);
  });
});

describe('where an upstream sends us', () => {
  let inner: Server;
  let visits = 0;

  beforeAll(async () => {
    const visit: RequestListener = (_request, response) => {
      visits += 1;
      response.end(manifest('9.12.0', 'jira'));
    };
    inner = createServer(visit);
    await new Promise<void>((resolve) => inner.listen(0, '127.0.0.1', resolve));
  });

  afterEach(() => {
    visits = 0;
  });

  afterAll(() => new Promise((resolve) => inner.close(resolve)));

  it.each([301, 302, 303, 307, 308])('R52: a %i is not followed', async (status) => {
    const { port } = inner.address() as AddressInfo;
    upstream.respondWith(() => ({ status, headers: [['Location', `http://127.0.0.1:${port}/`]] }));
    expect((await created()).version).toBeNull();
    expect(visits).toBe(0);
  });
});

describe('a version that was read', () => {
  it('R52: what is shown and sent back stays a version that was read', async () => {
    product('9.12.0');
    const { key } = await created();
    const shown = (await gateway.admin.get<Record<string, unknown>>(`/applications/${key}`)).body;
    product('10.1.0');
    const { body } = await patch(key, shown);
    expect(body.version).toBe('10.1.0');
  });

  it('R52: a version sent by hand takes its place, and null gives it back to the upstream', async () => {
    product('9.12.0');
    const { key } = await created();
    expect((await patch(key, { version: '9.4.0' })).body.version).toBe('9.4.0');
    expect((await patch(key, { name: 'Jira' })).body.version).toBe('9.4.0');
    expect((await patch(key, { version: null })).body.version).toBe('9.12.0');
  });

  it('R52: it is kept while the upstream is out of reach, and forgotten with the upstream', async () => {
    product('9.12.0');
    const { key } = await created({ nativeTokensDisabled: true });
    upstream.respondWith(() => ({ destroy: true }));
    expect((await patch(key, { name: 'Jira' })).body.version).toBe('9.12.0');

    const elsewhere = `http://127.0.0.1:${await freePort()}`;
    const refused = await patch<ProblemBody>(key, { upstream: elsewhere });
    expect(refused.status).toBe(400);
    expect(refused.body.errors?.[0]?.field).toBe('nativeTokensDisabled');
    const byHand = await patch(key, { upstream: elsewhere, version: '9.12.0' });
    expect(byHand.status).toBe(200);
    expect(byHand.body.version).toBe('9.12.0');
  });

  it('R59: a version that has changed is recorded with the change', async () => {
    product('9.12.0');
    const { key } = await created();
    product('9.13.0');
    await patch(key, { name: 'Jira' });
    const [event] = await gateway.events({ type: 'application.changed', application: key });
    expect(event?.detail).toMatchObject({
      changes: { detectedVersion: { before: '9.12.0', after: '9.13.0' }, name: { after: 'Jira' } },
    });
  });

  it('R52: an If-Match that does not match is a 412 before the upstream is asked', async () => {
    product('9.12.0');
    const { key } = await created();
    upstream.clear();
    const answer = await gateway.admin.patch(
      `/applications/${key}`,
      { name: 'Jira' },
      { headers: { 'If-Match': '"99"' } },
    );
    expect(answer.status).toBe(412);
    expect(upstream.bytesReceived).toBe(0);
  });

  it('R54: one that has own tokens is warned of in the application and the settings, an older one is not', async () => {
    product('9.12.0');
    const { key, warnings } = await created({ name: 'The new one' });
    expect(warnings.map(({ code }) => code)).toContain('native_tokens_enabled');
    expect(warnings[0]?.message).toContain('/plugins/servlet/upm');
    expect(warnings[0]?.message).toContain('directly can still use them');
    product('8.13.0');
    const older = await created({ name: 'The old one' });
    expect(older.warnings.map(({ code }) => code)).not.toContain('native_tokens_enabled');

    const settings = await gateway.admin.get<Pick<Shown, 'warnings'>>('/settings');
    const text = settings.body.warnings.find(({ message }) => message.includes('Jira itself'))?.message ?? '';
    expect(text).not.toContain('The old one');
    expect(text).toMatch(/The new one|more/);

    product('9.12.0');
    const off = await patch(key, { nativeTokensDisabled: true });
    expect(off.body.warnings.map(({ code }) => code)).not.toContain('native_tokens_enabled');
  });
});
