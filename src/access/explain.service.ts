import { Injectable } from '@nestjs/common';
import {
  explainDecision,
  explainReason,
  explainRefusedTarget,
  isVendorCreation,
  judge,
  NO_ROUTE,
  REASONS,
  RequestHead,
  STAGES,
  vendorCallOf,
  type AccessFacts,
  type AccessPorts,
  type Admitted,
  type Authenticated,
  type Explanation,
  type LoginResult,
  type ReasonCode,
  type RequestFacts,
} from '@scopegate/access';
import { headerValues } from '@scopegate/kernel';
import { parseTarget } from '@scopegate/path';
import { isTokenId, placeholderToken } from '@scopegate/token';
import { ApplicationsService } from '../applications/applications.service.js';
import { AuditService } from '../audit/audit.service.js';
import { invalidField, ProblemException } from '../common/http/problem.exception.js';
import { Clock } from '../common/time/clock.js';
import { DirectoryService } from '../directory/directory.service.js';
import { trustedOrigin } from '../directory/login-origin.js';
import { UpstreamIdentity } from '../identity/upstream-identity.js';
import { SessionsService } from '../tokens/sessions.service.js';
import { TokenCache } from '../tokens/token.cache.js';
import { AccessPolicySnapshot } from './access-policy.js';
import type { ExplainRequestDto, ExplanationDto } from './dto/explain.dto.js';

interface ExplainedRequest {
  readonly application: string;
  readonly method: string;
  readonly path: string;
  readonly peer: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly tokenId: string | null;
}

/** R41: the same decision, but nothing is forwarded or counted. */
@Injectable()
export class ExplainService {
  constructor(
    private readonly applications: ApplicationsService,
    private readonly policy: AccessPolicySnapshot,
    private readonly tokens: TokenCache,
    private readonly sessions: SessionsService,
    private readonly directory: DirectoryService,
    private readonly identity: UpstreamIdentity,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  async explain(caller: Authenticated, body: ExplainRequestDto): Promise<ExplanationDto> {
    return body.requestId === undefined ? this.#explainRequest(caller, readRequest(body)) : this.#explainEvent(body);
  }

  async #explainRequest(caller: Authenticated, asked: ExplainedRequest): Promise<ExplanationDto> {
    const application = this.applications.byKey(asked.application);
    if (application === null) throw invalidField('application', 'is not the key of an application.');
    if (application.fault !== null) throw new ProblemException('policy_unavailable', application.fault);
    const lines = asked.headers.flat();
    if (headerValues(lines, 'host').length === 0) lines.push('Host', application.target.host);
    if (asked.tokenId !== null) lines.push('Authorization', `Bearer ${standIn(asked.tokenId)}`);
    const target = parseTarget(asked.path);
    const policy = this.policy.current();
    const { method, peer } = asked;
    const request: RequestFacts = {
      method,
      httpVersion: '1.1',
      rawPath: target.ok ? target.rawPath : '/',
      query: target.ok ? target.query : null,
      head: RequestHead.of(lines),
      peer,
    };
    if (!target.ok) return toDto(explainRefusedTarget(request, policy, target.detail));
    // Vendor calls are judged like the management API.
    const vendorCall = vendorCallOf(method, request.rawPath, application.rules);
    const facts: AccessFacts = {
      request,
      application: vendorCall === null ? application.rules : null,
      policy,
      vendorMount: vendorCall === null ? null : application.key,
      route: { ...NO_ROUTE, createsToken: vendorCall !== null && isVendorCreation(vendorCall, method) },
    };
    const decision = await judge(facts, this.#portsFor(caller, asked.tokenId));
    return toDto(explainDecision(decision, facts));
  }

  #portsFor(caller: Authenticated, tokenId: string | null): AccessPorts {
    return {
      nowMs: () => this.clock.nowMs(),
      findToken: (id, secret, head) =>
        tokenId === null ? this.tokens.lookUp(id, secret, head) : this.tokens.lookUpById(tokenId),
      findSession: (id, secret) => this.sessions.lookUp(id, secret),
      // Below a mount, no browser session counts.
      findBrowserSession: () => ({ found: false }),
      findDeposit: (application, userId) => this.identity.depositState(application, userId),
      logIn: (admitted) => this.#logIn(caller, admitted),
      mounts: this.applications,
      body: null,
      onPassed: () => undefined,
    };
  }

  /**
   * Counts neither as a login nor as a failure. The caller must have logged in with a password: with a stolen token, it
   * could try passwords here without limit.
   */
  async #logIn(caller: Authenticated, { credential }: Admitted): Promise<LoginResult> {
    if (credential.kind !== 'password' || credential.username === null || credential.secret === null) {
      return { matched: false };
    }
    if (caller.token !== null) {
      throw invalidField(
        'headers',
        'contain a password. Explain checks it only when you are logged in with a password yourself.',
      );
    }
    const origin = trustedOrigin(caller.admitted.address.client);
    const user = await this.directory.verifyPassword(credential.username, credential.secret, origin);
    return user === null ? { matched: false } : { matched: true, user };
  }

  async #explainEvent(body: ExplainRequestDto): Promise<ExplanationDto> {
    if (Object.values(body).filter((value) => value !== undefined).length > 1) {
      throw invalidField('requestId', 'explains an audited request: leave everything else out.');
    }
    const event = await this.audit.findByRequestId(body.requestId ?? '');
    if (event === null) {
      throw new ProblemException('not_found', 'The audit log has no event with this request id.');
    }
    const code = event.code !== null && event.code in REASONS ? (event.code as ReasonCode) : null;
    // Older events do not know the outcome `passed`: they were allowed, without a token.
    const isPassed = event.outcome === 'passed' || (event.application !== null && event.tokenId === null);
    return {
      // A refusal of the management API after the decision also counts as a denial.
      decision: code !== null || event.type === 'permission.denied' ? 'deny' : isPassed ? 'pass' : 'allow',
      code: event.code,
      stages:
        code === null
          ? STAGES.map((stage) => ({ stage, outcome: 'passed' as const, code: null, detail: null }))
          : explainReason(code).map((stage) => ({ ...stage })),
      clientIp: { peer: event.peer, header: null, derived: event.clientIp, entry: null },
    };
  }
}

function readRequest(body: ExplainRequestDto): ExplainedRequest {
  const headers = (body.headers ?? []).map((pair, index): readonly [string, string] => {
    const [name, value] = pair as readonly unknown[];
    if (pair.length !== 2 || typeof name !== 'string' || typeof value !== 'string') {
      throw invalidField(`headers.${index}`, 'must be a pair of two texts: the name and the value.');
    }
    return [name, value];
  });
  const { application = '', method = '', path = '', peer = '', tokenId = null } = body;
  if (tokenId !== null && headers.some(([name]) => name.toLowerCase() === 'authorization')) {
    throw invalidField('tokenId', 'replaces an Authorization header: give only one of the two.');
  }
  return { application, method, path, peer, headers, tokenId };
}

/** Form and id of the token, not its secret. */
function standIn(tokenId: string): string {
  if (!isTokenId(tokenId)) throw invalidField('tokenId', 'must be the id of a token: 12 letters and digits.');
  return placeholderToken(tokenId);
}

function toDto(explanation: Explanation): ExplanationDto {
  return {
    decision: explanation.decision,
    code: explanation.code,
    stages: explanation.stages.map(({ stage, outcome, code, detail }) => ({ stage, outcome, code, detail })),
    clientIp: {
      peer: explanation.clientIp.peer,
      header: explanation.clientIp.header,
      derived: explanation.clientIp.derived,
      entry: explanation.clientIp.entry,
    },
  };
}
