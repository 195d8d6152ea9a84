import { Injectable } from '@nestjs/common';
import {
  atKnownAddress,
  credentialKind,
  presentedName,
  UNNAMED_APPLICATION,
  type CredentialKind,
  type RequestHead,
  type TokenFacts,
} from '@scopegate/access';
import { redactPath, redactText, redactTokens } from '@scopegate/audit';
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
import { askedStatusOf, recordedResultOf, type RecordedResult } from './recorded-result.js';

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
    const { asked } = exchange;
    if (exchange.isSettled) {
      answer.drop();
    } else if (asked === null) {
      this.#record(exchange, status, answer);
    } else {
      exchange.isSettled = true;
      // Of a call that failed, whatever had been decided.
      asked.problem ??= exchange.problem;
      this.#noteUse(exchange, this.clock.nowMs());
      this.#record(asked, askedStatusOf(asked), answer);
    }
  }

  /** The client went away before there was a status. */
  settleUnanswered(exchange: Exchange): void {
    if (!exchange.isSettled) this.#record(exchange, null, null);
  }

  #record(exchange: Exchange, status: number | null, answer: PendingResponse | null): void {
    exchange.isSettled = true;
    const result = recordedResultOf(exchange, status ?? 0);
    const nowTick = performance.now();
    const { code, outcome } = result;
    this.metrics.count(exchange, { code, outcome }, status, nowTick);
    const upstreamRefused = this.#noteUpstream(exchange, status);
    if (result.code === 'audit_unavailable') {
      this.audit.noteTurnedAway();
      answer?.release();
      return;
    }
    const nowMs = this.clock.nowMs();
    const asker = this.#askerOf(exchange);
    if (result.outcome === 'allowed') this.#noteUse(exchange, nowMs);
    if (!this.#isRecorded(exchange, result, asker)) {
      answer?.release();
      return;
    }
    // The time of day can be set; this clock cannot.
    const durationMs = Math.round(nowTick - exchange.startedAtTick);
    const event = this.#eventOf(exchange, result, asker, { atMs: nowMs, upstreamRefused, status, durationMs });
    this.audit.recordRequest(event, answer);
  }

  #noteUse({ authenticated }: Exchange, nowMs: number): void {
    if (authenticated === null || authenticated.token === null) return;
    const { credential, address } = authenticated.admitted;
    this.uses.record(authenticated.token.id, nowMs, address.client);
    if (credential.kind === 'token' && credential.via === 'cookie' && credential.sessionId !== null) {
      this.sessions.noteUse(credential.sessionId);
    }
  }

  /** The second event of an upgraded connection (R55). @param end goes into the detail */
  recordConnectionEnd(exchange: Exchange, end: { readonly durationMs: number }): void {
    const asker = this.#askerOf(exchange);
    const result = recordedResultOf(exchange, SWITCHED);
    if (!this.#isRecorded(exchange, result, asker)) return;
    const event = this.#eventOf(
      exchange,
      { ...result, type: 'connection.ended' },
      { ...asker, detail: { ...asker.detail, ...end } },
      { atMs: this.clock.nowMs(), upstreamRefused: false, status: SWITCHED, durationMs: end.durationMs },
    );
    this.audit.recordRequest(event, null);
  }

  #eventOf(exchange: Exchange, result: RecordedResult, asker: Asker, measured: Measured): RequestEvent {
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
      application: keyOf(exchange),
      status: measured.status,
      durationMs: measured.durationMs,
      userAgent: auditedAgent(exchange.facts.head),
      requestId: exchange.requestId,
      detail: withTrace(withCircumstances(asker.detail, exchange), exchange.callerTraceId),
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

  #isRecorded(exchange: Exchange, result: RecordedResult, asker: Asker): boolean {
    const { audit } = this.settings.current();
    switch (result.outcome) {
      case 'denied':
        return audit.denials;
      case 'failed':
        return audit.failures && (audit.anonymous || !exchange.asksForSession || !isAnonymous(exchange, asker));
      case 'passed':
      case 'allowed': {
        return audit.successes && (!isAnonymous(exchange, asker) || (exchange.application !== null && audit.anonymous));
      }
    }
  }

  #askerOf(exchange: Exchange): Asker {
    const { denial, authenticated, admitted, login } = exchange;
    if (login !== null) {
      return {
        credential: 'none',
        actor: login.username,
        token: null,
        address: this.#addressOf(exchange),
        path: null,
        detail: { login: 'oidc', ...(login.failure === null ? {} : { reason: login.failure.reason }) },
      };
    }
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
    const policy = this.policy.current();
    const { reverseProxy } = exchange.asker === null ? policy : atKnownAddress(policy);
    return resolveClientAddress(peer, head.lines, reverseProxy);
  }
}

/** R55: another Authorization scheme is a credential, although the audit has no kind for it (R120). */
function isAnonymous({ admitted, login }: Exchange, { credential, token }: Asker): boolean {
  if (login !== null || admitted?.credential.kind === 'other' || admitted?.credential.kind === 'session') return false;
  return credential === 'none' || (credential === 'cookie' && token === null);
}

function auditedAgent({ userAgent }: RequestHead): string | null {
  return userAgent === null ? null : redactText(userAgent, MAX_USER_AGENT_LENGTH);
}

/** The canonical path, or the path as sent. */
function auditedPath(exchange: Exchange, path: PathJudgement | null): string {
  return redactPath(path?.strict.ok === true ? path.strict.canonical : exchange.facts.rawPath);
}

/** Null at the management API, and for a guard that names no application. */
function keyOf({ application }: Exchange): string | null {
  return application === null || application.key === UNNAMED_APPLICATION ? null : application.key;
}

/** Why the upstream gave no answer, or who asked about the request (R90). */
function withCircumstances(
  detail: Record<string, unknown> | null,
  { upstreamFailure, asker }: Exchange,
): Record<string, unknown> | null {
  if (upstreamFailure !== null) return { ...detail, failure: upstreamFailure };
  const caller = asker?.authenticated ?? null;
  if (caller === null) return detail;
  const { principal, token, admitted } = caller;
  const askedWith = token === null ? {} : { askedWith: token.id };
  return { ...detail, askedBy: redactText(principal.username, 255), ...askedWith, askedFrom: admitted.address.client };
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
