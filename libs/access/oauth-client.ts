import { presentsToken } from '@scopegate/token';
import type { ClientLogin, RequestFacts } from './facts.js';
import { RequestHead } from './request-head.js';

/** No encoder writes a letter or a digit so: each name has few spellings, as the throttle counts by name (R51). */
const NEEDLESSLY_ENCODED = /%(?:3[0-9]|[46][1-9A-F]|[57][0-9A])|%.?[a-f]/;

/**
 * Clients of OAuth form-encode the user name and the secret of HTTP Basic (RFC 6749 2.3.1).
 * @returns what they mean; null if the texts mean themselves
 */
export function decodedLogin({ username, secret }: ClientLogin): ClientLogin | null {
  const decoded = { username: decode(username), secret: decode(secret) };
  if (decoded.username === null || decoded.secret === null) return null;
  if (decoded.username === username && decoded.secret === secret) return null;
  return { username: decoded.username, secret: decoded.secret };
}

/** Null if no encoder wrote this. */
function decode(text: string): string | null {
  if (NEEDLESSLY_ENCODED.test(text)) return null;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return null;
  }
}

/** With the token in its own spelling, if a client of OAuth encoded it. Passwords are decoded at the login. */
export function ofOauthClient(request: RequestFacts): RequestFacts {
  const reading = request.head.credential;
  if (!reading.ok || reading.credential.kind !== 'password') return request;
  const { username, secret } = reading.credential;
  const login = username === null || secret === null ? null : decodedLogin({ username, secret });
  if (login === null || !presentsToken(login.secret)) return request;
  const basic = Buffer.from(`${login.username}:${login.secret}`, 'utf8').toString('base64');
  const lines = request.head.lines.map((text, index, all) =>
    index % 2 === 1 && all[index - 1]?.toLowerCase() === 'authorization' ? `Basic ${basic}` : text,
  );
  return { ...request, head: RequestHead.of(lines) };
}
