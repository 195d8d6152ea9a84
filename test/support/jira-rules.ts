import type { ApplicationRules } from '@scopegate/access';
import { compileBlockedPaths, compilePatterns } from '@scopegate/path';

/** The rules of a Jira without any option. */
export const JIRA_RULES: ApplicationRules = {
  key: 'jira',
  kind: 'jira',
  paths: 'tomcat',
  anonymous: 'allow',
  passwords: 'forward',
  passSchemes: new Set(),
  challenge: ['basic'],
  nativeTokensDisabled: false,
  remoteApiPasswords: false,
  readOnlyUpgrades: false,
  exceptions: compilePatterns([]),
  needsDeposit: false,
  acting: null,
  tokenPaths: compilePatterns([]),
  cors: null,
  blockedPaths: compileBlockedPaths([]),
};
