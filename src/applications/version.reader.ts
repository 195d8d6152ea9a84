import { Injectable } from '@nestjs/common';
import type { VersionSource } from '@scopegate/product';
import { Client, errors } from 'undici';
import { connectorTo, type UpstreamEndpoint } from './upstream-tls.js';
import { parseManifest, parseProperties, type VersionParsing } from './version-answer.parser.js';

export type VersionReading =
  | { readonly ok: true; readonly version: string }
  | { readonly ok: false; readonly problem: 'unreachable' | 'no-answer-in-time' | 'no-version' | 'other-product' };

/** A call that returns the version, and its parser. */
interface Question {
  /** Below the upstream's path. */
  readonly path: string;
  readonly accept: string;
  readonly parse: (text: string) => VersionParsing;
}

/** For all questions together: a client waits for the save. */
const TIMEOUT_MS = 3_000;

/** A manifest has about two kilobytes. */
const MAX_BODY_BYTES = 65_536;

const MAX_HEADER_BYTES = 16_384;

/** R52: anonymous, without redirects; only the numbers of the version count. */
@Injectable()
export class VersionReader {
  async read(source: VersionSource, endpoint: UpstreamEndpoint): Promise<VersionReading> {
    const { origin, basePath } = endpoint.target;
    const questions = questionsFor(source);
    const timeoutMs = TIMEOUT_MS / questions.length;
    const client = new Client(origin, {
      connect: connectorTo(endpoint, timeoutMs),
      maxHeaderSize: MAX_HEADER_BYTES,
      maxResponseSize: MAX_BODY_BYTES,
    });
    try {
      let reading: VersionReading = { ok: false, problem: 'no-version' };
      for (const question of questions) {
        reading = await ask(client, basePath, question, timeoutMs);
        // Further questions to this address would not help.
        if (reading.ok || reading.problem === 'unreachable' || reading.problem === 'other-product') break;
      }
      return reading;
    } finally {
      void client.destroy();
    }
  }
}

/** The call of every product of Atlassian first, then the one for disabled application links. */
function questionsFor({ typeIds, propertiesPath }: VersionSource): readonly Question[] {
  return [
    ...(typeIds === null ? [] : [manifestOf(typeIds)]),
    ...(propertiesPath === null ? [] : [propertiesAt(propertiesPath)]),
  ];
}

function manifestOf(typeIds: readonly string[]): Question {
  return {
    path: '/rest/applinks/1.0/manifest',
    accept: 'application/xml',
    parse: (text) => parseManifest(typeIds, text),
  };
}

function propertiesAt(path: string): Question {
  return { path, accept: 'application/json', parse: parseProperties };
}

async function ask(client: Client, basePath: string, question: Question, timeoutMs: number): Promise<VersionReading> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const answer = await client.request({
      method: 'GET',
      path: basePath + question.path,
      headers: { accept: question.accept, 'accept-encoding': 'identity', 'user-agent': 'Scopegate' },
      signal,
    });
    // Not requested, and perhaps far larger than it looks.
    if (answer.statusCode !== 200 || (answer.headers['content-encoding'] ?? 'identity') !== 'identity') {
      answer.body.on('error', () => undefined).destroy();
      return { ok: false, problem: 'no-version' };
    }
    return question.parse(await answer.body.text());
  } catch (error) {
    return { ok: false, problem: problemOf(error, signal) };
  }
}

function problemOf(error: unknown, signal: AbortSignal): 'unreachable' | 'no-answer-in-time' | 'no-version' {
  if (
    signal.aborted ||
    error instanceof errors.ConnectTimeoutError ||
    error instanceof errors.HeadersTimeoutError ||
    error instanceof errors.BodyTimeoutError
  ) {
    return 'no-answer-in-time';
  }
  if (error instanceof errors.ResponseExceededMaxSizeError || error instanceof errors.HTTPParserError) {
    return 'no-version';
  }
  return 'unreachable';
}
