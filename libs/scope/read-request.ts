import type { GitService, LfsOperation } from './git-service.js';

export interface ReadFacts {
  readonly method: string;
  /** From `overridingMethods` (R12). */
  readonly overridingMethods: readonly string[];
  /** The request is one of the endpoints of R04 and R05, or matches one of the administrator's exceptions (R13). */
  readonly exception: boolean;
  /** From `gitService` (R14). */
  readonly git: GitService;
  /** From `lfsOperation`, where `git` is `lfs-batch`; null until the body has been read. */
  readonly lfsOperation: LfsOperation | null;
}

/** R02: GET, HEAD and OPTIONS, in upper case: methods compare with case (RFC 9110 9.1). */
export function isReadMethod(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
}

/** R07: TRACE and CONNECT are refused for everyone. */
export function isRefusedMethod(method: string): boolean {
  return method === 'TRACE' || method === 'CONNECT';
}

/**
 * Whether a request counts as a read, so that a read-only token may make it (R02, R03, R12, R13, R14): its own method
 * is a read, or an exception or git's protocol makes it one, every overriding method is a read, and it is not a push.
 */
export function countsAsRead(facts: ReadFacts): boolean {
  if (isRefusedMethod(facts.method) || !facts.overridingMethods.every(isReadMethod)) {
    return false;
  }
  switch (facts.git) {
    case 'write':
      // Before the exceptions: a glob over /scm/ is meant for reads and must not allow pushes.
      return false;
    case 'read':
      return true;
    case 'lfs-batch':
      return facts.lfsOperation === 'download';
    case null:
      return facts.exception || isReadMethod(facts.method);
  }
}
