import { ApplicationEntity } from './applications/application.entity.js';
import { AuditChainEntity } from './audit/audit-chain.entity.js';
import { AuditEventEntity } from './audit/audit-event.entity.js';
import { FormerNameEntity } from './audit/former-name.entity.js';
import { UsageBlockEntity } from './audit/usage/usage-block.entity.js';
import { UsageProgressEntity } from './audit/usage/usage-progress.entity.js';
import { ChangeEntity } from './database/change.entity.js';
import { IdempotentAnswerEntity } from './database/idempotent-answer.entity.js';
import { KeyCheckEntity } from './database/key-check.entity.js';
import { LeaseEntity } from './database/lease.entity.js';
import { NodeEntity } from './database/node.entity.js';
import { GroupEntity } from './directory/group.entity.js';
import { GroupMemberEntity } from './directory/group-member.entity.js';
import { DirectoryEntity } from './directory/ldap/directory.entity.js';
import { UnfinishedDeletionEntity } from './directory/unfinished-deletion.entity.js';
import { UserEntity } from './directory/user.entity.js';
import { DepositEntity } from './identity/deposit.entity.js';
import { SigningKeyEntity } from './identity/signing-key.entity.js';
import { LastingKeyEntity } from './keys/lasting-key.entity.js';
import { UsedLoginEntity } from './oidc/used-login.entity.js';
import { PermissionsEntity } from './permissions/permissions.entity.js';
import { MailEntity } from './reminders/mail.entity.js';
import { ReminderEntity } from './reminders/reminder.entity.js';
import { BrowserSessionEntity } from './sessions/browser-session.entity.js';
import { SettingsEntity } from './settings/settings.entity.js';
import { TokenAddressEntity } from './tokens/token-address.entity.js';
import { TokenUseProgressEntity } from './tokens/token-use-progress.entity.js';
import { TokenEntity } from './tokens/token.entity.js';
import { TokenSessionEntity } from './tokens/token-session.entity.js';

export const ENTITIES = [
  ApplicationEntity,
  AuditChainEntity,
  AuditEventEntity,
  BrowserSessionEntity,
  ChangeEntity,
  DepositEntity,
  DirectoryEntity,
  FormerNameEntity,
  GroupEntity,
  GroupMemberEntity,
  IdempotentAnswerEntity,
  KeyCheckEntity,
  LastingKeyEntity,
  LeaseEntity,
  MailEntity,
  NodeEntity,
  PermissionsEntity,
  ReminderEntity,
  SettingsEntity,
  SigningKeyEntity,
  TokenAddressEntity,
  TokenEntity,
  TokenSessionEntity,
  UnfinishedDeletionEntity,
  TokenUseProgressEntity,
  UsageBlockEntity,
  UsageProgressEntity,
  UsedLoginEntity,
  UserEntity,
];
