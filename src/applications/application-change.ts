import { describeChange, REDACTED } from '@scopegate/audit';
import type { ApplicationDocument } from './application.js';
import type { ApplicationIdentity } from './application-identity.js';
import { isFixedValue, type IdentityHeader } from './identity-header.js';
import { describeMount } from './mount.js';
import type { SealedService } from './service-credential.js';
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
    ...describeMode(identity),
    'identity.encoding': identity.encoding,
  };
  for (const header of identity.headers) description[headerPath(header)] = shownValue(header);
  return description;
}

function describeMode(identity: ApplicationIdentity): Record<string, unknown> {
  switch (identity.mode) {
    case 'headers':
      return { 'identity.mode': identity.mode };
    case 'jwt':
      return {
        'identity.mode': identity.mode,
        'identity.header': identity.header,
        'identity.audience': identity.audience,
      };
    case 'credential': {
      const members = identity.perUser
        ? Object.entries(identity.accounts).map(([username, account]) => [`accounts.${username}`, account] as const)
        : identity.services.map((service) => [servicePath(service), describeService(service)] as const);
      return {
        'identity.mode': identity.mode,
        'identity.perUser': identity.perUser,
        ...Object.fromEntries(members.map(([name, value]) => [`identity.${name}`, value])),
      };
    }
  }
}

function servicePath({ scope }: SealedService): string {
  return scope === null ? 'service' : `service.${scope}`;
}

/** For one line: the type, and the user or the header. */
function describeService({ type, username, header }: SealedService): string {
  return [type, username ?? header, REDACTED].filter((part) => part !== null).join(' ');
}

function servicesOf(identity: ApplicationIdentity): readonly SealedService[] {
  return 'services' in identity ? identity.services : [];
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
  for (const service of servicesOf(after.identity)) {
    const old = servicesOf(before.identity).find(({ scope }) => scope === service.scope);
    const path = `identity.${servicePath(service)}`;
    if (old !== undefined && old.sealed !== service.sealed) {
      changes[path] ??= { before: describeService(old), after: describeService(service) };
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
