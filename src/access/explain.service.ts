import { Injectable } from '@nestjs/common';
import {
  explainAccess,
  explainReason,
  REASONS,
  STAGES,
  type AuthenticationFacts,
  type Explanation,
  type ReasonCode,
  type RequestFacts,
  type TokenLookup,
} from '@scopegate/access';
import { headerValues } from '@scopegate/kernel';
import { parseTarget } from '@scopegate/path';
import { isTokenId, parseAuthorization, parseToken, placeholderToken } from '@scopegate/token';
import { ApplicationsService } from '../applications/applications.service.js';
import { AuditService } from '../audit/audit.service.js';
import { invalidField, ProblemException } from '../common/http/problem.exception.js';
import { Clock } from '../common/time/clock.js';
import { TokenCache } from '../tokens/token.cache.js';
import { AccessPolicySnapshot } from './access-policy.js';
import { BoundSessionLookup } from './bound-session.lookup.js';
import type { ExplainRequestDto, ExplanationDto } from './dto/explain.dto.js';

/** A request as it would come to the gateway. */
interface ExplainedRequest {
  readonly application: string;
  readonly method: string;
  readonly path: string;
  readonly peer: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly tokenId: string | null;
}

/** Answers "why is this request refused": the same decision, with nothing forwarded and nothing counted as use (R41). */
@Injectable()
export class ExplainService {
  constructor(
    private readonly applications: ApplicationsService,
    private readonly policy: AccessPolicySnapshot,
    private readonly tokens: TokenCache,
    private readonly sessions: BoundSessionLookup,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** Explains a request that is described, or one that was audited. */
  async explain(body: ExplainRequestDto): Promise<ExplanationDto> {
    return body.requestId === undefined ? this.#explainRequest(readRequest(body)) : this.#explainEvent(body);
  }

  async #explainRequest(asked: ExplainedRequest): Promise<ExplanationDto> {
    const application = this.applications.byKey(asked.application);
    if (application === null) throw invalidField('application', 'is not the key of an application.');
    const target = parseTarget(asked.path);
    if (!target.ok) return toDto(refusedPath(target.detail));
    const lines = asked.headers.flat();
    if (headerValues(lines, 'host').length === 0) lines.push('Host', application.target.host);
    if (asked.tokenId !== null) lines.push('Authorization', `Bearer ${standIn(asked.tokenId)}`);
    const request: RequestFacts = {
      method: asked.method,
      httpVersion: '1.1',
      rawPath: target.rawPath,
      query: target.query,
      lines,
      peer: asked.peer,
    };
    const token = await this.#lookUp(application.key, asked.tokenId, request);
    const authentication: AuthenticationFacts = {
      nowMs: this.clock.nowMs(),
      ...(token === null ? {} : { token }),
    };
    return toDto(
      explainAccess({
        request,
        application: application.rules,
        policy: this.policy.current(),
        authentication,
        authorization: {},
      }),
    );
  }

  async #lookUp(application: string, tokenId: string | null, request: RequestFacts): Promise<TokenLookup | null> {
    if (tokenId !== null) return this.tokens.lookUpById(tokenId);
    const credential = parseAuthorization(headerValues(request.lines, 'authorization'));
    const secret =
      credential.kind === 'basic' ? credential.secret : credential.kind === 'bearer' ? credential.token : '';
    if (parseToken(secret) !== null) return this.tokens.lookUp(secret);
    const session = await this.sessions.find(application, request.lines, request.rawPath);
    return session === 'ambiguous' ? null : session;
  }

  async #explainEvent(body: ExplainRequestDto): Promise<ExplanationDto> {
    if (Object.values(body).filter((value) => value !== undefined).length > 1) {
      throw invalidField('requestId', 'explains an audited request: leave everything else out.');
    }
    const event = await this.audit.findByRequestId(body.requestId ?? '');
    if (event === null) {
      throw new ProblemException('not_found', 'The audit log has no event of this request id.');
    }
    const code = event.code !== null && event.code in REASONS ? (event.code as ReasonCode) : null;
    return {
      decision: code !== null ? 'deny' : event.tokenId === null ? 'pass' : 'allow',
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
    throw invalidField('tokenId', 'stands in place of an Authorization header: give one of the two.');
  }
  return { application, method, path, peer, headers, tokenId };
}

/** A text that reads as the token's and is no token's secret. */
function standIn(tokenId: string): string {
  if (!isTokenId(tokenId)) throw invalidField('tokenId', 'must be the id of a token: 12 letters and digits.');
  return placeholderToken(tokenId);
}

/** The front door refuses such a target before it asks for any application. */
function refusedPath(detail: string): Explanation {
  return {
    decision: 'deny',
    code: 'path_ambiguous',
    stages: explainReason('path_ambiguous').map((stage) =>
      stage.outcome === 'refused' ? { ...stage, detail } : stage,
    ),
    clientIp: { peer: null, header: null, derived: null, entry: null },
  };
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
