import { ProblemException } from '../common/http/problem.exception.js';
import { LOCAL } from './directory-user.js';

/**
 * What comes from a directory is changed there: the next synchronisation would undo it here (R93).
 * @param what begins the remedy, such as `Rename the user`
 * @throws a 409
 */
export function requireLocal(directory: string, what: string): void {
  if (directory !== LOCAL) throw new ProblemException('conflict', ofDirectory(directory, what));
}

export function ofDirectory(directory: string, what: string): string {
  return `This comes from the directory "${directory}". ${what} there, and synchronise.`;
}
