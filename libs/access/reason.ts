import type { Stage } from './stages.js';

export interface Reason {
  readonly stage: Stage;
  readonly status: number;
  /** The code the client sees: coarser than the reason if more detail would help an attacker. */
  readonly publicCode: string;
  /** The problem's title (RFC 9457), the same for every occurrence. */
  readonly title: string;
  /** Used if the stage has nothing more exact to say. It says what to do. */
  readonly detail: string;
  /** What the throttle counts (R51); null: nothing. */
  readonly failure: FailureKind | null;
  /** The API document lists these reasons for every call. */
  readonly onEveryCall: boolean;
}

/** A guess of a secret, or the use of a token that was valid once. */
export type FailureKind = 'guess' | 'ended-token';
