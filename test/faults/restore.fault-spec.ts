import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createApiClient, type ApiClient, type ProblemBody } from '../support/api.client.js';
import { describeWithMariaDb } from '../support/external-servers.js';
import { findProgram } from '../support/private-process.js';
import { startRecordingUpstream, type RecordingUpstream } from '../support/recording-upstream.js';
import { createSecrets, startScopegate, type ScopegateProcess } from '../support/scopegate.process.js';
import { createTemporaryFolder } from '../support/temporary-folder.js';

const ADMIN_PASSWORD = 'a password of the tests';
const WITHIN_MS = 30_000;

type NewToken = { readonly id: string; readonly secret: string };

describeWithMariaDb('a database that is restored from a dump while two nodes run', (mariaDb) => {
  let upstream: RecordingUpstream;
  let url: URL;
  const nodes: ScopegateProcess[] = [];
  const admins: ApiClient[] = [];
  const dump = join(createTemporaryFolder('dump').path, 'scopegate.sql');

  beforeAll(async () => {
    upstream = await startRecordingUpstream();
    url = new URL(await mariaDb().createDatabase());
    const env = { ...createSecrets(), DATABASE_URL: url.href, SCOPEGATE_ADMIN_PASSWORD: ADMIN_PASSWORD };
    for (let index = 0; index < 2; index += 1) {
      const node = await startScopegate({ env });
      nodes.push(node);
      admins.push(createApiClient(node.url, { user: 'admin', password: ADMIN_PASSWORD }));
    }
  });
  afterAll(async () => {
    for (const node of nodes) await node.stop();
    await upstream.stop();
  });

  const adminOf = (index: number): ApiClient => {
    const admin = admins[index];
    if (admin === undefined) throw new Error(`There is no node ${index}.`);
    return admin;
  };

  /** Runs a client program of MariaDB on the database of the nodes. */
  function runClient(name: string, options: readonly string[], input: string): string {
    const program = findProgram(name);
    if (program === undefined) throw new Error(`${name} is not on the PATH.`);
    const connection = ['--no-defaults', `--host=${url.hostname}`, `--port=${url.port}`, '--user=root'];
    const { status, stdout, stderr } = spawnSync(program, [...connection, ...options, url.pathname.slice(1)], {
      input,
      encoding: 'utf8',
      maxBuffer: 256 * 1024 * 1024,
    });
    if (status !== 0) throw new Error(`${name} ended with ${String(status)}: ${stderr}`);
    return stdout;
  }

  async function createToken(description: string): Promise<NewToken> {
    const made = await adminOf(0).post<NewToken>('/tokens', { description, scope: 'read-only' });
    expect(made.status).toBe(201);
    return made.body;
  }

  /** What each node answers to a request with a token. */
  function answersTo({ secret }: NewToken): Promise<string[]> {
    return Promise.all(
      nodes.map(async (node) => {
        const answer = await fetch(`${node.url}/app/x`, { headers: { Authorization: `Bearer ${secret}` } });
        const text = await answer.text();
        return answer.status === 200 ? '200' : `${answer.status} ${(JSON.parse(text) as ProblemBody).code}`;
      }),
    );
  }

  async function expectAnswers(token: NewToken, answer: string): Promise<void> {
    await expect.poll(() => answersTo(token), { timeout: WITHIN_MS }).toEqual([answer, answer]);
  }

  it('R80: both nodes read everything anew, and later changes reach both', async () => {
    const application = { key: 'app', kind: 'generic', name: 'App', mount: { pathPrefix: '/app' } };
    expect((await adminOf(0).post('/applications', { ...application, upstream: upstream.url })).status).toBe(201);
    expect((await adminOf(0).patch('/settings', { throttling: { maxFailures: 0 } })).status).toBe(200);
    const [kept, lost] = [await createToken('kept'), await createToken('revoked after the dump')];
    await expectAnswers(kept, '200');
    await expectAnswers(lost, '200');
    // The nodes write into new tables before the client has filled them.
    writeFileSync(dump, runClient('mariadb-dump', ['--replace'], ''), { mode: 0o600 });

    expect((await adminOf(0).delete(`/tokens/${lost.id}`)).status).toBe(204);
    const added = await createToken('made after the dump');
    await expectAnswers(lost, '401 token_revoked');
    await expectAnswers(added, '200');
    const lostSettings = await adminOf(0).patch('/settings', { audit: { anonymous: true } });
    expect(lostSettings.status).toBe(200);

    runClient('mariadb', [], readFileSync(dump, 'utf8'));

    await expectAnswers(added, '401 credential_invalid');
    await expectAnswers(lost, '200');
    await expectAnswers(kept, '200');
    // The next changes take the numbers that the lost ones had.
    for (const index of [0, 1]) {
      const token = await createToken(`made on node ${index} after the restore`);
      await expectAnswers(token, '200');
      expect((await adminOf(index).delete(`/tokens/${token.id}`)).status).toBe(204);
      await expectAnswers(token, '401 token_revoked');
    }
    expect((await adminOf(1).delete(`/tokens/${lost.id}`)).status).toBe(204);
    await expectAnswers(lost, '401 token_revoked');

    // An administrator still has the settings of before the restore on the screen, with the number that the next have.
    expect((await adminOf(0).patch('/settings', { audit: { retentionDays: 30 } })).status).toBe(200);
    const ifMatch = { headers: { 'If-Match': lostSettings.headers.get('etag') ?? '' } };
    expect((await adminOf(0).patch('/settings', { audit: { anonymous: false } }, ifMatch)).status).toBe(412);
  });
});
