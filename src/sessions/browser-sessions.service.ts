import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import {
  isSecureRequest,
  readBrowserSession,
  readOrigin,
  type Admitted,
  type BrowserRules,
  type Eventually,
  type FoundBrowserSession,
  type LoginMethod,
  type NotFound,
} from '@scopegate/access';
import { BROWSER_COOKIES, mintBrowserSession } from '@scopegate/token';
import { actorOf } from '../audit/actor.js';
import { AuditService } from '../audit/audit.service.js';
import type { Exchange } from '../common/access/exchange.js';
import { ProblemException } from '../common/http/problem.exception.js';
import { randomDigits } from '../common/http/random-digits.js';
import { Clock } from '../common/time/clock.js';
import { CONFIGURATION } from '../config/config.module.js';
import type { Configuration } from '../config/env.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { DirectoryService } from '../directory/directory.service.js';
import { Pepper } from '../tokens/pepper.js';
import { BrowserSessionCache, type BrowserSession } from './browser-session.cache.js';
import { BrowserSessionEntity } from './browser-session.entity.js';
import { endSessions, endSessionsOf, makeRoom } from './ended-sessions.js';

const ID_DIGITS = 12;

const NOT_FOUND: NotFound = { found: false };

export type SessionOfUser = Pick<BrowserSession, 'id' | 'userId'>;

/** Who has logged in, and how. */
export interface OpenedLogin {
  readonly method: LoginMethod;
  /** The session that the browser had when the login began: a page of another site leads back without the cookie. */
  readonly replaces?: SessionOfUser | null;
  /** The hash that the password was compared with; null if no password of ours was. */
  readonly passwordHash: string | null;
}

/** Sessions of the console (R99). A session is bound to its user, and ends with the user's password and activity. */
@Injectable()
export class BrowserSessionsService {
  /** Where the console is, as the configuration says. */
  readonly rules: BrowserRules;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly pepper: Pepper,
    private readonly known: BrowserSessionCache,
    private readonly directory: DirectoryService,
    private readonly audit: AuditService,
    private readonly clock: Clock,
    @Inject(CONFIGURATION) { publicUrl }: Configuration,
  ) {
    this.rules = { publicOrigin: publicUrl === null ? null : readOrigin(publicUrl) };
    directory.onLoginsEnding(endSessionsOf);
  }

  lookUp(secret: string): Eventually<FoundBrowserSession | NotFound> {
    const found = this.known.find(secret);
    if (found instanceof Promise) return found.then((session) => this.#withUser(session));
    return this.#withUser(found);
  }

  noteUse(secret: string): void {
    this.known.noteUse(secret);
  }

  /**
   * Opens a session for the caller of this request, and sends it in the cookie of the answer. The session that the
   * browser had before ends: nobody can make a user log in to a session that is already known (R99).
   * @param exchange its caller must be authenticated
   * @throws a 409 if the user has been deactivated, or got another password, since the login
   */
  async open(exchange: Exchange, { method, passwordHash, replaces = null }: OpenedLogin): Promise<BrowserSession> {
    const { principal, admitted } = callerOf(exchange);
    const secret = mintBrowserSession(randomBytes);
    const nowMs = this.clock.nowMs();
    const session: BrowserSession = {
      id: randomDigits(ID_DIGITS),
      userId: principal.id,
      method,
      createdAtMs: nowMs,
      lastSeenAtMs: nowMs,
      authenticatedAtMs: nowMs,
    };
    const before = [await this.presented(admitted), replaces].filter((one) => one !== null);
    await this.unitOfWork.run(async (unit) => {
      if (!(await this.directory.holdLogin(unit, principal.id, passwordHash))) throw changedMeanwhile();
      if (before.length > 0) await endSessions(unit, before);
      await makeRoom(unit, principal.id);
      await unit.manager.insert(BrowserSessionEntity, { ...session, ...this.pepper.digest(secret) });
      this.audit.recordChange(unit.manager, actorOf(exchange), {
        type: 'session.opened',
        detail: { subject: principal.username, method },
      });
    });
    this.#sendCookie(exchange, secret);
    return session;
  }

  /** Logs out the caller of this request. */
  async end(exchange: Exchange): Promise<void> {
    const { principal, admitted } = callerOf(exchange);
    const session = await this.presented(admitted);
    if (session !== null) {
      await this.unitOfWork.run(async (unit) => {
        await endSessions(unit, [session]);
        this.audit.recordChange(unit.manager, actorOf(exchange), {
          type: 'session.ended',
          detail: { subject: principal.username },
        });
      });
    }
    this.#sendCookie(exchange, null);
  }

  /** The password of the caller has been checked again. */
  async noteStepUp(session: Pick<BrowserSession, 'id'>, userId: string, passwordHash: string | null): Promise<void> {
    const authenticatedAtMs = this.clock.nowMs();
    await this.unitOfWork.run(async (unit) => {
      if (!(await this.directory.holdLogin(unit, userId, passwordHash))) throw changedMeanwhile();
      await unit.manager.update(BrowserSessionEntity, { id: session.id }, { authenticatedAtMs });
      unit.changed('browser-session', userId);
    });
  }

  /** The session in the cookie, whatever the request was judged by. */
  async presented(admitted: Admitted): Promise<BrowserSession | null> {
    const reading = readBrowserSession(admitted.request.head, this.#isSecure(admitted));
    if (reading?.ok !== true || reading.credential.kind !== 'session') return null;
    return this.known.find(reading.credential.secret);
  }

  #withUser(session: BrowserSession | null): Eventually<FoundBrowserSession | NotFound> {
    if (session === null) return NOT_FOUND;
    const user = this.directory.findById(session.userId);
    if (user instanceof Promise) return user.then((found) => ({ found: true, session, user: found }));
    return { found: true, session, user };
  }

  #isSecure({ request, address, policy }: Admitted): boolean {
    return isSecureRequest(request, address, policy.reverseProxy, this.rules);
  }

  /** @param secret null: the browser forgets the cookie */
  #sendCookie(exchange: Exchange, secret: string | null): void {
    const isSecure = this.#isSecure(callerOf(exchange).admitted);
    const name = isSecure ? BROWSER_COOKIES.https : BROWSER_COOKIES.http;
    // Without an age: the cookie ends with the browser, the session on the server.
    const end = secret === null ? '; Max-Age=0' : '';
    const secure = isSecure ? '; Secure' : '';
    const cookie = `${name}=${secret ?? ''}; Path=/; HttpOnly${secure}; SameSite=Strict${end}`;
    exchange.response.appendHeader('Set-Cookie', cookie);
  }
}

function callerOf({ authenticated }: Exchange): NonNullable<Exchange['authenticated']> {
  if (authenticated === null) throw new Error('A session belongs to a caller who has been authenticated.');
  return authenticated;
}

function changedMeanwhile(): ProblemException {
  return new ProblemException('conflict', 'The user has been changed by another request. Log in again.');
}
