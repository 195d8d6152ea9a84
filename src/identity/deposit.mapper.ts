import { describeChange } from '@scopegate/audit';
import type { ProtectedApplication } from '../applications/application.js';
import type { ChangeDescription } from '../audit/change.recorder.js';
import { depositState } from './deposit.js';
import type { DepositEntity } from './deposit.entity.js';
import type { DepositDto } from './dto/deposit.dto.js';

/** @param application null if there is none any more */
export function toDepositDto(row: DepositEntity, application: ProtectedApplication | null): DepositDto {
  return {
    application: row.application,
    username: row.username,
    type: row.type,
    upstreamAccount: row.upstreamAccount,
    hint: row.hint,
    state: depositState(row, application),
    depositedAt: new Date(row.depositedAtMs).toISOString(),
    checkedAt: new Date(row.checkedAtMs).toISOString(),
    lastUsedAt: row.lastUsedAtMs === null ? null : new Date(row.lastUsedAtMs).toISOString(),
  };
}

/** For the audit. @param before null if there was none; @param after null if it is removed */
export function changedDeposit(before: DepositEntity | null, after: DepositEntity | null): ChangeDescription {
  const row = after ?? before;
  if (row === null) throw new Error('Nothing has changed.');
  return {
    type: before === null ? 'deposit.created' : after === null ? 'deposit.deleted' : 'deposit.changed',
    application: row.application,
    owner: row.username,
    detail: {
      subject: row.username,
      isRenewed: after !== null && before?.depositedAtMs !== after.depositedAtMs,
      changes: describeChange(shownOf(before), shownOf(after)),
    },
  };
}

/** Neither the secret nor its hint. */
function shownOf(row: DepositEntity | null): Record<string, unknown> {
  if (row === null) return {};
  const { type, upstreamAccount, endpoint, isRejected } = row;
  return { type, upstreamAccount, upstream: endpoint, isRejected };
}
