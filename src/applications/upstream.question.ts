import { failureOf, type UpstreamFailure } from '@scopegate/upstream';
import { Client } from 'undici';
import { connectorTo, type UpstreamEndpoint } from './upstream-tls.js';

export type UpstreamAnswer =
  | { readonly kind: 'answer'; readonly status: number; readonly body: string | null }
  | { readonly kind: 'no-answer'; readonly failure: UpstreamFailure };

export interface UpstreamQuestion {
  readonly endpoint: UpstreamEndpoint;
  readonly path: string;
  /** In turns: name, value. */
  readonly headers: readonly string[];
  /** For the whole answer. */
  readonly timeoutMs: number;
}

/** Of every question of the gateway's own. */
export const QUESTION_LINES: readonly string[] = [
  'Accept',
  'application/json',
  'Accept-Encoding',
  'identity',
  'User-Agent',
  'Scopegate',
];

/** An account has some bytes; anything larger is a page. */
const MAX_BODY_BYTES = 65_536;

const MAX_HEADER_BYTES = 16_384;

/** Follows no redirects and reads no large answer. */
export async function askUpstream({ endpoint, path, headers, timeoutMs }: UpstreamQuestion): Promise<UpstreamAnswer> {
  const client = new Client(endpoint.target.origin, {
    connect: connectorTo(endpoint, timeoutMs),
    maxHeaderSize: MAX_HEADER_BYTES,
    maxResponseSize: MAX_BODY_BYTES,
  });
  const signal = AbortSignal.timeout(timeoutMs);
  let status: number | null = null;
  try {
    const answer = await client.request({ method: 'GET', path, headers: [...headers], signal });
    status = answer.statusCode;
    // Not requested, and perhaps far larger than it looks.
    if ((answer.headers['content-encoding'] ?? 'identity') !== 'identity') {
      answer.body.on('error', () => undefined).destroy();
      return { kind: 'answer', status, body: null };
    }
    return { kind: 'answer', status, body: await answer.body.text() };
  } catch (error) {
    // The status is known, and the body is not needed.
    if (status !== null) return { kind: 'answer', status, body: null };
    return { kind: 'no-answer', failure: signal.aborted ? 'answer-timeout' : failureOf(error) };
  } finally {
    void client.destroy();
  }
}
