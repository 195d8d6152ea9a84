import { UnitOfWork } from '../../src/database/unit-of-work.js';
import { BrowserSessionEntity } from '../../src/sessions/browser-session.entity.js';
import { createApiClient, type ApiClient } from './api.client.js';
import type { ScopegateFixture, TestUser } from './scopegate.fixture.js';

/** What a browser adds to a request of a page of this server. */
export const OWN_PAGE = { 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Dest': 'empty' };

export interface BrowserSession {
  /** `scopegate=…`, as the browser sends it. */
  readonly cookie: string;
  /** The value alone. */
  readonly value: string;
  /** Calls with the cookie, from a page of this server. */
  readonly api: ApiClient;
}

/** Logs in as a page of the server does. @param origin of the management API */
export async function logIn(
  origin: string,
  { username, password }: TestUser,
  lines: Readonly<Record<string, string>> = {},
): Promise<BrowserSession> {
  const page = createApiClient(origin, null, { ...OWN_PAGE, ...lines });
  const answer = await page.post('/session', { username, password });
  const cookie = answer.headers.getSetCookie()[0]?.split(';', 1)[0];
  if (answer.status !== 201 || cookie === undefined) {
    throw new Error(`The login was answered with ${answer.status}: ${JSON.stringify(answer.body)}`);
  }
  return sessionOf(origin, cookie, lines);
}

/** The same browser with this cookie. */
export function sessionOf(
  origin: string,
  cookie: string,
  lines: Readonly<Record<string, string>> = {},
): BrowserSession {
  return {
    cookie,
    value: cookie.slice(cookie.indexOf('=') + 1),
    api: createApiClient(origin, null, { ...OWN_PAGE, ...lines, Cookie: cookie }),
  };
}

/** Every session is as if its user had proven who they are so long ago: changes then need another proof (R99). */
export async function ageProofs({ provider }: Pick<ScopegateFixture, 'provider'>, minutes: number): Promise<void> {
  await provider(UnitOfWork).run(async (unit) => {
    for (const { id, userId } of await unit.manager.find(BrowserSessionEntity)) {
      await unit.manager.update(BrowserSessionEntity, { id }, { authenticatedAtMs: Date.now() - minutes * 60_000 });
      unit.changed('browser-session', userId);
    }
  });
}
