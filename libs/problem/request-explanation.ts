import { explainReason, REASONS, STAGES, type ReasonCode, type Stage, type StageOutcome } from '@scopegate/access';
import { PROBLEM_CODES, type ProblemCode } from './codes.js';
import { PROBLEM_DESCRIPTIONS, type PublicCode } from './guidance.js';

/** What is stored of a request. */
export interface RecordedRequest {
  readonly outcome: string;
  /** The true reason, or the code of a problem; null if the request was allowed or passed. */
  readonly code: string | null;
  readonly tokenId: string | null;
  readonly upstreamRefused: boolean;
  readonly status: number | null;
}

export interface RequestExplanation {
  /** As the client saw it. */
  readonly code: PublicCode | null;
  readonly title: string;
  readonly explanation: string;
  /** Null if there is nothing to do. */
  readonly advice: string | null;
  /** In the order of judgement; empty if nothing was judged. */
  readonly stages: readonly { readonly stage: Stage; readonly outcome: StageOutcome }[];
}

/** The API refuses with these after every stage has passed. */
const AFTER_DECISION: ReadonlySet<string> = new Set<ProblemCode>([
  'create_not_permitted',
  'create_on_behalf_not_permitted',
  'scope_not_permitted',
  'exceeds_parent_token',
  'upstream_unreachable',
  'upstream_timeout',
  'upstream_account_mismatch',
]);

/** The code that the client got. Null for a code that no table has, such as one of another version. */
export function publicCodeOf(code: string): PublicCode | null {
  if (Object.hasOwn(REASONS, code)) return REASONS[code as ReasonCode].publicCode;
  return Object.hasOwn(PROBLEM_CODES, code) ? (code as ProblemCode) : null;
}

/** The stored codes that a client sees as this one. */
export function codesShownAs(publicCode: string): readonly string[] {
  const reasons = Object.entries(REASONS).filter(([, reason]) => reason.publicCode === publicCode);
  const codes = reasons.map(([code]) => code);
  const isProblem = Object.hasOwn(PROBLEM_CODES, publicCode) && !codes.includes(publicCode);
  return isProblem ? [...codes, publicCode] : codes;
}

/** What the client was told, why, and what to do (R101): never the reason that the answer hid. */
export function explainRequest(request: RecordedRequest): RequestExplanation {
  const { code } = request;
  if (code === null) return explainAllowed(request);
  const publicCode = publicCodeOf(code);
  const description = PROBLEM_DESCRIPTIONS.find((described) => described.code === (publicCode ?? 'internal_error'));
  if (description === undefined) throw new Error(`There is no guidance for ${code}.`);
  const { title, when, remedy } = description;
  return { code: description.code, title, explanation: when, advice: remedy, stages: stagesOf(code) };
}

function explainAllowed({ outcome, tokenId, upstreamRefused, status }: RecordedRequest): RequestExplanation {
  const isPassed = outcome === 'passed';
  const stages = STAGES.map((stage) => ({ stage, outcome: isPassed ? ('not-needed' as const) : ('passed' as const) }));
  if (upstreamRefused) {
    return {
      code: null,
      title: 'The application refused the request',
      explanation: `Scopegate allowed the request. The application then answered it with ${status ?? 'a refusal'}.`,
      advice: 'Check in the application itself whether your account may do this.',
      stages,
    };
  }
  return {
    code: null,
    title: isPassed ? 'The request was forwarded without a decision' : 'The request was allowed',
    explanation: isPassed
      ? 'The request had no Scopegate token. The application judges it itself.'
      : tokenId === null
        ? 'The login was accepted, and nothing refused the request.'
        : 'The token was accepted, and nothing refused the request.',
    advice: null,
    stages,
  };
}

function stagesOf(code: string): RequestExplanation['stages'] {
  if (Object.hasOwn(REASONS, code)) {
    return explainReason(code as ReasonCode).map(({ stage, outcome }) => ({ stage, outcome }));
  }
  return AFTER_DECISION.has(code) ? STAGES.map((stage) => ({ stage, outcome: 'passed' })) : [];
}
