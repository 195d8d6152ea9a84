import { describeChange, REDACTED } from '@scopegate/audit';
import type { ApplicationDocument } from './application.js';
import { isFixedValue, type IdentityHeader } from './identity-header.js';
import { describeMount } from './mount.js';

/**
 * An application for the audit (R59), member by member. Fixed header values are left out, also those that are not
 * stored as secrets: one of them may be a secret all the same (R61).
 */
export function describeApplication(application: ApplicationDocument): Record<string, unknown> {
  const { identity, mount, ...members } = application;
  const description: Record<string, unknown> = {
    ...members,
    mount: describeMount(mount),
    'identity.mode': identity.mode,
    'identity.encoding': identity.encoding,
  };
  for (const header of identity.headers) description[headerPath(header)] = shownValue(header);
  return description;
}

/** The differences between two states of an application. A changed fixed header value is shown only as changed. */
export function describeApplicationChange(
  before: ApplicationDocument,
  after: ApplicationDocument,
): Record<string, unknown> {
  const changes: Record<string, unknown> = describeChange(describeApplication(before), describeApplication(after));
  for (const header of after.identity.headers) {
    const old = before.identity.headers.find((candidate) => candidate.name === header.name);
    if (old !== undefined && isFixedValue(header) && isFixedValue(old) && !isSameValue(old, header)) {
      changes[headerPath(header)] = { before: REDACTED, after: REDACTED };
    }
  }
  return changes;
}

function headerPath(header: IdentityHeader): string {
  return `identity.headers.${header.name}`;
}

function shownValue(header: IdentityHeader): string {
  return 'template' in header && !isFixedValue(header) ? header.template : REDACTED;
}

function isSameValue(left: IdentityHeader, right: IdentityHeader): boolean {
  if ('sealed' in left) return 'sealed' in right && left.sealed === right.sealed;
  return 'template' in right && left.template === right.template;
}
