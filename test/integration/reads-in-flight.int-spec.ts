import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ChangeFeed } from '../../src/database/change-feed.js';
import { SessionsService } from '../../src/tokens/sessions.service.js';
import { TokenRepository } from '../../src/tokens/token.repository.js';
import type { ProblemBody } from '../support/api.client.js';
import { request, type RawAnswer } from '../support/raw-client.js';
import { startRecordingUpstream, type RecordingUpstream } from '../support/recording-upstream.js';
import { bearer, startScopegateFixture, type ScopegateFixture } from '../support/scopegate.fixture.js';

const SESSION = '/jira/rest/auth/1/session';

describe('a request whose token is being read', () => {
  let gateway: ScopegateFixture;
  let upstream: RecordingUpstream;

  beforeAll(async () => {
    upstream = await startRecordingUpstream();
    gateway = await startScopegateFixture();
    await gateway.createApplication({ key: 'jira', upstream: upstream.url, mount: { pathPrefix: '/jira' } });
  });
  beforeEach(() => upstream.clear());
  afterEach(async () => {
    vi.restoreAllMocks();
    await gateway.patchSettings({ ipRestriction: { allowList: [] } });
  });
  afterAll(async () => {
    await gateway.stop();
    await upstream.stop();
  });

  const use = (header: readonly [string, string]): Promise<RawAnswer> =>
    request({ port: gateway.port, target: '/jira/rest/api/2/myself', headers: [header] });

  /** Has something changed after the database has read the row for a request, and before the request has it. */
  async function whileRead(header: readonly [string, string], change: () => Promise<unknown>): Promise<RawAnswer> {
    const tokens = gateway.provider(TokenRepository);
    const find = tokens.find.bind(tokens);
    let arrive: () => void = () => undefined;
    const isOnItsWay = new Promise<void>((resolve) => (arrive = resolve));
    const isRead = new Promise<void>((resolve) => {
      vi.spyOn(tokens, 'find').mockImplementationOnce(async (id) => {
        const row = await find(id);
        resolve();
        await isOnItsWay;
        return row;
      });
    });
    const answer = use(header);
    await isRead;
    await change();
    arrive();
    return answer;
  }

  it('R80: is refused where the token was revoked meanwhile', async () => {
    const { id, secret } = await gateway.createToken({ scope: 'read-only' });
    const answer = await whileRead(bearer(secret), () => gateway.revokeToken(id));
    expect(answer.status).toBe(401);
    expect(upstream.bytesReceived).toBe(0);
  });

  it('R80: is refused where its address is allowed no more, which was looked at before the token', async () => {
    const { secret } = await gateway.createToken({ scope: 'read-only' });
    const answer = await whileRead(bearer(secret), () =>
      gateway.patchSettings({ ipRestriction: { allowList: ['10.0.0.0/8'] } }),
    );
    expect(answer.json<ProblemBody>().code).toBe('ip_not_allowed');
    expect(upstream.bytesReceived).toBe(0);
  });

  it('R80: is refused where its session has ended meanwhile, which was found before the token', async () => {
    const { id, secret } = await gateway.createToken({ scope: 'read-only' });
    const login = await request({ port: gateway.port, method: 'POST', target: SESSION, headers: [bearer(secret)] });
    const session = login.json<{ session: { value: string } }>().session.value;
    // As after a restore: the session and its token have to be read again.
    await gateway.provider(ChangeFeed).actOnAll();
    const answer = await whileRead(['Cookie', `JSESSIONID=${session}`], () =>
      gateway.provider(SessionsService).end(id, [session]),
    );
    expect(answer.status).toBe(401);
    expect(upstream.bytesReceived).toBe(0);
  });

  it('R80: goes through once where what changed does not concern it', async () => {
    const { secret } = await gateway.createToken({ scope: 'read-only' });
    const answer = await whileRead(bearer(secret), () => gateway.createGroup());
    expect(answer.status).toBe(200);
    expect(upstream.requests).toHaveLength(1);
  });
});
