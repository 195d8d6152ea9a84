import { failureOf, type UpstreamFailure } from '@scopegate/upstream';
import { Client } from 'undici';
import { connectorTo, type UpstreamEndpoint } from './upstream-tls.js';

interface AnsweredHead {
  readonly kind: 'answer';
  readonly status: number;
  /** Header names and values in turns. */
  readonly lines: readonly string[];
}

/** The body is null if it is too large, encoded or broken off. */
export type UpstreamAnswer =
  (AnsweredHead & { readonly body: string | null }) | { readonly kind: 'no-answer'; readonly failure: UpstreamFailure };

export interface UpstreamQuestion {
  readonly endpoint: UpstreamEndpoint;
  readonly path: string;
  /** In turns: name, value. */
  readonly headers: readonly string[];
  /** For the whole answer. */
  readonly timeoutMs: number;
}

const OWN_LINES: readonly string[] = [
  'Accept',
  'application/json',
  'Accept-Encoding',
  'identity',
  'User-Agent',
  'Scopegate',
];

interface Hosted {
  readonly options: { readonly host: string };
}

/** Of every question of the gateway's own. A Host line of the client does not exist here. */
export function questionLines({ options: { host } }: Hosted): readonly string[] {
  return host === 'upstream' || host === 'client' ? OWN_LINES : [...OWN_LINES, 'Host', host];
}

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
  let head: AnsweredHead | null = null;
  try {
    const answer = await client.request({ method: 'GET', path, headers: [...headers], signal });
    head = { kind: 'answer', status: answer.statusCode, lines: linesOf(answer.headers) };
    // Not requested, and perhaps far larger than it looks.
    if ((answer.headers['content-encoding'] ?? 'identity') !== 'identity') {
      answer.body.on('error', () => undefined).destroy();
      return { ...head, body: null };
    }
    return { ...head, body: await answer.body.text() };
  } catch (error) {
    // The status is known, and the body is not needed.
    if (head !== null) return { ...head, body: null };
    return { kind: 'no-answer', failure: signal.aborted ? 'answer-timeout' : failureOf(error) };
  } finally {
    void client.destroy();
  }
}

function linesOf(headers: Readonly<Record<string, string | readonly string[] | undefined>>): readonly string[] {
  return Object.entries(headers).flatMap(([name, value = []]) =>
    (typeof value === 'string' ? [value] : value).flatMap((one) => [name, one]),
  );
}
