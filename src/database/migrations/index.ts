import { InitialSchema1795392000000 } from './1795392000000-initial-schema.js';
import { TokenSessions1795824000000 } from './1795824000000-token-sessions.js';
import { KeyChecks1795824200000 } from './1795824200000-key-checks.js';
import { ExactTexts1795824300000 } from './1795824300000-exact-texts.js';
import { ChangeSets1795910400000 } from './1795910400000-change-sets.js';
import { NodeConfirmations1795910500000 } from './1795910500000-node-confirmations.js';
import { TokenListIndexes1795910600000 } from './1795910600000-token-list-indexes.js';
import { LargeDirectories1795910700000 } from './1795910700000-large-directories.js';
import { TokenUseProgress1795910800000 } from './1795910800000-token-use-progress.js';
import { IdempotentAnswers1795911000000 } from './1795911000000-idempotent-answers.js';
import { Deposits1795912000000 } from './1795912000000-deposits.js';
import { SigningKeys1795913000000 } from './1795913000000-signing-keys.js';
import { LastingKeys1795914000000 } from './1795914000000-lasting-keys.js';
import { EventDoors1795915000000 } from './1795915000000-event-doors.js';
import { Directories1795918100000 } from './1795918100000-directories.js';
import { FormerUserNames1795917000000 } from './1795917000000-former-user-names.js';
import { BrowserSessions1795918200000 } from './1795918200000-browser-sessions.js';
import { UsedOidcLogins1795918300000 } from './1795918300000-used-oidc-logins.js';
import { Reminders1795918400000 } from './1795918400000-reminders.js';
import { NodeReports1795918500000 } from './1795918500000-node-reports.js';
import { UsageCounts1795918510000 } from './1795918510000-usage-counts.js';
import { UsageBlocks1795918630000 } from './1795918630000-usage-blocks.js';

export const MIGRATIONS = [
  InitialSchema1795392000000,
  TokenSessions1795824000000,
  KeyChecks1795824200000,
  ExactTexts1795824300000,
  ChangeSets1795910400000,
  NodeConfirmations1795910500000,
  TokenListIndexes1795910600000,
  LargeDirectories1795910700000,
  TokenUseProgress1795910800000,
  IdempotentAnswers1795911000000,
  Deposits1795912000000,
  SigningKeys1795913000000,
  LastingKeys1795914000000,
  EventDoors1795915000000,
  FormerUserNames1795917000000,
  Directories1795918100000,
  BrowserSessions1795918200000,
  UsedOidcLogins1795918300000,
  Reminders1795918400000,
  NodeReports1795918500000,
  UsageCounts1795918510000,
  UsageBlocks1795918630000,
];
