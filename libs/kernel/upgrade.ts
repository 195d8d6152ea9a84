import { headerValues, type HeaderLines } from './header-lines.js';
import { isHttpToken } from './http-token.js';

/** Requests inside of these would not be judged: HTTP itself under its names, and TLS, which hides what it carries. */
const CARRIES_REQUESTS: ReadonlySet<string> = new Set(['h2', 'h2c', 'h3', 'http', 'https', 'spdy', 'ssl', 'tls']);

/** The protocols of all Upgrade lines, in their order. */
export function upgradeProtocols(lines: HeaderLines): readonly string[] {
  return headerValues(lines, 'upgrade')
    .flatMap((value) => value.split(','))
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== '');
}

/**
 * The protocols to which this request may switch its connection, as one line; null for an ordinary request. Without
 * those that would carry further requests, such as `h2c`.
 */
export function requestedUpgrade(lines: HeaderLines): string | null {
  const protocols = upgradeProtocols(lines);
  if (protocols.length === 0 || !headerValues(lines, 'connection').some(nominatesUpgrade)) return null;
  const judged = protocols.filter((protocol) => isProtocol(protocol) && !CARRIES_REQUESTS.has(nameOf(protocol)));
  return judged.length === 0 ? null : judged.join(', ');
}

/**
 * What a proxy says of an upgrade when it asks whether a request may pass: some leave `Connection` and `Upgrade` out, but
 * the key of a WebSocket (RFC 6455 4.1) stays. @returns null for an ordinary request
 */
export function describedUpgrade(lines: HeaderLines): string | null {
  const protocols = upgradeProtocols(lines);
  if (protocols.length > 0) return protocols.join(', ');
  return headerValues(lines, 'sec-websocket-key').length > 0 ? 'websocket' : null;
}

/** After such an upgrade, further requests would follow on the connection. */
export function upgradesToRequests(lines: HeaderLines): boolean {
  return (
    upgradeProtocols(lines).some((protocol) => CARRIES_REQUESTS.has(nameOf(protocol))) ||
    headerValues(lines, 'http2-settings').length > 0
  );
}

function nominatesUpgrade(connection: string): boolean {
  return connection.split(',').some((option) => option.trim().toLowerCase() === 'upgrade');
}

function nameOf(protocol: string): string {
  return (protocol.split('/', 1)[0] ?? '').toLowerCase();
}

/** RFC 9110 7.8: a name, perhaps with a version. */
function isProtocol(text: string): boolean {
  const [name = '', version, ...more] = text.split('/');
  return isHttpToken(name) && (version === undefined || isHttpToken(version)) && more.length === 0;
}
