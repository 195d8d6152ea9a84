import { resolveClientAddress, type ClientAddress } from '@scopegate/network';
import { judgeRequestPath } from './admit.js';
import { credentialKind } from './credential.js';
import { stageOf, type Decision } from './decision.js';
import type { AccessPolicy, RequestFacts, TokenFacts } from './facts.js';
import type { AccessFacts } from './judge.js';
import { REASONS, type ReasonCode } from './reasons.js';
import { readCredential } from './request-credential.js';
import { STAGES, type Stage } from './stages.js';

export const STAGE_OUTCOMES = ['passed', 'refused', 'not-reached', 'not-needed'] as const;

export type StageOutcome = (typeof STAGE_OUTCOMES)[number];

export interface ExplainedStage {
  readonly stage: Stage;
  readonly outcome: StageOutcome;
  /** The true reason, on the stage that refused. */
  readonly code: ReasonCode | null;
  /** A sentence about what the stage saw. */
  readonly detail: string | null;
}

/** How the client address was found, and which entry decided (R41). */
export interface ExplainedAddress {
  readonly peer: string | null;
  /** The forwarding header that was considered; null if there was none or it did not count. */
  readonly header: string | null;
  /** Null if it is unknown. */
  readonly derived: string | null;
  /** The allow list entry with the address; null if none has it, or the list is empty. */
  readonly entry: string | null;
}

export interface Explanation {
  readonly decision: Decision['kind'];
  /** The first stage that refuses gives it; null if none does. */
  readonly code: ReasonCode | null;
  readonly stages: readonly ExplainedStage[];
  readonly clientIp: ExplainedAddress;
}

const PREFLIGHT = 'This is a preflight from a listed origin. The gateway answers it itself, without authentication.';

export function explainDecision(decision: Decision, facts: AccessFacts): Explanation {
  const address = resolveClientAddress(facts.request.peer, facts.request.head.lines, facts.policy.reverseProxy);
  const code = decision.kind === 'deny' ? decision.code : null;
  const token = tokenOf(decision);
  const isPreflight = decision.kind === 'pass' && decision.isPreflight === true;
  const describe = (stage: Stage): string | null =>
    isPreflight && stage === 'path-kind' ? PREFLIGHT : describeStage(stage, facts, address, token);
  return {
    decision: decision.kind,
    code,
    stages: explainStages(decision, describe),
    clientIp: toExplainedAddress(address, facts.policy),
  };
}

/** Explains a request whose target is not a path: it is refused before anything else is judged. */
export function explainRefusedTarget(request: RequestFacts, policy: AccessPolicy, detail: string): Explanation {
  const code = 'path_ambiguous';
  return {
    decision: 'deny',
    code,
    stages: stagesUntil(REASONS[code].stage, code, detail, () => null),
    clientIp: toExplainedAddress(resolveClientAddress(request.peer, request.head.lines, policy.reverseProxy), policy),
  };
}

function toExplainedAddress(address: ClientAddress, policy: AccessPolicy): ExplainedAddress {
  return {
    peer: address.peer,
    header: address.header,
    derived: address.client,
    entry: policy.allowList.match(address.client),
  };
}

/** The stages up to the refusal, when only the reason is known. */
export function explainReason(code: ReasonCode): readonly ExplainedStage[] {
  return stagesUntil(REASONS[code].stage, code, REASONS[code].detail, () => null);
}

/** A request that passes through has no token, so these are not needed. */
const TOKEN_STAGES: ReadonlySet<Stage> = new Set([
  'token',
  'permission',
  'scope',
  'destination',
  'upstream-credential',
]);

function explainStages(decision: Decision, describe: (stage: Stage) => string | null): readonly ExplainedStage[] {
  if (decision.kind === 'deny') return stagesUntil(stageOf(decision), decision.code, decision.detail, describe);
  return STAGES.map((stage) => {
    const isNeeded = decision.kind === 'allow' || !TOKEN_STAGES.has(stage);
    return {
      stage,
      outcome: isNeeded ? 'passed' : 'not-needed',
      code: null,
      detail: isNeeded ? describe(stage) : null,
    };
  });
}

function stagesUntil(
  refusing: Stage,
  code: ReasonCode,
  detail: string,
  describe: (stage: Stage) => string | null,
): readonly ExplainedStage[] {
  const last = STAGES.indexOf(refusing);
  return STAGES.map((stage, index) => {
    if (index > last) return { stage, outcome: 'not-reached', code: null, detail: null };
    if (index < last) return { stage, outcome: 'passed', code: null, detail: describe(stage) };
    return { stage, outcome: 'refused', code, detail };
  });
}

function tokenOf(decision: Decision): TokenFacts | null {
  if (decision.kind === 'pass') return null;
  return decision.kind === 'allow' ? decision.authenticated.token : decision.token;
}

function describeStage(
  stage: Stage,
  facts: AccessFacts,
  address: ClientAddress,
  token: TokenFacts | null,
): string | null {
  switch (stage) {
    case 'form':
      return `${facts.request.method} with ${facts.request.head.lines.length / 2} header lines.`;
    case 'path':
      return describePath(facts);
    case 'native-management':
      return facts.application?.nativeTokensDisabled === true
        ? 'The product’s own token management is switched off, but this path does not belong to it.'
        : 'The product’s own token management is not switched off.';
    case 'blocked-path':
      return 'No blocked path reaches this request, or it has no token.';
    case 'credential':
      return describeCredential(facts);
    case 'address':
      return describeAddress(facts, address);
    case 'token':
      return token === null
        ? 'This request contains no Scopegate token.'
        : `The token ${token.id} of ${token.ownerName} is active.`;
    case 'path-kind':
      return 'This kind of path accepts this kind of credential.';
    case 'permission':
      return 'The owner may use tokens.';
    case 'destination':
      return facts.request.head.destinations.length === 0
        ? 'The request has no Destination.'
        : 'If the request copies or moves, its Destination is in the application, where the token may use it.';
    case 'upstream-credential':
      return facts.application?.needsDeposit === true
        ? 'The owner has stored a credential for the application, and it works.'
        : 'The application is not called with credentials of its users.';
    case 'scope':
      return token === null ? null : `The scope ${token.scope} covers this request.`;
  }
}

function describePath(facts: AccessFacts): string | null {
  const path = judgeRequestPath(facts.request.rawPath, facts.application);
  if (path === null) return null;
  return path.strict.ok
    ? `The path is ${path.strict.canonical} (class ${path.strict.pathClass}).`
    : 'The path can be read in more than one way; it is forwarded unchanged, because no rule requires a single ' +
        'reading.';
}

function describeCredential(facts: AccessFacts): string {
  const reading = readCredential(facts.request, facts.application);
  if (!reading.ok) return 'The credential is malformed.';
  const { credential } = reading;
  return credential.kind === 'other'
    ? 'The credential belongs to another Authorization scheme.'
    : `The kind of the credential is ${credentialKind(credential)}.`;
}

function describeAddress(facts: AccessFacts, address: ClientAddress): string {
  const { policy } = facts;
  const header = policy.reverseProxy.header;
  const origin =
    address.source === 'peer'
      ? facts.request.head.values(header.toLowerCase()).length > 0
        ? `the peer itself; ${header} is ignored, because ` +
          (policy.reverseProxy.enabled ? 'the peer is not a trusted proxy' : 'reverse proxy support is off')
        : 'the peer itself'
      : `derived from ${header}`;
  const entry = policy.allowList.match(address.client);
  const list =
    policy.allowList.size === 0
      ? 'The allow list is empty, so every address is allowed.'
      : entry === null
        ? 'No entry of the allow list contains it, but the list does not apply to this request.'
        : `The entry ${entry} of the allow list contains it.`;
  return address.client === null
    ? `The client address is unknown. ${list}`
    : `The client address is ${address.client} (${origin}). ${list}`;
}
