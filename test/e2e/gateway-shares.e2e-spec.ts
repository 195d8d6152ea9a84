import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UpstreamPools } from '../../src/gateway/upstream.pools.js';
import { openAnswers, requestHead, slowBodies, unfinishedBodies, type Attack } from '../support/attack.client.js';
import { shareGateway } from '../support/gateway-test.js';
import { request, sendRaw, type RawAnswer } from '../support/raw-client.js';
import type { UpstreamAnswer } from '../support/upstream-answer.writer.js';
import { bearer, type TestToken } from '../support/scopegate.fixture.js';
import { until } from '../support/until.js';

/** The applications, by their mounts: one with as few connections as can be, one with two for each share. */
const NARROW = '/narrow';
const WIDE = '/wide';

/** How long a request to the narrow one may take. */
const NARROW_MS = 4_000;

let attacks: Attack[] = [];

const { gateway, upstream } = await shareGateway();
const common = { kind: 'generic', anonymous: 'allow', passwords: 'forward', upstream: upstream.url } as const;
const keys = [
  await gateway.createApplication({ ...common, mount: { pathPrefix: NARROW }, connections: 4, timeoutMs: NARROW_MS }),
  await gateway.createApplication({ ...common, mount: { pathPrefix: WIDE }, connections: 8, timeoutMs: 60_000 }),
];
const mine = await gateway.createToken({ scope: 'read-only' });
const theirs = await gateway.createToken({ scope: 'read-write' });

beforeEach(() => {
  upstream.respondWith(({ target }) => answerTo(target));
});

afterEach(async () => {
  for (const attack of attacks) attack.stop();
  attacks = [];
  // A request that waited may go upstream before its client's end is noticed: the next test begins when all is over.
  await until(() => {
    endAll();
    return underWay() === 0 && keys.every(isIdle);
  });
});

/** Whether no request of the application is under way to its upstream, or waits for a connection. */
function isIdle(key: string): boolean {
  const connections = gateway.provider(UpstreamPools).byKey(key);
  return connections === null || connections.waiting + connections.statistics.running === 0;
}

/** Ends the answers that are held. */
let ends: (() => void)[] = [];

/** How many requests the upstream has received whose answers have not ended. */
let openAnswersUpstream = 0;

function underWay(): number {
  return openAnswersUpstream;
}

/** `/held` is answered when `endAll` is called, `/events` and `/drip` do not end, and all else is answered at once. */
function answerTo(target: string): UpstreamAnswer | Promise<UpstreamAnswer> {
  const type = target.startsWith('/events') ? 'Text/Event-Stream; charset=utf-8' : 'text/plain';
  if (target.startsWith('/held')) {
    openAnswersUpstream += 1;
    return new Promise((resolve) => {
      ends.push(() => {
        openAnswersUpstream -= 1;
        resolve({ body: target });
      });
    });
  }
  if (!/^\/(?:events|drip)/.test(target)) return { body: target };
  return {
    headers: [['Content-Type', type]],
    body: (async function* () {
      openAnswersUpstream += 1;
      try {
        for (;;) {
          yield 'data: 1\n\n';
          await pause(20);
        }
      } finally {
        openAnswersUpstream -= 1;
      }
    })(),
  };
}

function attackWith(attack: Attack): Attack {
  attacks.push(attack);
  return attack;
}

function get(target: string, token: TestToken | null, timeoutMs = 30_000): Promise<RawAnswer> {
  const headers = token === null ? [] : [bearer(token.secret)];
  return request({ port: gateway.port, target, headers }, { timeoutMs });
}

function endAll(): void {
  for (const end of ends) end();
  ends = [];
}

const authorizationOf = (token: TestToken): string => bearer(token.secret).join(': ');

describe('a share of the connections', () => {
  it.each([
    ['NARROW', NARROW, 1],
    ['WIDE', WIDE, 2],
  ])(
    'R112: one token has no more than its share of %s, and others are answered meanwhile',
    async (_name, mount, share) => {
      const lines = [authorizationOf(mine)];
      attackWith(openAnswers({ port: gateway.port, connections: 60, target: `${mount}/held`, lines }));
      await until(() => underWay() === share);
      for (const token of [theirs, null]) {
        expect((await get(`${mount}/x`, token)).status).toBe(200);
        // It was served before any of the requests that wait.
        expect(upstream.requests.at(-1)?.target).toBe('/x');
        expect(underWay()).toBe(share);
      }
      await pause(300);
      expect([underWay(), upstream.requests.length]).toEqual([share, share + 2]);
    },
  );

  it('R112: one client without a credential has no more than its share, by whatever it sends', async () => {
    const port = gateway.port;
    attackWith(openAnswers({ port, connections: 20, target: `${WIDE}/held` }));
    await until(() => underWay() === 2);
    attackWith(unfinishedBodies({ port, connections: 20, target: `${WIDE}/held` }));
    attackWith(openAnswers({ port, connections: 20, target: `${WIDE}/held`, lines: ['Cookie: JSESSIONID=made-up'] }));
    const password = `Authorization: Basic ${Buffer.from('a:b').toString('base64')}`;
    attackWith(openAnswers({ port, connections: 20, target: `${WIDE}/held`, lines: [password] }));
    await pause(300);
    expect([underWay(), upstream.requests.length]).toEqual([2, 2]);
    expect((await get(`${WIDE}/x`, theirs)).status).toBe(200);
    // It was served before any of the requests that wait.
    expect([underWay(), upstream.requests.length]).toEqual([2, 3]);
    attackWith(openAnswers({ port, connections: 5, target: `${WIDE}/held`, from: '127.0.0.2' }));
    await until(() => underWay() === 4);
  });

  it('R112: what waits is served in its order once something of the same holder ends', async () => {
    const port = gateway.port;
    attackWith(openAnswers({ port, connections: 2, target: `${WIDE}/held`, lines: [authorizationOf(mine)] }));
    await until(() => underWay() === 2);
    const waiting = [get(`${WIDE}/first`, mine), get(`${WIDE}/second`, mine)];
    await pause(300);
    expect(upstream.requests).toHaveLength(2);
    endAll();
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200]);
    expect(upstream.requests.slice(2).map(({ target }) => target)).toEqual(['/first', '/second']);
  });

  it('R112: all connections together are no more than the application has', async () => {
    for (const from of ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5', '127.0.0.6', '127.0.0.7']) {
      attackWith(openAnswers({ port: gateway.port, connections: 30, target: `${WIDE}/held`, from }));
    }
    await until(() => underWay() === 8);
    const late = get(`${WIDE}/late`, theirs);
    await pause(300);
    expect(underWay()).toBe(8);
    // Of the 172 requests that came before, those of two addresses without a connection have their turn first.
    for (const end of ends.splice(0, 3)) end();
    expect((await late).status).toBe(200);
  });

  it('R112: another application is not held up, though it has the same upstream', async () => {
    for (const from of ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5']) {
      attackWith(openAnswers({ port: gateway.port, connections: 9, target: `${WIDE}/held`, from }));
    }
    await until(() => underWay() === 8);
    expect((await get(`${NARROW}/x`, mine)).status).toBe(200);
  });

  it('R112: a request that waits for a connection is a 504 after the time limit of the application', async () => {
    attackWith(
      openAnswers({ port: gateway.port, connections: 1, target: `${NARROW}/drip`, lines: [authorizationOf(mine)] }),
    );
    await until(() => underWay() === 1);
    const startedAt = performance.now();
    const answer = await get(`${NARROW}/x`, mine);
    const ms = performance.now() - startedAt;
    expect([answer.status, answer.json<{ code: string }>().code]).toEqual([504, 'upstream_timeout']);
    expect(ms).toBeGreaterThan(NARROW_MS - 100);
    expect(ms).toBeLessThan(NARROW_MS * 5);
    expect(upstream.requests).toHaveLength(1);
  });

  it('R112: an upload that waits in vain is a 504, and the next request of its connection is understood', async () => {
    const lines = [authorizationOf(theirs)];
    attackWith(openAnswers({ port: gateway.port, connections: 1, target: `${NARROW}/drip`, lines }));
    await until(() => underWay() === 1);
    const upload = requestHead('POST', `${NARROW}/x`, [...lines, 'Content-Length: 100000']);
    const next = requestHead('GET', `${WIDE}/next`, lines);
    const answer = await sendRaw(gateway.port, upload + 'b'.repeat(100_000) + next, { answers: 2 });
    expect([answer.status, answer.rest.toString('latin1')]).toEqual([504, expect.stringMatching(/^HTTP\/1\.1 200 OK/)]);
    expect(upstream.requests.map(({ target }) => target)).toEqual(['/drip', '/next']);
  });

  it('R112, R64: a token that is revoked while its request waits does not reach the upstream', async () => {
    const token = await gateway.createToken({ scope: 'read-write' });
    attackWith(
      openAnswers({ port: gateway.port, connections: 2, target: `${WIDE}/held`, lines: [authorizationOf(token)] }),
    );
    await until(() => underWay() === 2);
    const answer = get(`${WIDE}/later`, token);
    await pause(900);
    await gateway.revokeToken(token.id);
    endAll();
    expect([(await answer).status, (await answer).json<{ code: string }>().code]).toEqual([401, 'token_revoked']);
    expect(upstream.requests.map(({ target }) => target)).not.toContain('/later');
    expect(await gateway.events({ tokenId: token.id, outcome: 'failed' })).toMatchObject([{ code: 'token_revoked' }]);
  });

  it('R112: a client that goes away while its request waits leaves the line', async () => {
    attackWith(
      openAnswers({ port: gateway.port, connections: 2, target: `${WIDE}/held`, lines: [authorizationOf(mine)] }),
    );
    await until(() => underWay() === 2);
    const gone = openAnswers({
      port: gateway.port,
      connections: 5,
      target: `${WIDE}/gone`,
      lines: [authorizationOf(mine)],
    });
    await pause(200);
    gone.stop();
    await pause(200);
    endAll();
    expect((await get(`${WIDE}/x`, mine)).status).toBe(200);
    expect(upstream.requests.map(({ target }) => target)).not.toContain('/gone');
  });
});

describe('event streams', () => {
  it.each([
    ['NARROW', NARROW],
    ['WIDE', WIDE],
  ])('R112: one token may have one of %s, and its short requests are answered meanwhile', async (_name, mount) => {
    const lines = [authorizationOf(mine)];
    const streams = attackWith(openAnswers({ port: gateway.port, connections: 12, target: `${mount}/events`, lines }));
    await until(() => streams.answers.length >= 8);
    expect(new Set(streams.heads)).toEqual(new Set(['HTTP/1.1 200 OK', 'HTTP/1.1 504 Gateway Timeout']));
    expect(JSON.parse(streams.answers[0]?.body.toString() ?? '')).toMatchObject({ code: 'upstream_timeout' });
    await until(() => underWay() === 1);
    expect((await get(`${mount}/x`, mine)).status).toBe(200);
    expect((await get(`${mount}/x`, theirs)).status).toBe(200);
  });
});

describe('a body', () => {
  it('R112: that is short takes no connection before it is here', async () => {
    const head = requestHead('POST', `${WIDE}/x`, [authorizationOf(theirs), 'Content-Length: 10']);
    // The rest is sent only after the look.
    const betweenPieces = async (): Promise<void> => {
      await pause(300);
      expect([upstream.bytesReceived, keys.map(isIdle)]).toEqual([0, [true, true]]);
    };
    const answer = await sendRaw(gateway.port, [`${head}five `, 'bytes'], { betweenPieces });
    expect(answer.status).toBe(200);
    expect(upstream.lastRequest?.body.toString()).toBe('five bytes');
  });

  it.each([
    ['that is short', 'Content-Length: 500', ''],
    ['that is long', 'Content-Length: 100000', 'b'],
    ['in chunks', 'Transfer-Encoding: chunked', '1\r\nb\r\n'],
  ])(
    'R112: %s and slower than 64 bytes a second is a 408, and ends upstream',
    async (_name, line, trickle) => {
      const head = requestHead('POST', `${WIDE}/x`, [authorizationOf(theirs), line, 'X-Request-Id: slow-one']);
      const pieces = [head, ...Array.from({ length: 40 }, () => trickle)];
      const startedAt = performance.now();
      const answer = await sendRaw(gateway.port, pieces, { pauseMs: 500, timeoutMs: 60_000 });
      const ms = performance.now() - startedAt;
      expect([answer.status, answer.json<{ code: string }>().code]).toEqual([408, 'request_timeout']);
      expect(answer.closed).toBe(true);
      expect(ms).toBeGreaterThan(9_500);
      expect(ms).toBeLessThan(30_000);
      expect(upstream.requests).toEqual([]);
      await until(() => upstream.bytesReceived === 0 || upstream.connectionsAborted > 0);
    },
    90_000,
  );

  it('R112: slow bodies without a credential end by themselves, and hold up no other request', async () => {
    const slow = attackWith(slowBodies({ port: gateway.port, connections: 60, target: `${WIDE}/x`, trickle: 'b' }));
    let answeredMeanwhile = 0;
    while (slow.answers.length === 0) {
      expect((await get(`${WIDE}/y`, theirs)).status).toBe(200);
      answeredMeanwhile += 1;
      await pause(500);
    }
    // They did not wait for the slow ones, of which the first ends after ten seconds.
    expect(answeredMeanwhile).toBeGreaterThan(1);
    await until(() => slow.answers.length === 60);
    expect(slow.heads).toEqual(Array.from({ length: 60 }, () => 'HTTP/1.1 408 Request Timeout'));
    expect(upstream.requests.filter(({ method }) => method === 'POST')).toEqual([]);
  }, 60_000);
});
