import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ProblemBody } from '../support/api.client.js';
import { describeWithMariaDb, describeWithRedis } from '../support/external-servers.js';
import { request, type RawAnswer } from '../support/raw-client.js';
import { startRecordingUpstream, type RecordingUpstream } from '../support/recording-upstream.js';
import { basic, bearer, startScopegateFixture, type ScopegateFixture } from '../support/scopegate.fixture.js';
import { createSecrets } from '../support/scopegate.process.js';
import { quickest } from '../support/quickest.js';
import { until } from '../support/until.js';

const MAX_FAILURES = 4;

describeWithMariaDb('two nodes on one database', (mariaDb) => {
  describeWithRedis('with Redis', (redis) => {
    let one: ScopegateFixture;
    let other: ScopegateFixture;
    let upstream: RecordingUpstream;

    beforeAll(async () => {
      upstream = await startRecordingUpstream();
      const env = {
        ...createSecrets(),
        DATABASE_URL: await mariaDb().createDatabase(),
        REDIS_URL: redis().url,
        SCOPEGATE_ADMIN_PASSWORD: 'a password of the tests',
      };
      one = await startScopegateFixture({ env });
      other = await startScopegateFixture({ env });
      await one.patchSettings({ throttling: { maxFailures: MAX_FAILURES, windowSeconds: 60 } });
      await one.createApplication({ key: 'jira', upstream: upstream.url, mount: { pathPrefix: '/jira' } });
      await until(async () => (await send(other, [])).status === 200);
    });

    afterAll(async () => {
      await one.stop();
      await other.stop();
      await upstream.stop();
    });

    function send(node: ScopegateFixture, headers: readonly (readonly [string, string])[]): Promise<RawAnswer> {
      return request({ port: node.port, target: '/jira/rest/api/2/myself', headers });
    }

    const codeOf = (answer: RawAnswer): string => answer.json<ProblemBody>().code;

    /** How long it took until the other node refused the token, in milliseconds. */
    async function revocationDelay(): Promise<number> {
      const { id, secret } = await one.createToken({ scope: 'read-only' });
      await until(async () => (await send(other, [bearer(secret)])).status === 200);
      await one.revokeToken(id);
      const startedAt = performance.now();
      await until(async () => (await send(other, [bearer(secret)])).status === 401);
      return performance.now() - startedAt;
    }

    it('R51: failures on both nodes are counted together', async () => {
      const wrong = basic('somebody', 'sg_wrong');
      for (let time = 0; time < MAX_FAILURES; time += 1) {
        expect(codeOf(await send(time % 2 === 0 ? one : other, [wrong]))).toBe('credential_invalid');
      }
      expect(codeOf(await send(one, [wrong]))).toBe('too_many_failures');
      expect(codeOf(await send(other, [wrong]))).toBe('too_many_failures');
    });

    it('R64: a revocation acts at once on the other node', async () => {
      expect(await quickest(revocationDelay, 1_000)).toBeLessThan(1_000);
    });

    it('R11, R64: a session that one node made works on the other, and its end acts there at once', async () => {
      const { secret } = await one.createToken({ scope: 'read-only' });
      const target = '/jira/rest/auth/1/session';
      const login = await request({ port: one.port, method: 'POST', target, headers: [bearer(secret)] });
      const cookie = ['Cookie', `JSESSIONID=${login.json<{ session: { value: string } }>().session.value}`] as const;
      expect((await send(other, [cookie])).status).toBe(200);
      expect((await send(one, [cookie])).status).toBe(200);
      expect((await request({ port: one.port, method: 'DELETE', target, headers: [cookie] })).status).toBe(204);
      const startedAt = performance.now();
      await until(async () => (await send(other, [cookie])).status === 401);
      expect(performance.now() - startedAt).toBeLessThan(5_000);
      expect((await send(one, [cookie])).status).toBe(401);
    });

    it('R51, R64: with Redis killed, failures are throttled on each node and changes still act within a second', async () => {
      await redis().kill9();
      const wrong = basic('somebody else', 'sg_wrong');
      const startedAt = performance.now();
      for (const node of [one, other]) {
        const answers = [];
        for (let time = 0; time <= MAX_FAILURES; time += 1) answers.push(codeOf(await send(node, [wrong])));
        expect(answers.slice(0, -1)).not.toContain('too_many_failures');
        expect(answers.at(-1)).toBe('too_many_failures');
      }
      expect(performance.now() - startedAt).toBeLessThan(10_000);
      expect(await quickest(revocationDelay, 1_000)).toBeLessThan(1_000);
      expect((await one.admin.get('/me')).status).toBe(200);

      await redis().restart();
      const again = basic('a third one', 'sg_wrong');
      await until(async () => {
        const codes = [codeOf(await send(one, [again])), codeOf(await send(other, [again]))];
        await delay(100);
        return codes.includes('too_many_failures');
      });
      expect(await quickest(revocationDelay, 1_000)).toBeLessThan(1_000);
    });
  });
});
