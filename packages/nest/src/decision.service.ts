import { createHmac, randomBytes } from 'node:crypto';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { DecisionCache } from './decision.cache.js';
import { NO_DECISION, readDecision, UNREADABLE, type Decision, type Question } from './decision.js';
import { readOptions, type ScopegateOptions, type ScopegateSettings } from './scopegate-options.js';
import { MODULE_OPTIONS_TOKEN } from './scopegate.module-definition.js';

/** How long a refusal holds: a new token works soon, and a flood of refused requests asks little. */
const DENIAL_MS = 500;

/** Questions, and so connections, that may run at one time. More requests are refused with 503. */
const MAX_RUNNING = 256;

/** No decision is longer, with all the groups of a user. */
const MAX_ANSWER_BYTES = 256 * 1024;

/** A question that waits for its answer. */
interface Pending {
  readonly askedAtMs: number;
  readonly decision: Promise<Decision>;
}

/**
 * Asks Scopegate, and keeps its decisions for a while. Equal questions at one time are asked once. The key of a
 * decision is a digest of everything that was sent, so that no part of it can be left out.
 */
@Injectable()
export class DecisionService {
  readonly #logger = new Logger('Scopegate');
  readonly #settings: ScopegateSettings;
  readonly #decisions: DecisionCache<Decision>;
  /** The newest question of each key. */
  readonly #pending = new Map<string, Pending>();
  /** All questions that wait for an answer, also those for which a newer one of the same key was asked. */
  #running = 0;
  /** Digests of credentials cannot be compared with those of another process. */
  readonly #key = randomBytes(32);
  #isAway = false;

  constructor(@Inject(MODULE_OPTIONS_TOKEN) options: ScopegateOptions) {
    this.#settings = readOptions(options);
    this.#decisions = new DecisionCache(this.#settings.max);
  }

  /** @returns a refusal with 503 if Scopegate gives no decision */
  async decide(question: Question): Promise<Decision> {
    const { application, ttlMs } = this.#settings;
    const body = JSON.stringify(application === undefined ? question : { application, ...question });
    const key = createHmac('sha256', this.#key).update(body).digest('base64');
    const nowMs = performance.now();
    const known = this.#decisions.get(key, nowMs);
    if (known !== undefined) return known;
    const pending = this.#pending.get(key);
    // An older question may have been judged before a change that already counts for this request.
    if (pending !== undefined && nowMs - pending.askedAtMs < ttlMs) return pending.decision;
    if (this.#running >= MAX_RUNNING) return NO_DECISION;
    return this.#askOnce(key, body, nowMs);
  }

  async #askOnce(key: string, body: string, askedAtMs: number): Promise<Decision> {
    const pending = { askedAtMs, decision: this.#ask(body) };
    this.#pending.set(key, pending);
    try {
      const decision = await pending.decision;
      this.#keep(key, decision, askedAtMs);
      return decision;
    } finally {
      if (this.#pending.get(key) === pending) this.#pending.delete(key);
    }
  }

  /** A decision holds from the moment of the question, and no longer than the token. */
  #keep(key: string, decision: Decision, askedAtMs: number): void {
    const holdsMs = Math.min(this.#settings.ttlMs, longestMs(decision));
    if (holdsMs > 0 && this.#settings.max > 0) this.#decisions.set(key, decision, askedAtMs + holdsMs);
  }

  async #ask(body: string): Promise<Decision> {
    this.#running += 1;
    try {
      const decision = await this.#send(body);
      if (this.#isAway) this.#logger.log('Scopegate answers again.');
      this.#isAway = false;
      return decision;
    } catch (error) {
      // Said once, until it answers again. No message of a cause is shown: it may repeat what was sent.
      if (!this.#isAway) this.#logger.error(`Scopegate gave no decision, so requests are refused: ${reasonOf(error)}`);
      this.#isAway = true;
      return NO_DECISION;
    } finally {
      this.#running -= 1;
    }
  }

  async #send(body: string): Promise<Decision> {
    const { authorization, decisionUrl, timeoutMs } = this.#settings;
    const answer = await fetch(decisionUrl, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json', accept: 'application/json' },
      body,
      // The credential goes to the configured address alone.
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await readText(answer);
    if (answer.status === 400 || answer.status === 413) return UNREADABLE;
    if (answer.status !== 200) throw new NoDecision(`it answered ${answer.status}${hintOf(answer.status)}.`);
    const decision = readDecision(parse(text));
    if (decision === null) throw new NoDecision('its answer is not a decision. Is the url that of a Scopegate?');
    return decision;
  }
}

/** Its message has nothing of a request in it. */
class NoDecision extends Error {}

/** How long a decision may be kept, whatever the options say. A failure is not kept: it may be over. */
function longestMs(decision: Decision): number {
  if (decision.decision === 'deny') return decision.problem.status >= 500 ? 0 : DENIAL_MS;
  const { expiresAt } = decision.caller;
  return expiresAt === null ? Infinity : Date.parse(expiresAt) - Date.now();
}

function hintOf(status: number): string {
  if (status === 401) return ': the credential of this application is not accepted';
  if (status === 403) return ': the owner of the credential lacks the permission "introspect"';
  if (status === 404) return ': the url or the application is not known there';
  return '';
}

function reasonOf(error: unknown): string {
  if (error instanceof NoDecision) return error.message;
  if (error instanceof Error && error.name === 'TimeoutError') return 'it did not answer in time.';
  return 'it cannot be reached.';
}

async function readText(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES) throw new NoDecision('its answer is too long.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
