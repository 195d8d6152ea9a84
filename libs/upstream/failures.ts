export type UpstreamFailure = 'upstream_unreachable' | 'upstream_timeout';

const TIMEOUT_CODES: ReadonlySet<string> = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ETIMEDOUT',
]);

/** Silent: 504; refuses, resets or sends nonsense: 502. */
export function classifyUpstreamFailure(error: unknown): UpstreamFailure {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  return TIMEOUT_CODES.has(code) ? 'upstream_timeout' : 'upstream_unreachable';
}
