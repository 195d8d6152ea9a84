import { jsonShapeProblem, type JsonShapeProblem } from '@scopegate/kernel';
import { invalidField, ProblemException } from './problem.exception.js';

/** Merge patches are JSON like any other body. */
const MEDIA_TYPES = ['application/json', 'application/merge-patch+json'];

/** More than twice what the API needs. */
const MAX_DEPTH = 32;

/** More than twice what the API needs. Later checks may not be linear. */
const MAX_NAMES = 100;

/** Enough for an allow list of twenty thousand entries. Each value costs some microseconds. */
const MAX_VALUES = 25_000;

const TEXTS: Readonly<Record<JsonShapeProblem, string>> = {
  'too-deep': 'The body is nested too deeply.',
  'too-many-names': `contains an object with more than ${MAX_NAMES} members. Leave out the unknown ones.`,
  'too-many-values': `contains more than ${MAX_VALUES} values. Send fewer at a time.`,
  'repeated-name': 'The body has a member twice in one object. Send it once.',
  'forbidden-name': 'The body has a member named "__proto__", "constructor" or "prototype". Leave it out.',
};

/**
 * Other types are a 415, above all forms: a page of another site can send them with the browser's credentials.
 * @param types see `mediaTypesOf`; each must be JSON
 */
export function isJson(types: readonly string[]): boolean {
  return types.length > 0 && types.every((type) => MEDIA_TYPES.includes(type));
}

/**
 * An empty body is undefined: some clients announce JSON with every DELETE.
 * @throws ProblemException 400 if it is not JSON, or two readers could disagree
 */
export function parseJsonBody(body: Uint8Array): unknown {
  if (body.length === 0) return undefined;
  let text: string;
  let value: unknown;
  let problem: JsonShapeProblem | null = null;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    problem = jsonShapeProblem(text, MAX_DEPTH, { maxNames: MAX_NAMES, maxValues: MAX_VALUES });
    // A body with a wrong shape is not parsed.
    value = problem === null ? JSON.parse(text) : undefined;
  } catch {
    throw new ProblemException('request_malformed', 'The body is not valid JSON in UTF-8.');
  }
  if (problem === 'too-many-names' || problem === 'too-many-values') throw invalidField('body', TEXTS[problem]);
  if (problem !== null) throw new ProblemException('request_malformed', TEXTS[problem]);
  return value;
}
