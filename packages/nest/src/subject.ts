import type { Question } from './decision.js';

/** A request as Node has it. */
interface NodeRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly rawHeaders: readonly string[];
}

/** A request of Express, which is Node's own, or of Fastify, which has Node's own in `raw`. */
export type SubjectRequest = Partial<NodeRequest> & {
  readonly raw?: NodeRequest;
  /** The target before a router took a prefix off. */
  readonly originalUrl?: string | undefined;
  /** The client's address, by the framework's own rules about proxies. Without it the address is unknown. */
  readonly ip?: string | undefined;
};

/**
 * Lines on which no decision depends and which differ from request to request. With them a decision would rarely be
 * found again. A line that is not in this list is sent, and is part of the key of the decision.
 */
const IGNORED_LINES: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'baggage',
  'cache-control',
  'date',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'pragma',
  'priority',
  'range',
  'referer',
  'traceparent',
  'tracestate',
  'x-correlation-id',
  'x-request-id',
]);

/**
 * What is asked about a request: its method, target and lines, as they arrived, and the client's address. The address
 * of the connection is not asked about: behind a proxy it is the proxy's, and an allow list could hold that one.
 * @throws Error if it is not a request of Express, Fastify or Node
 */
export function subjectOf(request: SubjectRequest): Pick<Question, 'method' | 'target' | 'headers' | 'clientIp'> {
  const raw = request.raw ?? request;
  const { method, rawHeaders } = raw;
  const target = request.originalUrl ?? raw.url;
  if (method === undefined || target === undefined || !Array.isArray(rawHeaders)) {
    throw new TypeError('ScopegateGuard: this is not a request of Express, Fastify or Node. Override getRequest().');
  }
  return { method, target, headers: linesOf(rawHeaders), clientIp: request.ip ?? null };
}

function linesOf(rawHeaders: readonly string[]): readonly (readonly [string, string])[] {
  const lines: (readonly [string, string])[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    const value = rawHeaders[index + 1] ?? '';
    // HTTP/2 has names that begin with a colon; of these, only the host is a line of HTTP/1.1.
    if (name === ':authority') lines.push(['Host', value]);
    else if (!name.startsWith(':') && !IGNORED_LINES.has(name.toLowerCase())) lines.push([name, value]);
  }
  return lines;
}
