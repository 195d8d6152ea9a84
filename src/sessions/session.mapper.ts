import { browserSessionEnds, isAdministrator, STEP_UP_MS } from '@scopegate/access';
import type { BrowserSessionFacts, PrincipalFacts } from '@scopegate/access';
import type { Warning } from '@scopegate/permission';
import type { SessionDto } from './dto/session.dto.js';

interface Shown {
  readonly user: PrincipalFacts;
  readonly session: BrowserSessionFacts;
  readonly logoutUrl: string | null;
  /** Shown to administrators alone. */
  readonly warnings: readonly Warning[];
}

export function toSessionDto({ user, session, logoutUrl, warnings }: Shown): SessionDto {
  const { idleMs, totalMs } = browserSessionEnds(session);
  return {
    username: user.username,
    displayName: user.displayName,
    administrator: isAdministrator(user),
    method: session.method,
    expiresAt: new Date(totalMs).toISOString(),
    idleEndsAt: new Date(idleMs).toISOString(),
    stepUpUntil: new Date(session.authenticatedAtMs + STEP_UP_MS).toISOString(),
    logoutUrl,
    warnings: isAdministrator(user) ? [...warnings] : [],
  };
}
