import { createLocalJWKSet, createRemoteJWKSet, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from 'jose';
import { DataSource, MoreThan } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { ChangeFeed } from '../../src/database/change-feed.js';
import { SECRETS } from '../../src/config/config.module.js';
import type { Secrets } from '../../src/config/secrets.js';
import { UnitOfWork } from '../../src/database/unit-of-work.js';
import { AssertionService } from '../../src/identity/assertion.service.js';
import { SigningKeyEntity } from '../../src/identity/signing-key.entity.js';
import { openSigningKey } from '../../src/identity/signing-key.js';
import { SIGNING_KEY_SECRETS } from '../../src/identity/signing-key-secrets.js';
import { SigningKeysService } from '../../src/identity/signing-keys.service.js';
import { SecretBox } from '../../src/keys/secret-box.js';
import { KEY_USES } from '../../src/key-uses.js';
import { describeWithMariaDb } from '../support/external-servers.js';
import { request, type RawAnswer } from '../support/raw-client.js';
import { startScopegateFixture, type ScopegateFixture } from '../support/scopegate.fixture.js';
import { createSecrets } from '../support/scopegate.process.js';

const DAY_MS = 86_400_000;
const EVERY_KEY = { generation: MoreThan(0) };
const KEY_SET = '/.well-known/jwks.json';

const ASSERTED = {
  audience: 'https://tracker.example',
  username: 'alice',
  token: { id: 'abcdefghijkl', scope: 'read-only' },
  method: 'GET',
  target: '/tracker/issues/1?view=full',
};

const getKeySet = (port: number): Promise<RawAnswer> => request({ port, target: KEY_SET });

const sign = (gateway: ScopegateFixture): Promise<string> => gateway.provider(AssertionService).sign(ASSERTED);

async function publishedIds({ port }: ScopegateFixture): Promise<readonly (string | undefined)[]> {
  return (await getKeySet(port)).json<JSONWebKeySet>().keys.map(({ kid }) => kid);
}

/** As an upstream verifies it. */
async function verify(gateway: ScopegateFixture, assertion: string, audience = ASSERTED.audience): Promise<unknown> {
  const keys = createRemoteJWKSet(new URL(`${gateway.url}${KEY_SET}`));
  const { payload } = await jwtVerify(assertion, keys, { audience, issuer: 'scopegate', algorithms: ['ES256'] });
  return payload;
}

const rowsOf = (gateway: ScopegateFixture): Promise<SigningKeyEntity[]> =>
  gateway.provider(DataSource).manager.find(SigningKeyEntity, { order: { generation: 'ASC' } });

/** Makes every key older, then rotates as the job does. */
async function letDaysPass(gateway: ScopegateFixture, days: number): Promise<void> {
  await gateway
    .provider(UnitOfWork)
    .run(({ manager }) => manager.decrement(SigningKeyEntity, EVERY_KEY, 'createdAtMs', days * DAY_MS));
  await readAgain(gateway);
  await gateway.provider(SigningKeysService).rotateInTurn();
}

const readAgain = (gateway: ScopegateFixture): Promise<void> =>
  gateway.provider(ChangeFeed).actOn([{ topic: 'signing-keys', subject: 'all' }]);

async function withGateway(
  work: (gateway: ScopegateFixture) => Promise<void>,
  options: Parameters<typeof startScopegateFixture>[0] = {},
): Promise<void> {
  const gateway = await startScopegateFixture(options);
  try {
    await work(gateway);
  } finally {
    await gateway.stop();
  }
}

describe('the keys of assertions', () => {
  it('R72: are made at the first use, and the empty set before is not kept', () =>
    withGateway(async (gateway) => {
      await gateway.provider(SigningKeysService).rotateInTurn();
      const before = await getKeySet(gateway.port);
      expect(before.json()).toEqual({ keys: [] });
      expect(before.headerValues('cache-control')).toEqual(['no-store']);
      expect(await rowsOf(gateway)).toEqual([]);

      const assertions = await Promise.all(Array.from({ length: 20 }, () => sign(gateway)));
      expect(await rowsOf(gateway)).toHaveLength(1);
      expect(new Set(assertions.map((assertion) => decodeProtectedHeader(assertion).kid)).size).toBe(1);
      const after = await getKeySet(gateway.port);
      expect(after.headerValues('cache-control')).toEqual(['public, max-age=300']);
      expect(after.json<JSONWebKeySet>().keys).toHaveLength(1);
    }));

  it('R72: verify what the gateway signs, for its audience and for a minute', () =>
    withGateway(async (gateway) => {
      const payload = (await verify(gateway, await sign(gateway))) as { iat: number; exp: number; jti: string };
      expect(payload).toMatchObject({
        sub: 'alice',
        scope: 'read-only',
        tokenId: 'abcdefghijkl',
        method: 'GET',
        path: '/tracker/issues/1',
      });
      expect(payload.exp - payload.iat).toBe(60);
      expect(await verify(gateway, await sign(gateway))).not.toMatchObject({ jti: payload.jti });
      await expect(verify(gateway, await sign(gateway), 'https://other.example')).rejects.toThrow('aud');
      const [head, , signature] = (await sign(gateway)).split('.');
      const forged = Buffer.from(JSON.stringify({ ...payload, sub: 'admin' })).toString('base64url');
      await expect(verify(gateway, [head, forged, signature].join('.'))).rejects.toThrow('signature');
    }));

  it('R72: are encrypted in the database, and only their public half is published', () =>
    withGateway(async (gateway) => {
      await sign(gateway);
      const { keys } = (await getKeySet(gateway.port)).json<JSONWebKeySet>();
      expect(Object.keys(keys[0] ?? {}).toSorted()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
      const [row] = await rowsOf(gateway);
      expect(row?.sealed).toMatch(/^v\d+\./);
      expect(JSON.stringify(row)).not.toContain(keys[0]?.x);
    }));

  it('R72: are rotated with overlap: the next is published before it signs, the last after it has signed', () =>
    withGateway(async (gateway) => {
      const old = await sign(gateway);
      await letDaysPass(gateway, 30);
      const [first, second, ...more] = await publishedIds(gateway);
      expect(more).toEqual([]);
      expect(second).toBeDefined();
      expect(decodeProtectedHeader(await sign(gateway)).kid).toBe(first);

      await letDaysPass(gateway, 1);
      const signed = await sign(gateway);
      expect(decodeProtectedHeader(signed).kid).toBe(second);
      await expect(verify(gateway, old)).resolves.toMatchObject({ sub: 'alice' });

      await letDaysPass(gateway, 1);
      expect(await publishedIds(gateway)).toEqual([second]);
      await expect(verify(gateway, signed)).resolves.toMatchObject({ sub: 'alice' });
      await expect(verify(gateway, old)).rejects.toThrow('no applicable key');
    }));

  it('R72: a row that someone writes into the database never becomes a key', () =>
    withGateway(async (gateway) => {
      await sign(gateway);
      const [row] = await rowsOf(gateway);
      if (row === undefined) throw new Error('There is no key.');
      const database = gateway.provider(UnitOfWork);
      await database.run(({ manager }) =>
        manager.insert(SigningKeyEntity, [
          { ...row, generation: 2 },
          { ...row, generation: 3, id: 'another' },
          { ...row, generation: 4, sealed: 'v1.x' },
        ]),
      );
      await readAgain(gateway);
      expect(await publishedIds(gateway)).toEqual([row.id]);
      expect(decodeProtectedHeader(await sign(gateway)).kid).toBe(row.id);
      // A key that cannot be decrypted is replaced, and does not stop the assertions.
      await database.run(({ manager }) => manager.update(SigningKeyEntity, { generation: 1 }, { sealed: 'v1.x' }));
      await readAgain(gateway);
      const assertion = await sign(gateway);
      expect(await publishedIds(gateway)).toEqual([decodeProtectedHeader(assertion).kid]);
      expect((await rowsOf(gateway)).at(-1)?.generation).toBe(5);
    }));

  it('R72: are the same after the encryption key has changed', () =>
    withGateway(async (gateway) => {
      await sign(gateway);
      const [before] = await rowsOf(gateway);
      if (before === undefined) throw new Error('There is no key.');
      const own = gateway.app.get<Secrets>(SECRETS).encryptionKey;
      const newest = { id: 2, key: 'another encryption key of the configuration' };
      const box = new SecretBox([newest, ...own]);
      expect(KEY_USES.encryptionKey).toContain(SIGNING_KEY_SECRETS);
      await gateway.provider(UnitOfWork).run((unit) => SIGNING_KEY_SECRETS.resealBatch(unit, box, 0));
      expect(Object.fromEntries(await SIGNING_KEY_SECRETS.count(gateway.provider(DataSource).manager))).toEqual({
        2: 1,
      });
      const [after] = await rowsOf(gateway);
      const opened = after === undefined ? null : await openSigningKey(new SecretBox([newest]), after);
      expect(opened?.publicKey).toEqual((await openSigningKey(box, before))?.publicKey);
    }));

  it('R72: are read by upstreams at the port of the applications', () =>
    withGateway(
      async (gateway) => {
        expect((await getKeySet(gateway.port)).status).toBe(200);
        expect((await getKeySet(gateway.managementPort)).status).toBe(404);
      },
      { management: true },
    ));

  it('R72: no key is made because of what a node remembers or its clock says: the database decides', () =>
    withGateway(async (gateway) => {
      await sign(gateway);
      const keys = gateway.provider(SigningKeysService);
      // What this node remembers is old, and the database says otherwise.
      const database = gateway.provider(UnitOfWork);
      await database.run(({ manager }) => manager.decrement(SigningKeyEntity, EVERY_KEY, 'createdAtMs', 40 * DAY_MS));
      await readAgain(gateway);
      await database.run(({ manager }) => manager.increment(SigningKeyEntity, EVERY_KEY, 'createdAtMs', 40 * DAY_MS));
      await keys.rotateInTurn();
      expect(await rowsOf(gateway)).toHaveLength(1);
    }));
});

describeWithMariaDb('the keys of assertions of two nodes', (mariaDb) => {
  it('R72: one node makes the key, and each verifies what the other signs at once', async () => {
    const env = {
      ...createSecrets(),
      DATABASE_URL: await mariaDb().createDatabase(),
      SCOPEGATE_ADMIN_PASSWORD: 'a password of the tests',
    };
    await withGateway(
      (one) =>
        withGateway(
          async (other) => {
            const signing = Array.from({ length: 20 }, (_, index) => sign(index % 2 === 0 ? one : other));
            const assertions = await Promise.all(signing);
            expect(await rowsOf(one)).toHaveLength(1);
            expect(new Set(assertions.map((assertion) => decodeProtectedHeader(assertion).kid)).size).toBe(1);
            for (const assertion of assertions.slice(0, 2)) {
              await expect(verify(one, assertion)).resolves.toMatchObject({ sub: 'alice' });
              await expect(verify(other, assertion)).resolves.toMatchObject({ sub: 'alice' });
            }
          },
          { env },
        ),
      { env },
    );
  });

  it('R72: a node publishes the first key of another one before it has learnt of it', async () => {
    const env = {
      ...createSecrets(),
      DATABASE_URL: await mariaDb().createDatabase(),
      SCOPEGATE_ADMIN_PASSWORD: 'a password of the tests',
    };
    await withGateway(
      (one) =>
        withGateway(
          async (other) => {
            const assertion = await sign(one);
            const keys = createLocalJWKSet((await getKeySet(other.port)).json<JSONWebKeySet>());
            await expect(jwtVerify(assertion, keys)).resolves.toMatchObject({ payload: { sub: 'alice' } });
          },
          { env },
        ),
      { env },
    );
  });
});
