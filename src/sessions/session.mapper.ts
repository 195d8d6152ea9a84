import { browserSessionEnds, isAdministrator, STEP_UP_MS } from '@scopegate/access';
import type { BrowserSessionFacts, PrincipalFacts } from '@scopegate/access';
import type { SessionDto } from './dto/session.dto.js';

export function toSessionDto(user: PrincipalFacts, session: BrowserSessionFacts, logoutUrl: string | null): SessionDto {
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
  };
}
