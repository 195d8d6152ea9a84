import { jsonShapeProblem, type JsonShapeProblem } from '@scopegate/kernel';
import { invalidField, ProblemException } from './problem.exception.js';

/** Merge patches are JSON like any other body; what differs is how they are applied. */
const MEDIA_TYPES = ['application/json', 'application/merge-patch+json'];

/** No document of the API is nested half as deep. */
const MAX_DEPTH = 32;

/** No object of the API has half as many members. What looks at them later need not be linear in their number. */
const MAX_NAMES = 100;

/** The settings have the most, with an allow list of twenty thousand entries. A value that is read costs some microseconds. */
const MAX_VALUES = 25_000;

const TEXTS: Readonly<Record<JsonShapeProblem, string>> = {
  'too-deep': 'The body is nested too deeply.',
  'too-many-names': `contains an object with more than ${MAX_NAMES} members. Leave out the unknown ones.`,
  'too-many-values': `contains more than ${MAX_VALUES} values. Send fewer at a time.`,
  'repeated-name': 'The body has a member twice in one object. Send it once.',
  'forbidden-name': 'The body has a member named "__proto__", "constructor" or "prototype". Leave it out.',
};

/**
 * JSON is the only kind of body that is read, and every other media type is a 415, forms above all: a page of another
 * site can send them with the credentials that a browser remembers. Where several types are declared, each has to be JSON.
 * @param types what the Content-Type lines declare, see `mediaTypesOf`
 */
export function isJson(types: readonly string[]): boolean {
  return types.length > 0 && types.every((type) => MEDIA_TYPES.includes(type));
}

/**
 * Reads a body of UTF-8 JSON; an empty one is none, since some clients announce JSON with every DELETE.
 * @throws ProblemException 400 where it is no JSON, or JSON that two readers could take for different things
 */
export function parseJsonBody(body: Uint8Array): unknown {
  if (body.length === 0) return undefined;
  let text: string;
  let value: unknown;
  let problem: JsonShapeProblem | null = null;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    problem = jsonShapeProblem(text, MAX_DEPTH, { maxNames: MAX_NAMES, maxValues: MAX_VALUES });
    // What is refused for its shape is not taken apart first.
    value = problem === null ? JSON.parse(text) : undefined;
  } catch {
    throw new ProblemException('request_malformed', 'The body is not valid JSON in UTF-8.');
  }
  if (problem === 'too-many-names' || problem === 'too-many-values') throw invalidField('body', TEXTS[problem]);
  if (problem !== null) throw new ProblemException('request_malformed', TEXTS[problem]);
  return value;
}
