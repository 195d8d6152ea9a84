import { ProblemException } from './problem.exception.js';

/** A page of another site cannot send this type without a preflight, as with JSON. */
export function isCsv(types: readonly string[]): boolean {
  return types.length === 1 && types[0] === 'text/csv';
}

/** @throws ProblemException 400 if it is not UTF-8: names would be stored wrongly */
export function parseCsvBody(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw new ProblemException('request_malformed', 'The body is not in UTF-8. Save the file as "CSV UTF-8".');
  }
}
