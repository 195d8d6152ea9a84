import { invalidField, ProblemException } from './problem.exception.js';

/** More than the calls with forms need. */
const MAX_FIELDS = 32;

/**
 * A name may stand there only once (RFC 6749 3.2).
 * @param body of the type application/x-www-form-urlencoded
 * @throws ProblemException 400 if it cannot be read, or two readers could disagree
 */
export function parseFormBody(body: Uint8Array): Readonly<Record<string, string>> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw new ProblemException('request_malformed', 'The body is not a form in UTF-8.');
  }
  const fields = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (fields.has(name)) throw new ProblemException('request_malformed', 'The form has a field twice. Send it once.');
    fields.set(name, value);
    if (fields.size > MAX_FIELDS) throw invalidField('body', `must have at most ${MAX_FIELDS} fields.`);
  }
  return Object.fromEntries(fields);
}

/** @param types see `mediaTypesOf` */
export function isForm(types: readonly string[]): boolean {
  return types.length === 1 && types[0] === 'application/x-www-form-urlencoded';
}
