import { randomBytes } from 'node:crypto';
import type { SecretBox } from '../keys/secret-box.js';
import type { SessionOfUser } from '../sessions/browser-sessions.service.js';

/** A login that has begun at the identity provider. It is kept in a sealed cookie, and nowhere else. */
export interface LoginAttempt {
  readonly state: string;
  readonly nonce: string;
  /** RFC 7636. */
  readonly verifier: string;
  /** A path inside the console. */
  readonly returnTo: string;
  /** Milliseconds since the epoch. */
  readonly startedAtMs: number;
  /** The session whose user must log in again; null for a first login. */
  readonly stepUp: SessionOfUser | null;
  /** The session that the browser has; a first login ends it. */
  readonly replaces: SessionOfUser | null;
}

export const ATTEMPT_LIFE_MS = 600_000;

/** A sealed value of another place does not open here. */
const CONTEXT = 'login at the identity provider';

/** 256 bits each, base64url. */
export function newAttempt(begun: Omit<LoginAttempt, 'state' | 'nonce' | 'verifier'>): LoginAttempt {
  return { state: draw(), nonce: draw(), verifier: draw(), ...begun };
}

export function sealAttempt(box: SecretBox, attempt: LoginAttempt): string {
  return box.seal(JSON.stringify(attempt), CONTEXT);
}

/** Null if this is not what `sealAttempt` has made with one of our keys. */
export function openAttempt(box: SecretBox, sealed: string): LoginAttempt | null {
  const text = box.open(sealed, CONTEXT);
  return text === null ? null : (JSON.parse(text) as LoginAttempt);
}

export function isOver({ startedAtMs }: LoginAttempt, nowMs: number): boolean {
  return nowMs >= startedAtMs + ATTEMPT_LIFE_MS;
}

function draw(): string {
  return randomBytes(32).toString('base64url');
}
