import { isJsonObject, readStrictJson, topLevelNames } from '@scopegate/kernel';
import { mayHoldSecret, presentsToken } from '@scopegate/token';
import type { SessionBody } from './facts.js';

export const MAX_SESSION_BODY_BYTES = 65_536;

/**
 * Reads `{"username", "password"}`. A repeated name is refused, because two readers could take different values. An
 * unreadable body counts as a password: the upstream may read it.
 */
export function readSessionBody(body: Uint8Array): SessionBody {
  if (body.length === 0) return { kind: 'empty' };
  const json = readStrictJson(body);
  if (json === null || !isJsonObject(json.value)) return unreadable(body);
  // An upstream may read names without case, so another spelling of a name is a second one as well.
  const names = topLevelNames(json.text).map((name) => name.toLowerCase());
  if (new Set(names).size !== names.length) return { kind: 'ambiguous' };
  const { username, password } = json.value;
  if (password === undefined && !names.includes('password')) return { kind: 'empty' };
  if (typeof password === 'string' && presentsToken(password) && typeof username !== 'string') return MISPLACED;
  if (typeof username !== 'string' || typeof password !== 'string') return unreadable(body);
  // A token in the place of the name would go upstream as part of a password login.
  return presentsToken(username) && !presentsToken(password)
    ? MISPLACED
    : { kind: 'credential', username, secret: password };
}

const MISPLACED: SessionBody = { kind: 'misplaced-token' };

/**
 * R36: a body that may contain a token or session is refused, because the upstream would get the secret. Zero bytes are
 * left out, because the text may be UTF-16.
 */
function unreadable(body: Uint8Array): SessionBody {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1').replaceAll('\0', '');
  return mayHoldSecret(text) ? MISPLACED : { kind: 'unreadable' };
}
