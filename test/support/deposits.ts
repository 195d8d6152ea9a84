import { expect } from 'vitest';
import type { ApiAnswer } from './api.client.js';
import type { ScopegateFixture, TestUser } from './scopegate.fixture.js';

/** A user's own credential for an upstream, as the management API shows it. */
export type Deposit = {
  readonly application: string;
  readonly username: string;
  readonly type: string;
  readonly upstreamAccount: string | null;
  readonly hint: string;
  readonly state: 'working' | 'rejected' | 'unchecked';
  readonly depositedAt: string;
  readonly checkedAt: string | null;
  readonly lastUsedAt: string | null;
};

export type NewDeposit = {
  /** Default `bearer`. */
  readonly type?: string;
  readonly username?: string;
  readonly secret: string;
};

/** Tries to store a credential of a user for an application. */
export function tryDeposit(
  gateway: ScopegateFixture,
  user: TestUser,
  application: string,
  credential: NewDeposit,
): Promise<ApiAnswer<Deposit>> {
  return gateway.as({ user: user.username, password: user.password }).put<Deposit>(`/me/credentials/${application}`, {
    type: 'bearer',
    ...credential,
  });
}

/** Stores a credential of a user for an application. */
export async function deposit(
  gateway: ScopegateFixture,
  user: TestUser,
  application: string,
  secret: string,
): Promise<Deposit> {
  const answer = await tryDeposit(gateway, user, application, { secret });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
}

/** What a user has stored for an application. */
export async function depositOf(
  gateway: ScopegateFixture,
  user: TestUser,
  application: string,
): Promise<Deposit | undefined> {
  const answer = await gateway
    .as({ user: user.username, password: user.password })
    .get<{ readonly items: readonly Deposit[] }>('/me/credentials');
  expect(answer.status).toBe(200);
  return answer.body.items.find((stored) => stored.application === application);
}
