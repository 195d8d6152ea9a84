import type { GitService, LfsOperation } from './git-service.js';

export interface ReadFacts {
  readonly method: string;
  /** R12. */
  readonly overridingMethods: readonly string[];
  /** R04, R05, or an exception of the administrator (R13). */
  readonly exception: boolean;
  readonly git: GitService;
  /** If `git` is `lfs-batch`; null until the body has been read. */
  readonly lfsOperation: LfsOperation | null;
}

/** R02; methods compare with case (RFC 9110 9.1). */
export function isReadMethod(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
}

/** R07: TRACE and CONNECT are refused for everyone. */
export function isRefusedMethod(method: string): boolean {
  return method === 'TRACE' || method === 'CONNECT';
}

/**
 * R02, R03, R12 to R14: the method, an exception or git makes it a read, every overriding method is a read, and it is
 * no push.
 */
export function countsAsRead(facts: ReadFacts): boolean {
  if (isRefusedMethod(facts.method) || !facts.overridingMethods.every(isReadMethod)) {
    return false;
  }
  switch (facts.git) {
    case 'write':
      // Before the exceptions: a glob over /scm/ must not allow pushes.
      return false;
    case 'read':
      return true;
    case 'lfs-batch':
      return facts.lfsOperation === 'download';
    case null:
      return facts.exception || isReadMethod(facts.method);
  }
}
