import { DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TokenEntity } from '../../src/tokens/token.entity.js';
import { describeOnEachDatabase } from '../support/each-database.js';
import { request } from '../support/raw-client.js';
import { startRecordingUpstream, type RecordingUpstream } from '../support/recording-upstream.js';
import { bearer } from '../support/scopegate.fixture.js';

const ROWS = 20_000;
const SEARCHES = 30;
const TOKENS = 60;

describeOnEachDatabase('many searches of an administrator', (server) => {
  let upstream: RecordingUpstream;
  const secrets: string[] = [];

  beforeAll(async () => {
    upstream = await startRecordingUpstream();
    await server().createApplication({ key: 'app', upstream: upstream.url, mount: { pathPrefix: '/app' } });
    for (let index = 0; index < TOKENS; index += 1) {
      secrets.push((await server().createToken({ scope: 'read-only' })).secret);
    }
    const rows = server().app.get(DataSource).getRepository(TokenEntity);
    const { sequence: _sequence, ...model } = await rows.findOneOrFail({ where: {} });
    for (let at = 0; at < ROWS; at += 500) {
      await rows.insert(
        Array.from({ length: 500 }, (_, index) => ({ ...model, id: `seed${String(at + index).padStart(8, '0')}` })),
      );
    }
  });

  afterAll(() => upstream.stop());

  it('R81: leave the connections of judging alone: no token, known or not yet read, is a 503', async () => {
    const searches = Array.from({ length: SEARCHES }, (_, index) =>
      server().admin.get(`/tokens?q=nowhere${index}&sort=description&status=suspended`),
    );
    const judged = await Promise.all(
      [...secrets, ...secrets].map((secret) =>
        request({ port: server().port, target: '/app/rest/api/2/myself', headers: [bearer(secret)] }),
      ),
    );
    expect(judged.map(({ status }) => status)).toEqual(Array.from({ length: 2 * TOKENS }, () => 200));
    // More searches than run and wait at a time are refused at once.
    for (const { status } of await Promise.all(searches)) expect([200, 503]).toContain(status);
  });
});
