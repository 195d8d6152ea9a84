import { describeChange, REDACTED } from '@scopegate/audit';
import type { ApplicationDocument } from './application.js';
import { isFixedValue, type IdentityHeader } from './identity-header.js';
import { describeMount } from './mount.js';
import { certificateNames } from './upstream-tls.js';

/** R59. Without fixed header values, even those not stored as secrets: one may still be a secret (R61). */
export function describeApplication(application: ApplicationDocument): Record<string, unknown> {
  const { identity, mount, tls, ...members } = application;
  const description: Record<string, unknown> = {
    ...members,
    mount: describeMount(mount),
    'tls.ca': certificateNames(tls.ca),
    'tls.certificate': certificateNames(tls.certificate),
    'tls.key': tls.key === null ? null : REDACTED,
    'tls.serverName': tls.serverName,
    'identity.mode': identity.mode,
    'identity.encoding': identity.encoding,
  };
  for (const header of identity.headers) description[headerPath(header)] = shownValue(header);
  return description;
}

/** Shows a changed fixed header value only as changed. */
export function describeApplicationChange(
  before: ApplicationDocument,
  after: ApplicationDocument,
): Record<string, unknown> {
  const changes: Record<string, unknown> = describeChange(describeApplication(before), describeApplication(after));
  if (before.tls.key !== null && after.tls.key !== null && before.tls.key !== after.tls.key) {
    changes['tls.key'] = { before: REDACTED, after: REDACTED };
  }
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
