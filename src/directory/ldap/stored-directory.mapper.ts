import { describeChange, REDACTED } from '@scopegate/audit';
import { certificateNames } from '../../applications/upstream-tls.js';
import { entityTag } from '../../common/http/entity-tag.js';
import type { WarningDto } from '../../common/swagger/warning.dto.js';
import { isOpenConnection, type DirectoryDocument } from './directory-document.js';
import type { DirectoryDto, DirectoryStatusDto } from './dto/directory.dto.js';
import { MAX_CONFLICTS, type DirectoryStatus, type StoredDirectory } from './stored-directory.js';

/** Further ones are counted. */
const MAX_SHOWN_CONFLICTS = 50;

export const OPEN_CONNECTION: WarningDto = {
  code: 'directory_without_tls',
  message:
    'The connection has no TLS: everybody on the way can read the passwords of your users. Use an ldaps address, or ' +
    'set "startTls".',
};

/** Of what an administrator sets: a synchronisation does not change it. */
export function directoryTag({ version, document }: StoredDirectory): string {
  return entityTag(version, document);
}

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
    warnings: [
      ...(isOpenConnection(document) ? [OPEN_CONNECTION] : []),
      ...syncWarnings(status),
      ...conflictWarnings(status),
    ],
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

function syncWarnings({ failure, waiting, lastSuccessAtMs }: DirectoryStatus): readonly WarningDto[] {
  const warnings: WarningDto[] = [];
  if (failure !== null) {
    const since = timeText(lastSuccessAtMs);
    const state = since === null ? 'Nothing has been taken from it yet.' : `Users and groups are those of ${since}.`;
    warnings.push({
      code: 'directory_sync_failing',
      message: `The directory cannot be synchronised. ${failure} ${state}`,
    });
  }
  if (waiting !== null) {
    const { deactivations, activeUsers, emptiedGroups, groups } = waiting;
    warnings.push({
      code: 'directory_sync_held',
      message:
        `A synchronisation waits to be confirmed. It would deactivate ${deactivations} of ${activeUsers} users and ` +
        `empty ${emptiedGroups} of ${groups} groups. Nothing has been changed.`,
    });
  }
  return warnings;
}

function timeText(atMs: number | null): string | null {
  return atMs === null ? null : new Date(atMs).toISOString();
}

function conflictWarnings({ conflicts }: DirectoryStatus): readonly WarningDto[] {
  const warnings = conflicts.slice(0, MAX_SHOWN_CONFLICTS).map(({ kind, outcome, message }) => ({
    code: `directory_${kind}_${outcome}`,
    message,
  }));
  const more = conflicts.length - warnings.length;
  if (more <= 0) return warnings;
  const count = conflicts.length < MAX_CONFLICTS ? `${more}` : `at least ${more}`;
  return [
    ...warnings,
    { code: 'directory_more_refused', message: `There are ${count} more users and groups like these.` },
  ];
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
