import { compileBlockedPaths, compilePatterns } from '@scopegate/path';
import { deny, type Allow, type Decision, type Deny } from './decision.js';
import type { AccessPolicy, ApplicationRules } from './facts.js';

/** Behind a guard nothing else judges a credential, and nothing of the gateway reaches an upstream. */
const BEHIND_A_GUARD = {
  anonymous: 'deny',
  passwords: 'deny',
  passSchemes: new Set<string>(),
  remoteApiPasswords: false,
  needsDeposit: false,
  cors: null,
} as const satisfies Partial<ApplicationRules>;

/** No token names it, so tokens that are limited to applications are refused. */
export const UNNAMED_APPLICATION = '';

const UNNAMED: ApplicationRules = {
  key: UNNAMED_APPLICATION,
  kind: 'generic',
  paths: 'rfc3986',
  challenge: ['basic'],
  nativeTokensDisabled: false,
  readOnlyUpgrades: false,
  exceptions: compilePatterns([]),
  tokenPaths: compilePatterns([]),
  blockedPaths: compileBlockedPaths([]),
  acting: null,
  ...BEHIND_A_GUARD,
};

/** The rules for requests that a guard asks about. @param application null if the guard names none */
export function guardRules(application: ApplicationRules | null): ApplicationRules {
  return application === null ? UNNAMED : { ...application, ...BEHIND_A_GUARD };
}

/** For a request whose client address the caller has found already: its forwarding lines say nothing more. */
export function atKnownAddress(policy: AccessPolicy): AccessPolicy {
  return { ...policy, reverseProxy: { ...policy.reverseProxy, enabled: false } };
}

/** What passes through elsewhere is refused, because nothing behind a guard judges it. */
export function refusePass(decision: Decision): Allow | Deny {
  if (decision.kind !== 'pass') return decision;
  const { admitted } = decision;
  return deny(admitted.credential.kind === 'password' ? 'password_disabled' : 'authentication_required', admitted);
}
