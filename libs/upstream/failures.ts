/** How an upstream failed, as the client sees it. */
export type UpstreamFailure = 'upstream_unreachable' | 'upstream_timeout';

const TIMEOUT_CODES: ReadonlySet<string> = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ETIMEDOUT',
]);

/** A silent upstream is a 504; one that refuses, resets or answers nonsense is a 502. */
export function classifyUpstreamFailure(error: unknown): UpstreamFailure {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  return TIMEOUT_CODES.has(code) ? 'upstream_timeout' : 'upstream_unreachable';
}
