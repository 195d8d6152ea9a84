import { SCOPES } from '@scopegate/scope';
import { Like } from 'typeorm';
import { expect, it } from 'vitest';
import { sealIdentity } from '../../src/applications/application-identity.js';
import { protect } from '../../src/applications/application.js';
import { ApplicationEntity } from '../../src/applications/application.entity.js';
import { toStored } from '../../src/applications/application.repository.js';
import { APPLICATION_SECRETS } from '../../src/applications/application-secrets.js';
import { SECRETS } from '../../src/config/config.module.js';
import type { Secrets } from '../../src/config/secrets.js';
import { DirectoryEntity } from '../../src/directory/ldap/directory.entity.js';
import { passwordContext } from '../../src/directory/ldap/directory-document.js';
import { DIRECTORY_PASSWORDS } from '../../src/directory/ldap/directory-passwords.js';
import { KeyCheckEntity } from '../../src/database/key-check.entity.js';
import { UnitOfWork } from '../../src/database/unit-of-work.js';
import { RESEAL_BATCH_SIZE, sealedColumn, type SealedRecords } from '../../src/keys/sealed-records.js';
import { SecretBox } from '../../src/keys/secret-box.js';
import { KEY_USES } from '../../src/key-uses.js';
import { certificateMaker } from '../support/certificates.js';
import { describeOnEachDatabase } from '../support/each-database.js';
import { createTemporaryFolder } from '../support/temporary-folder.js';

const OTHER = { id: 7, key: 'an encryption key of more than 32 characters' };
const NEWEST = { id: 12, key: 'the newest encryption key, with enough characters' };

describeOnEachDatabase('what is stored encrypted', (server) => {
  const unitOfWork = (): UnitOfWork => server().provider(UnitOfWork);

  const countsOf = async (records: SealedRecords): Promise<Readonly<Record<number, number>>> =>
    Object.fromEntries(await unitOfWork().read((manager) => records.count(manager)));

  /** Until no row is left to move. @returns how many secrets each batch has moved */
  async function resealAll(records: SealedRecords, box: SecretBox): Promise<readonly number[]> {
    const moved: number[] = [];
    for (let skipped = 0; ;) {
      const from = skipped;
      const batch = await unitOfWork().run((unit) => records.resealBatch(unit, box, from));
      moved.push(batch.moved);
      skipped += batch.unreadable;
      if (!batch.hasMore) return moved;
    }
  }

  it('R61: the secrets of applications move to the newest key, and every node reads the applications again', async () => {
    const { admin, app } = server();
    const own = { id: 1, key: app.get<Secrets>(SECRETS).encryptionKey[0]?.key ?? '' };
    const folder = createTemporaryFolder('sealed');
    const { cert, key } = certificateMaker(folder.path).certificate(null, 'DNS:client');
    await folder.remove();
    const common = { kind: 'generic', upstream: 'https://127.0.0.1:9/base' };
    const bodies = [
      {
        key: 'headers',
        identity: { mode: 'headers', headers: { Authorization: { secret: 'Bearer one' }, 'X-User': '{username}' } },
        tls: { certificate: cert, key },
      },
      { key: 'plain', identity: { mode: 'headers', headers: { 'X-User': '{username}' } } },
      { key: 'services', identity: { mode: 'headers', headers: { 'X-User': '{username}' } } },
    ];
    for (const body of bodies) {
      const application = { ...common, ...body, name: body.key, mount: { pathPrefix: `/${body.key}` } };
      expect(await admin.post('/applications', application)).toMatchObject({ status: 201 });
    }
    // Three more secrets, of the credentials of service accounts.
    const serviceForm = { username: null, header: null, type: 'bearer' } as const;
    await unitOfWork().run(async (unit) => {
      const row = await unit.manager.findOneByOrFail(ApplicationEntity, { key: 'services' });
      const identity = sealIdentity(new SecretBox([own]), 'services', common.upstream.replace('/base', ''), {
        mode: 'credential',
        perUser: false,
        encoding: 'percent',
        services: SCOPES.map((scope) => ({ ...serviceForm, scope, secret: `the secret for ${scope}` })),
        headers: [{ name: 'X-Key', secret: 'two' }],
      });
      await unit.manager.update(ApplicationEntity, { key: row.key }, { body: { ...row.body, identity } });
      unit.changed('applications', row.key);
    });
    const isClosed = async (name: string): Promise<boolean> =>
      JSON.stringify((await admin.get(`/applications/${name}`)).body).includes('application_closed');
    const faultsWith = async (...keys: readonly (typeof own)[]): Promise<readonly (string | null)[]> => {
      const rows = await unitOfWork().read((manager) => manager.find(ApplicationEntity));
      return rows.map((row) => protect(toStored(row), new SecretBox(keys)).fault);
    };
    expect(await countsOf(APPLICATION_SECRETS)).toEqual({ 1: 5 });
    expect(KEY_USES.encryptionKey).toContain(APPLICATION_SECRETS);

    expect(await resealAll(APPLICATION_SECRETS, new SecretBox([OTHER, own]))).toEqual([5]);
    expect(await countsOf(APPLICATION_SECRETS)).toEqual({ 7: 5 });
    expect(await faultsWith(OTHER)).toEqual([null, null, null]);
    expect((await faultsWith(own)).filter((fault) => fault !== null)).toHaveLength(2);
    // This server does not have the key: it has read them again.
    expect(await Promise.all(bodies.map((body) => isClosed(body.key)))).toEqual([true, false, true]);

    // What no key opens stays, and does not end the batches.
    expect(await resealAll(APPLICATION_SECRETS, new SecretBox([NEWEST, own]))).toEqual([0]);
    expect(await countsOf(APPLICATION_SECRETS)).toEqual({ 7: 5 });

    expect(await resealAll(APPLICATION_SECRETS, new SecretBox([own, OTHER]))).toEqual([5]);
    expect(await countsOf(APPLICATION_SECRETS)).toEqual({ 1: 5 });
    expect(await Promise.all(bodies.map((body) => isClosed(body.key)))).toEqual([false, false, false]);
    expect(await resealAll(APPLICATION_SECRETS, new SecretBox([own, OTHER]))).toEqual([0]);
  });

  it('R61: the bind password of a directory moves to the newest key, and opens for its own address alone', async () => {
    const own = { id: 1, key: server().app.get<Secrets>(SECRETS).encryptionKey[0]?.key ?? '' };
    const url = 'ldaps://ldap.example.com';
    const made = await server().admin.post('/directories', {
      key: 'company',
      url,
      userBase: 'ou=people,dc=example,dc=com',
      bindDn: 'cn=reader,dc=example,dc=com',
      bindPassword: 'the bind password',
    });
    expect(made.status).toBe(201);
    const openedWith = async (key: typeof own, address = url): Promise<string | null> => {
      const row = await unitOfWork().read((manager) => manager.findOneByOrFail(DirectoryEntity, { key: 'company' }));
      const context = passwordContext('company', { url: address, startTls: false });
      return new SecretBox([key]).open(row.sealedPassword ?? '', context);
    };
    expect(KEY_USES.encryptionKey).toContain(DIRECTORY_PASSWORDS);
    expect(await openedWith(own)).toBe('the bind password');
    expect(await resealAll(DIRECTORY_PASSWORDS, new SecretBox([OTHER, own]))).toEqual([1]);
    expect(await countsOf(DIRECTORY_PASSWORDS)).toEqual({ 7: 1 });
    expect([await openedWith(OTHER), await openedWith(own)]).toEqual(['the bind password', null]);
    expect(await openedWith(OTHER, 'ldaps://other.example.com')).toBeNull();
    expect(await resealAll(DIRECTORY_PASSWORDS, new SecretBox([own, OTHER]))).toEqual([1]);
    expect(await openedWith(own)).toBe('the bind password');
  });

  it('R61: a column of secrets moves in batches, without rows that no key opens and rows that a request changes', async () => {
    const own = { id: 3, key: 'the key of before, which is long enough too' };
    const contextOf = ({ name }: KeyCheckEntity): string => `test\n${name}`;
    const records = sealedColumn({ entity: KeyCheckEntity, column: 'checkValue', contextOf });
    const box = new SecretBox([OTHER, own]);
    const names = Array.from({ length: RESEAL_BATCH_SIZE * 2 + 5 }, (_, index) => `test ${1_000 + index}`);
    const old = new SecretBox([own]);
    await unitOfWork().run(async ({ manager }) => {
      const rows = names.map((name, index) => ({
        name,
        // Some at the start, and some at the end of the first batch, in the place of another row.
        checkValue: old.seal(`secret of ${name}`, index < 3 || index === 99 ? 'test\nanother place' : `test\n${name}`),
        createdAtMs: index,
      }));
      await manager.insert(KeyCheckEntity, rows);
    });
    const restOf = async (): Promise<Readonly<Record<number, number>>> => {
      const { 1: _own, ...counts } = await countsOf(records);
      return counts;
    };
    expect(await restOf()).toEqual({ 3: names.length });

    const moved = await resealAll(records, box);
    expect(moved.reduce((sum, count) => sum + count, 0)).toBe(names.length - 4);
    expect(moved.length).toBeGreaterThan(2);
    expect(Math.max(...moved)).toBeLessThanOrEqual(RESEAL_BATCH_SIZE);
    expect(await restOf()).toEqual({ 3: 4, 7: names.length - 4 });
    const rows = await unitOfWork().read((manager) => manager.findBy(KeyCheckEntity, { name: Like('test %') }));
    const alone = new SecretBox([OTHER]);
    const opened = rows.flatMap((row) => alone.open(row.checkValue, contextOf(row)) ?? []);
    expect(opened.toSorted()).toEqual(
      names.filter((_, index) => index >= 3 && index !== 99).map((name) => `secret of ${name}`),
    );

    await unitOfWork().run(({ manager }) => manager.delete(KeyCheckEntity, { name: Like('test %') }));
  });
});
