import type { FailureKind } from './reason.js';
import { REASONS, type ReasonCode } from './reasons.js';

export interface FailedReason {
  readonly code: ReasonCode;
  readonly hasEnded?: true;
}

/** R51: the kind of failure; null if it does not count. */
export function failureKindOf({ code, hasEnded }: FailedReason): FailureKind | null {
  return hasEnded === true ? 'ended-token' : REASONS[code].failure;
}
