import { describeChange, REDACTED } from '@scopegate/audit';
import { certificateNames } from '../../applications/upstream-tls.js';
import type { WarningDto } from '../../common/swagger/warning.dto.js';
import { isOpenConnection, type DirectoryDocument } from './directory-document.js';
import type { DirectoryDto, DirectoryStatusDto } from './dto/directory.dto.js';
import type { DirectoryStatus, StoredDirectory } from './stored-directory.js';

/** Further ones are counted. */
const MAX_SHOWN_CONFLICTS = 50;

export const OPEN_CONNECTION: WarningDto = {
  code: 'directory_without_tls',
  message:
    'The connection has no TLS: everybody on the way can read the passwords of your users. Use an ldaps address, or ' +
    'set "startTls".',
};

export function toDirectoryDto({ key, document, sealedPassword, status }: StoredDirectory): DirectoryDto {
  const { attributes, ca, bindDn, ...members } = document;
  return {
    key,
    ...members,
    ca,
    bindDn,
    hasBindPassword: sealedPassword !== null,
    attributes: { ...attributes },
    status: statusDto(status),
    warnings: [...(isOpenConnection(document) ? [OPEN_CONNECTION] : []), ...conflictWarnings(status)],
  };
}

function statusDto(status: DirectoryStatus): DirectoryStatusDto {
  const { lastSyncAtMs, lastSuccessAtMs, userCount, groupCount, failure, waiting } = status;
  return {
    lastSyncAt: timeText(lastSyncAtMs),
    lastSuccessAt: timeText(lastSuccessAtMs),
    users: userCount,
    groups: groupCount,
    failing: failure !== null,
    pending: waiting !== null,
    failure,
    waiting:
      waiting === null
        ? null
        : {
            since: new Date(waiting.sinceMs).toISOString(),
            deactivations: waiting.deactivations,
            activeUsers: waiting.activeUsers,
            emptiedGroups: waiting.emptiedGroups,
            groups: waiting.groups,
          },
  };
}

function timeText(atMs: number | null): string | null {
  return atMs === null ? null : new Date(atMs).toISOString();
}

function conflictWarnings({ conflicts }: DirectoryStatus): readonly WarningDto[] {
  const warnings = conflicts.slice(0, MAX_SHOWN_CONFLICTS).map(({ kind, name, reason }) => ({
    code: `directory_${kind}_refused`,
    message: `The ${kind} "${name}" is not taken from the directory: the name ${reason}.`,
  }));
  const more = conflicts.length - warnings.length;
  if (more <= 0) return warnings;
  return [...warnings, { code: 'directory_more_refused', message: `${more} more users or groups are not taken.` }];
}

/** For the audit: certificates by subject and fingerprint. */
export function describeDirectory({ attributes, ...document }: DirectoryDocument, hasPassword: boolean): object {
  return {
    ...document,
    ca: certificateNames(document.ca),
    ...Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`attributes.${name}`, value as unknown])),
    bindPassword: hasPassword ? REDACTED : null,
  };
}

/** Empty without changes. A changed password is shown as changed. */
export function describeDirectoryChange(before: StoredDirectory, after: StoredDirectory): Record<string, unknown> {
  const changes: Record<string, unknown> = describeChange(
    describeDirectory(before.document, before.sealedPassword !== null),
    describeDirectory(after.document, after.sealedPassword !== null),
  );
  const hasBoth = before.sealedPassword !== null && after.sealedPassword !== null;
  if (hasBoth && before.sealedPassword !== after.sealedPassword) {
    changes['bindPassword'] = { before: REDACTED, after: REDACTED };
  }
  return changes;
}
