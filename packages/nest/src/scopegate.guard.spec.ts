import { Controller, type ExecutionContext, type HttpException, type Type } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { describe, expect, it } from 'vitest';
import { callerOf, Public, RequireScope } from './access.decorators.js';
import type { DecisionService } from './decision.service.js';
import { NO_DECISION, type Decision, type Question, type Scope } from './decision.js';
import { rememberHandshake } from './handshake.js';
import { ScopegateGuard } from './scopegate.guard.js';

@Controller()
class Routes {
  plain(): void {}

  @RequireScope('read-only')
  search(): void {}

  @Public()
  open(): void {}
}

@Controller()
@Public()
class OpenRoutes {
  open(): void {}

  @RequireScope('read-write')
  closed(): void {}
}

@Controller()
@RequireScope('read-write')
class WriteRoutes {
  plain(): void {}

  @Public()
  open(): void {}
}

const CALLER = {
  username: 'alice',
  displayName: null,
  email: null,
  groups: [],
  tokenId: 't',
  scope: 'read-only',
  expiresAt: null,
} as const;

const ALLOW: Decision = { decision: 'allow', caller: CALLER };

const REQUEST = { method: 'GET', url: '/a', rawHeaders: ['Host', 'x'], ip: '192.0.2.1' };

/** The request of a WebSocket: Node's own, without the address that a framework finds. */
const HANDSHAKE = { ...REQUEST, ip: undefined, socket: { remoteAddress: '192.0.2.9' } };

/** A guard that gets this decision, and the questions that it asked. */
function guardWith(decision: Decision): { readonly guard: ScopegateGuard; readonly asked: Question[] } {
  const asked: Question[] = [];
  const decisions = {
    decide: (question: Question) => {
      asked.push(question);
      return Promise.resolve(decision);
    },
  } as DecisionService;
  return { guard: new ScopegateGuard(decisions), asked };
}

function contextOf(
  routes: Type,
  handler: string,
  kind = 'http',
  args: unknown[] = [{ ...REQUEST }, { header: () => undefined }],
): ExecutionContext {
  const method = (routes.prototype as Record<string, () => void>)[handler];
  const context = new ExecutionContextHost(args, routes, method);
  context.setType(kind);
  return context;
}

describe('the decorators', () => {
  it.each<[Type, string, 'public' | Scope | undefined]>([
    [Routes, 'plain', undefined],
    [Routes, 'search', 'read-only'],
    [Routes, 'open', 'public'],
    [OpenRoutes, 'open', 'public'],
    // The method counts more than its class, so that a class that is open cannot open it.
    [OpenRoutes, 'closed', 'read-write'],
    [WriteRoutes, 'plain', 'read-write'],
    [WriteRoutes, 'open', 'public'],
  ])('of %o, %s: %s', async (routes, handler, access) => {
    const { guard, asked } = guardWith(ALLOW);
    const context = contextOf(routes, handler);
    expect(await guard.canActivate(context)).toBe(true);
    if (access === 'public') expect(asked).toEqual([]);
    else expect(asked.map(({ scope }) => scope)).toEqual([access]);
    expect(callerOf(context)).toBe(access === 'public' ? null : CALLER);
  });

  it('contradict each other on one place', () => {
    expect(() => {
      class Both {
        @Public()
        @RequireScope('read-write')
        route(): void {}
      }
      return Both;
    }).toThrow('more than one');
  });

  it('refuse a scope that is unknown', () => {
    expect(() => RequireScope('write' as Scope)).toThrow('read-only');
  });

  it('give no caller where no guard has judged', () => {
    expect(() => callerOf(contextOf(Routes, 'plain'))).toThrow('@Caller() needs the ScopegateGuard');
  });
});

describe('a refusal', () => {
  it('is the problem of Scopegate, with its challenge', async () => {
    const problem = { status: 401, code: 'credential_invalid', detail: 'No.' };
    const { guard } = guardWith({
      decision: 'deny',
      problem,
      challenge: ['Basic realm="x"', 'Bearer realm="x"'],
      retryAfterSeconds: 7,
    });
    const lines: unknown[] = [];
    const response = { header: (...line: unknown[]) => lines.push(line) };
    const context = contextOf(Routes, 'plain', 'http', [{ ...REQUEST }, response]);
    await expect(guard.canActivate(context)).rejects.toMatchObject({ status: 401, response: problem });
    expect(lines).toEqual([
      ['WWW-Authenticate', ['Basic realm="x"', 'Bearer realm="x"']],
      ['Retry-After', '7'],
    ]);
    expect(() => callerOf(context)).toThrow('@Caller()');
  });

  it('is 503 where there is no decision', async () => {
    const { guard } = guardWith(NO_DECISION);
    await expect(guard.canActivate(contextOf(Routes, 'plain'))).rejects.toMatchObject({
      status: 503,
      response: { code: 'decision_unavailable' },
    });
  });
});

describe('a refusal that is kept', () => {
  it('is not changed by a filter of the application', async () => {
    const kept = { status: 401, code: 'credential_invalid' };
    const challenge = ['Basic realm="x"'];
    const { guard } = guardWith({ decision: 'deny', problem: kept, challenge, retryAfterSeconds: null });
    const response = { header: (_name: string, value: string[]) => value.push('changed') };
    const refused = guard.canActivate(contextOf(Routes, 'plain', 'http', [{ ...REQUEST }, response]));
    const error = await refused.catch((thrown: unknown) => thrown as HttpException);
    Object.assign((error as HttpException).getResponse(), { code: 'changed' });
    expect({ kept, challenge }).toEqual({
      kept: { status: 401, code: 'credential_invalid' },
      challenge: ['Basic realm="x"'],
    });
  });
});

describe('a context', () => {
  it.each(['rpc', 'bull'])('of the kind "%s" is not judged, and not let through', async (kind) => {
    const { guard, asked } = guardWith(ALLOW);
    await expect(guard.canActivate(contextOf(Routes, 'open', kind))).rejects.toThrow('cannot judge');
    expect(asked).toEqual([]);
  });

  it('without a request is an error', async () => {
    const { guard } = guardWith(ALLOW);
    await expect(guard.canActivate(contextOf(Routes, 'plain', 'http', [undefined]))).rejects.toThrow('no request');
    await expect(guard.canActivate(contextOf(Routes, 'plain', 'http', [{}]))).rejects.toThrow('not a request');
    await expect(guard.canActivate(contextOf(Routes, 'plain', 'graphql', [null, {}, {}]))).rejects.toThrow('"req"');
    await expect(guard.canActivate(contextOf(Routes, 'plain', 'ws', [{}]))).rejects.toThrow('handshake');
  });

  it.each([
    ['query', undefined],
    ['mutation', 'read-write'],
    ['subscription', 'read-write'],
    [undefined, 'read-write'],
  ])('of GraphQL with a %s asks for %s, whatever its method', async (operation, scope) => {
    const { guard, asked } = guardWith(ALLOW);
    const args = [null, {}, { req: REQUEST }, { operation: { operation } }];
    await guard.canActivate(contextOf(Routes, 'plain', 'graphql', args));
    expect(asked).toEqual([
      {
        method: 'GET',
        target: '/a',
        headers: [['Host', 'x']],
        clientIp: '192.0.2.1',
        ...(scope === undefined ? {} : { scope }),
      },
    ]);
  });

  it('of a WebSocket is judged by its handshake, and a message asks for read-write', async () => {
    const { guard, asked } = guardWith(ALLOW);
    const client = {};
    rememberHandshake(client, REQUEST as never);
    await guard.canActivate(contextOf(Routes, 'plain', 'ws', [client]));
    await guard.canActivate(contextOf(Routes, 'search', 'ws', [{ request: REQUEST }]));
    expect(asked.map(({ target, scope }) => [target, scope])).toEqual([
      ['/a', 'read-write'],
      ['/a', 'read-only'],
    ]);
  });

  it("of a WebSocket is not judged at the proxy's address, but at the one that the application gives", async () => {
    const { guard, asked } = guardWith(ALLOW);
    const clientOfSocketIo = { request: HANDSHAKE };
    await guard.canActivate(contextOf(Routes, 'plain', 'ws', [clientOfSocketIo]));
    rememberHandshake(clientOfSocketIo, HANDSHAKE as never, { ip: '198.51.100.7' });
    await guard.canActivate(contextOf(Routes, 'plain', 'ws', [clientOfSocketIo]));
    const client = {};
    rememberHandshake(client, HANDSHAKE as never);
    await guard.canActivate(contextOf(Routes, 'plain', 'ws', [client]));
    rememberHandshake(client, HANDSHAKE as never, { ip: '198.51.100.8' });
    await guard.canActivate(contextOf(Routes, 'plain', 'ws', [client]));
    expect(asked.map(({ clientIp, target }) => [clientIp, target])).toEqual([
      [null, '/a'],
      ['198.51.100.7', '/a'],
      [null, '/a'],
      ['198.51.100.8', '/a'],
    ]);
  });

  it("of a subscription of GraphQL is not judged at the proxy's address either", async () => {
    const { guard, asked } = guardWith(ALLOW);
    await guard.canActivate(contextOf(Routes, 'plain', 'graphql', [null, {}, { req: HANDSHAKE }]));
    expect(asked[0]?.clientIp).toBeNull();
  });
});

describe('the caller of a message', () => {
  const client = (): object => ({ request: HANDSHAKE });

  it('is not there for a handler without a guard, on a client that another message was allowed for', async () => {
    const { guard } = guardWith(ALLOW);
    const args = [client()];
    await guard.canActivate(contextOf(Routes, 'plain', 'ws', args));
    expect(callerOf(contextOf(Routes, 'plain', 'ws', args))).toBe(CALLER);
    expect(() => callerOf(contextOf(Routes, 'search', 'ws', args))).toThrow('@Caller() needs the ScopegateGuard');
  });

  it('is gone after a message that was refused', async () => {
    const args = [client()];
    const context = contextOf(Routes, 'plain', 'ws', args);
    await guardWith(ALLOW).guard.canActivate(context);
    await expect(guardWith(NO_DECISION).guard.canActivate(context)).rejects.toThrow();
    expect(() => callerOf(context)).toThrow('@Caller() needs the ScopegateGuard');
  });
});

describe('the request of a context', () => {
  it('is the one that an application chooses', async () => {
    const { asked, guard: plain } = guardWith(ALLOW);
    class OwnGuard extends ScopegateGuard {
      protected override getRequest(): typeof REQUEST {
        return { ...REQUEST, url: '/chosen' };
      }
    }
    const guard = new OwnGuard((plain as unknown as { decisions: DecisionService }).decisions);
    await guard.canActivate(contextOf(Routes, 'plain'));
    expect(asked[0]?.target).toBe('/chosen');
  });
});
