import { topLevelNames } from '@scopegate/kernel';
import type { SessionBody } from './facts.js';

/** The most bytes a login body may have. */
export const MAX_SESSION_BODY_BYTES = 65_536;

/**
 * Reads the body of a POST to jira's session endpoint: `{"username", "password"}`. A name that stands twice is refused,
 * since two readers could take different ones. What cannot be read counts as a password: the upstream may read it.
 */
export function readSessionBody(body: Uint8Array): SessionBody {
  if (body.length === 0) return { kind: 'empty' };
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
    value = JSON.parse(text);
  } catch {
    return { kind: 'unreadable' };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { kind: 'unreadable' };
  // Upstreams can be told to read names without case, so another spelling is no harmless extra member either.
  const names = topLevelNames(text).map((name) => name.toLowerCase());
  if (new Set(names).size !== names.length) return { kind: 'ambiguous' };
  const { username, password } = value as { username?: unknown; password?: unknown };
  if (password === undefined && !names.includes('password')) return { kind: 'empty' };
  return typeof username === 'string' && typeof password === 'string'
    ? { kind: 'credential', username, secret: password }
    : { kind: 'unreadable' };
}
