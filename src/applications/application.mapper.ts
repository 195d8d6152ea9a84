import type { Warning } from '@scopegate/permission';
import { entityTag } from '../common/http/entity-tag.js';
import { shownIdentity } from './application-identity.js';
import { encodedSlashesOf, optionsOf } from './application-options.js';
import type { StoredApplication } from './application.js';
import { knownVersion } from './application-version.js';
import { applicationWarnings } from './application-warning.js';
import type { ApplicationOptionsDto } from './dto/application-options.dto.js';
import type { ApplicationDto } from './dto/application.dto.js';
import type { MountDto } from './dto/mount.dto.js';
import type { IdentityDto } from './dto/identity.dto.js';
import type { Mount } from './mount.js';
import { shownTls } from './upstream-tls.js';

export function tagOf({ revision, document }: StoredApplication): string {
  return entityTag(revision, document);
}

/** @param observed warnings from what this node has seen */
export function toDto({ key, document }: StoredApplication, observed: readonly Warning[] = []): ApplicationDto {
  return {
    key,
    name: document.name,
    kind: document.kind,
    version: knownVersion(document),
    mount: shownMount(document.mount),
    upstream: document.upstream,
    anonymous: document.anonymous,
    identity: shownIdentity(document.identity) as IdentityDto,
    readOnlyExceptions: document.readOnlyExceptions.map(({ method, path }) => ({ method, path })),
    warnings: [...observed, ...applicationWarnings(document)].map(({ code, message }) => ({ code, message })),
    nativeTokensDisabled: document.nativeTokensDisabled,
    remoteApiPasswords: document.remoteApiPasswords,
    encodedSlashes: encodedSlashesOf(document.paths),
    ...(structuredClone(optionsOf(document, document.kind)) as ApplicationOptionsDto),
    tls: shownTls(document.tls),
  };
}

/** A whole host is shown without the prefix `/`. */
export function shownMount({ host, pathPrefix }: Mount): MountDto {
  if (host === null) return { pathPrefix };
  return pathPrefix === '/' ? { host } : { host, pathPrefix };
}
