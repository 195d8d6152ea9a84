import { Injectable } from '@nestjs/common';
import {
  credentialKind,
  presentedName,
  REASONS,
  type CredentialKind,
  type RequestHead,
  type TokenFacts,
} from '@scopegate/access';
import { redactPath, redactText, redactTokens, type AuditEventType, type AuditOutcome } from '@scopegate/audit';
import { resolveClientAddress, type ClientAddress } from '@scopegate/network';
import type { PathJudgement } from '@scopegate/path';
import { IdentityBeliefs } from '../applications/identity-beliefs.js';
import { AuditService, type RequestEvent } from '../audit/audit.service.js';
import type { PendingResponse } from '../audit/pending-response.js';
import type { Exchange } from '../common/access/exchange.js';
import { Clock } from '../common/time/clock.js';
import { SettingsService } from '../settings/settings.service.js';
import { SessionsService } from '../tokens/sessions.service.js';
import { TokenUseRecorder } from '../tokens/token-use.recorder.js';
import { AccessPolicySnapshot } from './access-policy.js';
import { DecisionMetrics } from './decision.metrics.js';

const MAX_PATH_LENGTH = 2048;
const MAX_USER_AGENT_LENGTH = 512;

/** The status of an upgraded connection (RFC 9110 15.2.2). */
const SWITCHED = 101;

interface Asker {
  readonly credential: CredentialKind;
  readonly actor: string | null;
  readonly token: TokenFacts | null;
  readonly address: ClientAddress;
  readonly path: PathJudgement | null;
  readonly detail: Record<string, unknown> | null;
}

interface Result {
  readonly type: AuditEventType;
  readonly outcome: Exclude<AuditOutcome, 'changed'>;
  readonly code: string | null;
}

type Measured = Pick<RequestEvent, 'atMs' | 'upstreamRefused' | 'status' | 'durationMs'>;

/** Exactly one event a request, and one for the end of an upgraded connection (R55, R57). */
@Injectable()
export class DecisionRecorder {
  constructor(
    private readonly audit: AuditService,
    private readonly settings: SettingsService,
    private readonly policy: AccessPolicySnapshot,
    private readonly uses: TokenUseRecorder,
    private readonly sessions: SessionsService,
    private readonly clock: Clock,
    private readonly metrics: DecisionMetrics,
    private readonly beliefs: IdentityBeliefs,
  ) {}

  /**
   * Records the event, then sends the answer (R62).
   * @param answer dropped if the request has been recorded already
   */
  settle(exchange: Exchange, status: number, answer: PendingResponse): void {
    if (exchange.isSettled) answer.drop();
    else this.#record(exchange, status, answer);
  }

  /** The client went away before there was a status. */
  settleUnanswered(exchange: Exchange): void {
    if (!exchange.isSettled) this.#record(exchange, null, null);
  }

  #record(exchange: Exchange, status: number | null, answer: PendingResponse | null): void {
    exchange.isSettled = true;
    const result = resultOf(exchange, status ?? 0);
    const nowTick = performance.now();
    const { code, outcome } = result;
    this.metrics.count(exchange, { code, outcome }, status, nowTick);
    const upstreamRefused = this.#noteUpstream(exchange, status);
    if (result.code === 'audit_unavailable') {
      this.audit.noteTurnedAway();
      answer?.release();
      return;
    }
    const used = result.outcome === 'allowed' ? (exchange.authenticated?.token ?? null) : null;
    const nowMs = this.clock.nowMs();
    const asker = this.#askerOf(exchange);
    if (used !== null) this.uses.record(used.id, nowMs, asker.address.client);
    const credential = exchange.admitted?.credential;
    if (used !== null && credential?.kind === 'token' && credential.via === 'cookie' && credential.sessionId !== null) {
      this.sessions.noteUse(credential.sessionId);
    }
    if (!this.#isRecorded(exchange, result, asker)) {
      answer?.release();
      return;
    }
    // The time of day can be set; this clock cannot.
    const durationMs = Math.round(nowTick - exchange.startedAtTick);
    const event = this.#eventOf(exchange, result, asker, { atMs: nowMs, upstreamRefused, status, durationMs });
    this.audit.recordRequest(event, answer);
  }

  /** The second event of an upgraded connection (R55). @param end goes into the detail */
  recordConnectionEnd(exchange: Exchange, end: { readonly durationMs: number }): void {
    const asker = this.#askerOf(exchange);
    const result = resultOf(exchange, SWITCHED);
    if (!this.#isRecorded(exchange, result, asker)) return;
    const event = this.#eventOf(
      exchange,
      { ...result, type: 'connection.ended' },
      { ...asker, detail: { ...asker.detail, ...end } },
      { atMs: this.clock.nowMs(), upstreamRefused: false, status: SWITCHED, durationMs: end.durationMs },
    );
    this.audit.recordRequest(event, null);
  }

  #eventOf(exchange: Exchange, result: Result, asker: Asker, measured: Measured): RequestEvent {
    return {
      id: '',
      atMs: measured.atMs,
      count: 1,
      type: result.type,
      outcome: result.outcome,
      upstreamRefused: measured.upstreamRefused,
      code: result.code,
      actor: asker.actor === null ? null : redactText(asker.actor, 255),
      owner: asker.token?.ownerName ?? null,
      tokenId: asker.token?.id ?? null,
      tokenDescription: asker.token === null ? null : redactTokens(asker.token.description),
      tokenScope: asker.token?.scope ?? null,
      credential: asker.credential,
      clientIp: asker.address.client,
      peer: asker.address.peer,
      method: exchange.facts.method,
      path: redactText(auditedPath(exchange, asker.path), MAX_PATH_LENGTH),
      application: exchange.application?.key ?? null,
      status: measured.status,
      durationMs: measured.durationMs,
      userAgent: auditedAgent(exchange.facts.head),
      requestId: exchange.requestId,
      detail: withTrace(
        exchange.upstreamFailure === null ? asker.detail : { ...asker.detail, failure: exchange.upstreamFailure },
        exchange.callerTraceId,
      ),
      door: exchange.door,
    };
  }

  /** For token requests only. @returns whether the upstream refused a request that we allowed */
  #noteUpstream(
    { application, authenticated, problem, denial, forwardedAtTick }: Exchange,
    status: number | null,
  ): boolean {
    // A refused credential is answered with a problem (R70).
    const isCredentialRefused = problem?.code === 'upstream_credential_rejected';
    const isTokenAnswer =
      (authenticated?.token ?? null) !== null &&
      forwardedAtTick !== null &&
      denial === null &&
      (problem === null || isCredentialRefused);
    if (!isTokenAnswer || application === null || status === null) return false;
    const isRefused = status === 401 || status === 403 || isCredentialRefused;
    if (isRefused) this.beliefs.noteRefused(application.key);
    else if (status < 500) this.beliefs.noteAccepted(application.key);
    return isRefused;
  }

  #isRecorded(exchange: Exchange, result: Result, asker: Asker): boolean {
    const { audit } = this.settings.current();
    switch (result.outcome) {
      case 'denied':
        return audit.denials;
      case 'failed':
        return audit.failures;
      case 'passed':
      case 'allowed': {
        return audit.successes && (!isAnonymous(exchange, asker) || (exchange.application !== null && audit.anonymous));
      }
    }
  }

  #askerOf(exchange: Exchange): Asker {
    const { denial, authenticated, admitted } = exchange;
    if (denial !== null) {
      return {
        credential: denial.credential,
        actor: denial.username ?? denial.token?.ownerName ?? authenticated?.principal.username ?? null,
        token: denial.token,
        address: denial.address ?? this.#addressOf(exchange),
        path: denial.path,
        detail: detailOf(exchange),
      };
    }
    if (admitted === null) {
      return {
        credential: 'none',
        actor: null,
        token: null,
        address: this.#addressOf(exchange),
        path: null,
        detail: null,
      };
    }
    return {
      credential: credentialKind(admitted.credential),
      actor: authenticated?.principal.username ?? presentedName(admitted.credential),
      token: authenticated?.token ?? null,
      address: admitted.address,
      path: admitted.path,
      detail: null,
    };
  }

  #addressOf(exchange: Exchange): ClientAddress {
    const { head, peer } = exchange.facts;
    return resolveClientAddress(peer, head.lines, this.policy.current().reverseProxy);
  }
}

/** R55: another Authorization scheme is a credential, although the audit has no kind for it (R120). */
function isAnonymous({ admitted }: Exchange, { credential, token }: Asker): boolean {
  if (admitted?.credential.kind === 'other') return false;
  return credential === 'none' || (credential === 'cookie' && token === null);
}

function auditedAgent({ userAgent }: RequestHead): string | null {
  return userAgent === null ? null : redactText(userAgent, MAX_USER_AGENT_LENGTH);
}

function resultOf(exchange: Exchange, status: number): Result {
  const { denial, problem, admitted } = exchange;
  const isLogin = exchange.application === null && (admitted?.credential.kind ?? denial?.credential) === 'password';
  if (denial !== null) {
    if (REASONS[denial.code].status === 403) {
      return { type: 'permission.denied', outcome: 'denied', code: denial.code };
    }
    // The token is not to blame (R70).
    if (denial.code === 'upstream_credential_rejected') {
      return { type: 'upstream.failed', outcome: 'failed', code: denial.code };
    }
    return { type: isLogin ? 'login.failed' : 'authentication.failed', outcome: 'failed', code: denial.code };
  }
  if (problem !== null && status === 403) return { type: 'permission.denied', outcome: 'denied', code: problem.code };
  if (problem !== null && status >= 500 && problem.code.startsWith('upstream_')) {
    return { type: 'upstream.failed', outcome: 'failed', code: problem.code };
  }
  if (problem !== null && (status >= 500 || exchange.application !== null)) {
    return { type: status >= 500 ? 'request.failed' : 'authentication.failed', outcome: 'failed', code: problem.code };
  }
  if (exchange.decision?.kind === 'pass') return { type: 'authentication.passed', outcome: 'passed', code: null };
  return { type: isLogin ? 'login.succeeded' : 'authentication.succeeded', outcome: 'allowed', code: null };
}

/** The canonical path, or the path as sent. */
function auditedPath(exchange: Exchange, path: PathJudgement | null): string {
  return redactPath(path?.strict.ok === true ? path.strict.canonical : exchange.facts.rawPath);
}

/** For an unknown token, the id in it, so that administrators can search for it. */
function detailOf(exchange: Exchange): Record<string, unknown> | null {
  const credential = exchange.admitted?.credential;
  if (exchange.denial?.code !== 'token_unknown' || credential?.kind !== 'token') return null;
  return credential.tokenId === null ? null : { presentedTokenId: credential.tokenId };
}

/** The caller's trace id leads to its other requests. A new one is known only to the upstream. */
function withTrace(detail: Record<string, unknown> | null, traceId: string | null): Record<string, unknown> | null {
  return traceId === null ? detail : { ...detail, traceId };
}
