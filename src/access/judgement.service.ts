import { Injectable } from '@nestjs/common';
import {
  acceptedToken,
  admit,
  atKnownAddress,
  decodedLogin,
  judge,
  mayChange,
  NO_ROUTE,
  ofOauthClient,
  refusePass,
  type AccessPorts,
  type Admitted,
  type ApplicationRules,
  type BodyPort,
  type ClientLogin,
  type Credential,
  type Decision,
  type Door,
  type Eventually,
  type LoginResult,
  type Mounts,
  type RouteRules,
  type TokenFacts,
} from '@scopegate/access';
import { nearEnd } from '@scopegate/token';
import { ApplicationsService } from '../applications/applications.service.js';
import { AuditShipper } from '../audit/audit-shipper.js';
import type { Exchange } from '../common/access/exchange.js';
import { readBeginning, readBody } from '../common/http/body.reader.js';
import { ProblemException } from '../common/http/problem.exception.js';
import { Clock } from '../common/time/clock.js';
import { LANES } from '../database/lane-rules.js';
import { NodeRegistry } from '../database/node.registry.js';
import { TimeLimit } from '../database/time-limit.js';
import { DirectoryService } from '../directory/directory.service.js';
import type { DirectoryUser } from '../directory/directory-user.js';
import { UpstreamIdentity } from '../identity/upstream-identity.js';
import { BrowserSessionsService } from '../sessions/browser-sessions.service.js';
import { SessionsService } from '../tokens/sessions.service.js';
import { TokenCache } from '../tokens/token.cache.js';
import { AccessPolicySnapshot } from './access-policy.js';
import { FailureThrottle } from './failure.throttle.js';

/** For every door: judges, counts failed credentials and stores the outcome in the exchange. */
@Injectable()
export class JudgementService {
  constructor(
    private readonly policy: AccessPolicySnapshot,
    private readonly throttle: FailureThrottle,
    private readonly nodes: NodeRegistry,
    private readonly shipper: AuditShipper,
    private readonly tokens: TokenCache,
    private readonly sessions: SessionsService,
    private readonly browserSessions: BrowserSessionsService,
    private readonly directory: DirectoryService,
    private readonly applications: ApplicationsService,
    private readonly identity: UpstreamIdentity,
    private readonly clock: Clock,
  ) {}

  /**
   * @returns whether the request may go on; else the exchange has the denial
   * @throws ProblemException (or rejects) if the request cannot be judged
   */
  judge(exchange: Exchange, route: RouteRules): Eventually<boolean> {
    this.requireRules();
    const { application, vendorMount } = exchange;
    const request = route.introspects ? ofOauthClient(exchange.facts) : exchange.facts;
    const policy = this.policy.current();
    const facts = { request, application, policy, vendorMount: vendorMount?.key ?? null, route };
    // At a door, and below a mount, a browser session is no credential (R99).
    const isManagement = exchange.door === null && vendorMount === null;
    const decision = judge(
      isManagement ? { ...facts, browser: this.browserSessions.rules } : facts,
      this.#portsFor(exchange, route.introspects),
    );
    exchange.asksForSession = route.session === 'needed' && !mayChange(request);
    const settle = (decided: Decision): Eventually<boolean> => {
      this.#noteBrowserUse(decided, exchange.asksForSession);
      return this.#settle(exchange, decided);
    };
    return decision instanceof Promise ? decision.then(settle) : settle(decision);
  }

  /** A page may ask how long its session lasts without making it last longer. */
  #noteBrowserUse(decision: Decision, isQuestion: boolean): void {
    if (decision.kind !== 'allow') return;
    const { credential } = decision.authenticated.admitted;
    if (credential.kind === 'session' && !isQuestion) this.browserSessions.noteUse(credential.secret);
  }

  /**
   * Of a request that opens a session (R99), before its body is read.
   * @returns false if another site made it, or its form is wrong; the exchange then has the denial
   */
  admitsLogin(exchange: Exchange): boolean {
    this.requireRules();
    const request = { ...exchange.facts, login: { username: '', secret: '' } };
    const admitted = admit(request, null, null, this.policy.current(), this.browserSessions.rules);
    if (admitted.kind === 'admitted') return true;
    exchange.denial = admitted;
    return false;
  }

  /**
   * A login in the body of a request (R99). Wrong passwords count, and the event is one of a login, as with Basic.
   * @returns the user; null if the exchange has the denial
   * @throws ProblemException if the login cannot be judged
   */
  async judgeLogin(exchange: Exchange, login: ClientLogin): Promise<DirectoryUser | null> {
    this.requireRules();
    exchange.forgetJudgement();
    let verified: DirectoryUser | null = null;
    const decision = await judge(
      {
        request: { ...exchange.facts, login },
        application: null,
        policy: this.policy.current(),
        vendorMount: null,
        route: { ...NO_ROUTE, session: 'opens' },
        browser: this.browserSessions.rules,
      },
      {
        ...this.#portsFor(exchange),
        logIn: (admitted) =>
          this.throttle.attemptLogin(admitted, async (origin) => {
            verified = await this.directory.checkPassword(login.username, login.secret, origin);
            return verified?.facts ?? null;
          }),
      },
    );
    return (await this.#settle(exchange, decision)) ? verified : null;
  }

  /**
   * A request that another one asks about (R90), with the application's rules behind a guard. Its client address is
   * known, and its body is not.
   * @returns whether it may pass; else the exchange has the denial
   */
  judgeAsked(asked: Exchange, route: RouteRules, mounts: Mounts = this.applications): Eventually<boolean> {
    this.requireRules();
    const { facts: request, application } = asked;
    const facts = { request, application, policy: atKnownAddress(this.policy.current()), vendorMount: null, route };
    const decision = judge(facts, { ...this.#portsFor(asked), mounts });
    return decision instanceof Promise
      ? decision.then((decided) => this.#settle(asked, refusePass(decided)))
      : this.#settle(asked, refusePass(decision));
  }

  /** @throws ProblemException if the audit has no room, or the rules may be old */
  requireRules(): void {
    this.shipper.refuseWithoutRoom();
    if (this.nodes.isStale) {
      throw new ProblemException(
        'policy_unavailable',
        'The database cannot be reached, and another node may have changed the rules. Try again later.',
      );
    }
  }

  /**
   * A forwarded request that is under way, by what is valid now (R116). Nothing is counted or stored in the exchange.
   * @param application its rules as they are now
   */
  judgeOpen(exchange: Exchange, application: ApplicationRules): Eventually<Decision> {
    const { facts: request } = exchange;
    const facts = { request, application, policy: this.policy.current(), vendorMount: null, route: NO_ROUTE };
    return judge(facts, { ...this.#portsFor(exchange), body: readPartOf(exchange), onPassed: () => undefined });
  }

  /** @param isOauthClient its password may be encoded */
  #portsFor(exchange: Exchange, isOauthClient = false): AccessPorts {
    return {
      nowMs: () => this.clock.nowMs(),
      findToken: (id, secret, head) => inTime(this.tokens.lookUp(id, secret, head)),
      findSession: (id, secret) => inTime(this.sessions.lookUp(id, secret)),
      findBrowserSession: (secret) => inTime(this.browserSessions.lookUp(secret)),
      findDeposit: (application, userId) => inTime(this.identity.depositState(application, userId)),
      logIn: (admitted) => this.#logIn(admitted, isOauthClient),
      mounts: this.applications,
      body: bodyOf(exchange),
      onPassed: (stage) => {
        if (stage.kind === 'admitted') exchange.admitted = stage;
        else exchange.authenticated = stage;
      },
    };
  }

  /** Only while address and user name have failures left (R51). */
  #logIn(admitted: Admitted, isOauthClient: boolean): Promise<LoginResult> {
    const { credential } = admitted;
    const login = credential.kind === 'password' ? loginOf(credential) : null;
    const decoded = login !== null && isOauthClient ? decodedLogin(login) : null;
    // Counted by the name that is meant, so that its spellings give no further attempts.
    const counted: Admitted =
      decoded === null ? admitted : { ...admitted, credential: { kind: 'password', ...decoded } };
    return this.throttle.attemptLogin(counted, async (origin) => {
      if (login === null) return null;
      const user = await this.directory.verifyPassword(login.username, login.secret, origin);
      if (user !== null || decoded === null) return user;
      return this.directory.verifyPassword(decoded.username, decoded.secret, origin);
    });
  }

  #settle(exchange: Exchange, decision: Decision): Eventually<boolean> {
    exchange.tokenEndMs = this.#nearEndOf(acceptedToken(decision));
    if (decision.kind !== 'deny') {
      exchange.decision = decision;
      return true;
    }
    // A wrong password has been counted already, while the next login waited.
    const isAsked = exchange.asker !== null;
    const counted = decision.code === 'password_wrong' ? decision : this.throttle.count(decision, isAsked);
    if (counted instanceof Promise) {
      return counted.then((denial) => {
        exchange.denial = denial;
        return false;
      });
    }
    exchange.denial = counted;
    return false;
  }

  /** R123. */
  #nearEndOf(token: TokenFacts | null): number | null {
    return token === null ? null : nearEnd(token, this.policy.current().validity, this.clock.nowMs());
  }
}

function loginOf({ username, secret }: Extract<Credential, { kind: 'password' }>): ClientLogin | null {
  return username === null || secret === null ? null : { username, secret };
}

/** The limit is for all reads together: session, token and owner. */
function inTime<Value>(value: Eventually<Value>): Eventually<Value> {
  return value instanceof Promise ? new TimeLimit(LANES.judging.timeoutMs).answer(value) : value;
}

/** Whoever asks at these doors keeps the body. */
const KEEPS_BODY: Readonly<Record<Door, boolean>> = {
  proxy: false,
  request: true,
  headers: true,
  introspection: true,
  guard: true,
};

function bodyOf(exchange: Exchange): BodyPort | 'kept' {
  if (KEEPS_BODY[exchange.door ?? 'proxy']) return 'kept';
  return {
    readWhole: (limit) => readBody(exchange, limit),
    readBeginning: async (limit, isLimited) => {
      if (isLimited && exchange.facts.head.contentLength > limit) throw tooLarge(limit);
      const { bytes, isWhole } = await readBeginning(exchange, limit);
      if (isLimited && !isWhole) throw tooLarge(limit);
      return bytes;
    },
  };
}

/** What the first judgement read of the body. The rest has gone upstream. */
function readPartOf(exchange: Exchange): BodyPort {
  const bytes = Promise.resolve(exchange.readBody ?? exchange.bodyBeginning ?? Buffer.alloc(0));
  return { readWhole: () => bytes, readBeginning: () => bytes };
}

function tooLarge(limit: number): ProblemException {
  return new ProblemException(
    'too_large',
    `While passwords are switched off, a form may have at most ${limit} bytes here, because the gateway searches it ` +
      'for a password.',
  );
}
