import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NO_DECISION, type Question } from './decision.js';
import { DecisionService } from './decision.service.js';

const CREDENTIAL = 'sg_the-credential-of-the-application';

const CALLER = {
  username: 'alice',
  displayName: 'Alice',
  email: null,
  groups: ['developers'],
  tokenId: 't1',
  scope: 'read-only',
  expiresAt: null,
};

const ALLOW = { decision: 'allow', requestId: 'r', caller: CALLER, problem: null, challenge: [] };

const DENY = {
  decision: 'deny',
  requestId: 'r',
  caller: null,
  problem: { status: 401, code: 'credential_invalid', detail: 'No.' },
  challenge: ['Basic realm="x"'],
};

const QUESTION: Question = {
  method: 'GET',
  target: '/issues',
  headers: [['Authorization', 'Bearer sg_alice']],
  clientIp: '192.0.2.1',
};

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** A server that answers as it is told to, and counts what it was asked. */
let server: Server;
let answer: Answer;
let asked: { readonly authorization: string | undefined; readonly path: string; readonly body: unknown }[];
let url: string;

function json(value: unknown, status = 200): Answer {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  };
}

beforeEach(async () => {
  asked = [];
  answer = json(ALLOW);
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      asked.push({ authorization: request.headers.authorization, path: request.url ?? '', body: JSON.parse(body) });
      answer(request, response, body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => {
  vi.restoreAllMocks();
  server.closeAllConnections();
  server.close();
});

const service = (options: object = {}): DecisionService =>
  new DecisionService({ url, credential: CREDENTIAL, ...options });

describe('the question', () => {
  it('goes to Scopegate with the credential, the application and the whole request', async () => {
    await service({ application: 'jira' }).decide({ ...QUESTION, scope: 'read-write' });
    expect(asked).toEqual([
      {
        authorization: `Bearer ${CREDENTIAL}`,
        path: '/introspect/decision',
        body: { application: 'jira', ...QUESTION, scope: 'read-write' },
      },
    ]);
  });

  it('goes below the path of the url', async () => {
    await service({ url: `${url}/scopegate/` }).decide(QUESTION);
    expect(asked[0]?.path).toBe('/scopegate/introspect/decision');
  });

  it('is asked once where it comes many times at one time', async () => {
    const decisions = service();
    const found = await Promise.all(Array.from({ length: 50 }, () => decisions.decide(QUESTION)));
    expect(new Set(found.map((one) => one.decision))).toEqual(new Set(['allow']));
    expect(asked).toHaveLength(1);
  });

  it('is asked each time where nothing is kept', async () => {
    const decisions = service({ cache: { ttlMs: 0 } });
    await Promise.all([decisions.decide(QUESTION), decisions.decide(QUESTION)]);
    expect(asked).toHaveLength(2);
  });
});

describe('the cache', () => {
  it.each<[string, Partial<Question>]>([
    ['another method', { method: 'POST' }],
    ['another target', { target: '/issues?a=b' }],
    ['another credential', { headers: [['Authorization', 'Bearer sg_bob']] }],
    ['a line in addition', { headers: [...QUESTION.headers, ['X-HTTP-Method-Override', 'DELETE']] }],
    ['the same lines in another order', { headers: [['Cookie', 'a=b'], ...QUESTION.headers] }],
    ['another address', { clientIp: '192.0.2.2' }],
    ['a scope', { scope: 'read-only' }],
  ])('does not answer for %s', async (_what, change) => {
    const decisions = service();
    await decisions.decide(QUESTION);
    await decisions.decide({ ...QUESTION, ...change });
    expect(asked).toHaveLength(2);
  });

  it('holds a decision for ttlMs from its question on', async () => {
    const clock = vi.spyOn(performance, 'now').mockReturnValue(1000);
    const decisions = service({ cache: { ttlMs: 300 } });
    await decisions.decide(QUESTION);
    clock.mockReturnValue(1299);
    await decisions.decide(QUESTION);
    expect(asked).toHaveLength(1);
    clock.mockReturnValue(1300);
    await decisions.decide(QUESTION);
    expect(asked).toHaveLength(2);
  });

  it('holds a refusal for half a second at most', async () => {
    answer = json(DENY);
    const clock = vi.spyOn(performance, 'now').mockReturnValue(1000);
    const decisions = service({ cache: { ttlMs: 60_000 } });
    await decisions.decide(QUESTION);
    clock.mockReturnValue(1499);
    await decisions.decide(QUESTION);
    expect(asked).toHaveLength(1);
    clock.mockReturnValue(1500);
    await decisions.decide(QUESTION);
    expect(asked).toHaveLength(2);
  });

  it('holds no decision beyond the end of the token', async () => {
    answer = json({ ...ALLOW, caller: { ...CALLER, expiresAt: new Date(Date.now() - 1).toISOString() } });
    const decisions = service();
    await decisions.decide(QUESTION);
    await decisions.decide(QUESTION);
    expect(asked).toHaveLength(2);
  });

  it('does not hold a failure of Scopegate', async () => {
    answer = json({ ...DENY, problem: { status: 503, code: 'store_unavailable' } });
    const decisions = service();
    expect(await decisions.decide(QUESTION)).toMatchObject({ decision: 'deny', problem: { status: 503 } });
    await decisions.decide(QUESTION);
    expect(asked).toHaveLength(2);
  });

  it('has no more than max decisions, and gives up the one that was used longest ago', async () => {
    const decisions = service({ cache: { max: 2 } });
    for (const target of ['/a', '/b', '/a', '/c']) await decisions.decide({ ...QUESTION, target });
    expect(asked).toHaveLength(3);
    await decisions.decide({ ...QUESTION, target: '/a' });
    expect(asked).toHaveLength(3);
    await decisions.decide({ ...QUESTION, target: '/b' });
    expect(asked).toHaveLength(4);
  });

  it('gives a caller that no handler can change for the next one', async () => {
    const decisions = service();
    const decision = await decisions.decide(QUESTION);
    if (decision.decision !== 'allow') throw new Error('It was refused.');
    const { caller } = decision;
    expect(() => Object.assign(caller, { username: 'root' })).toThrow(TypeError);
    expect(() => Object.assign(caller.groups, ['administrators'])).toThrow(TypeError);
    expect(await decisions.decide(QUESTION)).toEqual({ decision: 'allow', caller: CALLER });
  });

  it('a question that was asked more than ttlMs ago answers for no new request', async () => {
    const waiting: ServerResponse[] = [];
    answer = (_request, response) => waiting.push(response);
    const clock = vi.spyOn(performance, 'now').mockReturnValue(1000);
    const decisions = service({ cache: { ttlMs: 300 } });
    const first = decisions.decide(QUESTION);
    clock.mockReturnValue(1300);
    const second = decisions.decide(QUESTION);
    await vi.waitUntil(() => waiting.length === 2);
    for (const response of waiting) response.end(JSON.stringify(ALLOW));
    expect(await first).toEqual(await second);
  });
});

it('a request that Scopegate does not take as a question is refused, and is no failure of Scopegate', async () => {
  answer = json({ code: 'validation_failed' }, 400);
  const decisions = service({ cache: { ttlMs: 0 } });
  const lines = vi.spyOn(Logger.prototype, 'error');
  expect(await decisions.decide(QUESTION)).toMatchObject({ decision: 'deny', problem: { status: 400 } });
  expect(lines).not.toHaveBeenCalled();
});

describe('without a decision nothing is allowed', () => {
  const quiet = (): string[] => {
    const lines: string[] = [];
    vi.spyOn(Logger.prototype, 'error').mockImplementation((line: string) => void lines.push(line));
    return lines;
  };

  it.each<[string, Answer, RegExp]>([
    ['Scopegate refuses the credential', json({}, 401), /401: the credential of this application is not accepted/],
    ['the permission is missing', json({}, 403), /lacks the permission "introspect"/],
    ['the answer is an error', json(ALLOW, 500), /answered 500/],
    ['the answer is another success', json(ALLOW, 201), /answered 201/],
    ['the answer is no JSON', (_request, response) => response.end('<html>'), /not a decision/],
    ['the answer is empty', (_request, response) => response.end(), /not a decision/],
    ['the answer is a list', json([ALLOW]), /not a decision/],
    ['the decision has another name', json({ ...ALLOW, decision: 'pass' }), /not a decision/],
    ['an allow names no caller', json({ ...ALLOW, caller: null }), /not a decision/],
    ['an allow has a scope that is unknown', json({ ...ALLOW, caller: { ...CALLER, scope: 'all' } }), /not a decision/],
    ['the answer has no end', endless, /too long/],
    [
      'the answer leads elsewhere',
      (_request, response) => response.writeHead(307, { location: `${url}/elsewhere` }).end(),
      /cannot be reached/,
    ],
    ['the connection is closed', (request) => request.socket.destroy(), /cannot be reached/],
  ])('where %s', async (_what, given, line) => {
    const lines = quiet();
    answer = given;
    const decisions = service();
    expect(await decisions.decide(QUESTION)).toBe(NO_DECISION);
    expect(asked).toHaveLength(1);
    await decisions.decide(QUESTION);
    expect(asked).toHaveLength(2);
    expect(lines).toEqual([expect.stringMatching(line)]);
    expect(lines.join()).not.toContain('sg_');
  });

  it('where Scopegate does not answer in time', async () => {
    const lines = quiet();
    answer = () => undefined;
    expect(await service({ timeoutMs: 50 }).decide(QUESTION)).toBe(NO_DECISION);
    expect(lines).toEqual([expect.stringContaining('in time')]);
  });

  it('where Scopegate stops in the middle of its answer', async () => {
    quiet();
    answer = (_request, response) => void response.writeHead(200).write('{"decision":"allow",');
    expect(await service({ timeoutMs: 50 }).decide(QUESTION)).toBe(NO_DECISION);
  });

  it('where too many questions wait', async () => {
    quiet();
    answer = () => undefined;
    const decisions = service({ timeoutMs: 1000 });
    const waiting = Array.from({ length: 256 }, (_, index) => decisions.decide({ ...QUESTION, target: `/${index}` }));
    expect(await decisions.decide({ ...QUESTION, target: '/one-more' })).toBe(NO_DECISION);
    await Promise.all(waiting);
    expect(asked.map(({ body }) => (body as Question).target)).not.toContain('/one-more');
  });

  it('where too many equal questions wait, because nothing is kept', async () => {
    quiet();
    const waiting: ServerResponse[] = [];
    answer = (_request, response) => waiting.push(response);
    const decisions = service({ cache: { ttlMs: 0 }, timeoutMs: 30_000 });
    const found = Array.from({ length: 5000 }, () => decisions.decide(QUESTION));
    await vi.waitUntil(() => waiting.length === 256, 20_000);
    for (const response of waiting) response.end(JSON.stringify(ALLOW));
    const refused = (await Promise.all(found)).filter((decision) => decision === NO_DECISION);
    expect({ asked: asked.length, refused: refused.length }).toEqual({ asked: 256, refused: 5000 - 256 });
    // Each answer, and each failure, makes room for another question.
    answer = json({}, 500);
    await decisions.decide(QUESTION);
    answer = json(ALLOW);
    const later = await Promise.all(Array.from({ length: 256 }, () => decisions.decide(QUESTION)));
    expect(later.every(({ decision }) => decision === 'allow')).toBe(true);
  });
});

/** Sends more than any decision needs. */
function endless(_request: IncomingMessage, response: ServerResponse): void {
  const chunk = ' '.repeat(64 * 1024);
  const more = (): void => {
    while (response.write(chunk));
  };
  response.on('drain', more);
  more();
}

describe('the options', () => {
  it.each<[string, object]>([
    ['url', { url: 'localhost:3000' }],
    ['url', { url: 'file:///etc/passwd' }],
    ['url', { url: 'http://user:password@127.0.0.1' }],
    ['url', { url: 'http://127.0.0.1/?a=b' }],
    ['credential', { credential: '' }],
    ['credential', { credential: 'two words' }],
    ['credential', { credential: 'a\r\nb' }],
    ['application', { application: '' }],
    ['cache.ttlMs', { cache: { ttlMs: -1 } }],
    ['cache.ttlMs', { cache: { ttlMs: NaN } }],
    ['cache.ttlMs', { cache: { ttlMs: 3_600_000 } }],
    ['cache.max', { cache: { max: 1.5 } }],
    ['timeoutMs', { timeoutMs: 0 }],
  ])('are checked at the start: %s %o', (name, options) => {
    expect(() => service(options)).toThrow(`the option "${name}" `);
  });

  it('show no credential in the message', () => {
    expect(() => service({ credential: 'secret word' })).toThrow(/^(?!.*secret)/);
  });
});
