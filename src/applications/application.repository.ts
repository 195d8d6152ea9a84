import { DEFAULT_IDENTITY_ENCODING, parseUpstream } from '@scopegate/upstream';
import type { EntityManager } from 'typeorm';
import { ProblemException } from '../common/http/problem.exception.js';
import { isDuplicateKey } from '../database/duplicate-key.js';
import { findExactRow } from '../database/exact-row.js';
import { rowLock } from '../database/row-lock.js';
import { ApplicationEntity } from './application.entity.js';
import { optionsOf, pathsOf, type AskedPaths } from './application-options.js';
import type { ApplicationDocument, ProtectedApplication, StoredApplication } from './application.js';
import { describeMount, mountKey } from './mount.js';

/** Older versions stored none. */
type StoredEncoding = Partial<Pick<ApplicationDocument['identity'], 'encoding'>>;

export function toStored(row: ApplicationEntity): StoredApplication {
  // Older versions stored fewer members.
  const { encodedSlashes, ...members } = row.body as ApplicationDocument & AskedPaths;
  const paths = pathsOf({ paths: members.paths, encodedSlashes }) ?? undefined;
  const { encoding = DEFAULT_IDENTITY_ENCODING } = members.identity as StoredEncoding;
  return {
    key: row.key,
    revision: row.version,
    document: {
      ...members,
      ...optionsOf({ ...members, paths }, members.kind),
      identity: { ...members.identity, encoding },
    },
  };
}

export async function lockedRow(manager: EntityManager, key: string): Promise<ApplicationEntity> {
  const row = await findExactRow(manager, ApplicationEntity, { key }, rowLock(manager));
  if (row === null) throw noSuchApplication(key);
  return row;
}

/** @throws a 404, or a 409 if it has been changed, or deleted and created again */
export async function holdUnchanged(
  manager: EntityManager,
  { key, version, target }: ProtectedApplication,
): Promise<void> {
  const { revision, document } = toStored(await lockedRow(manager, key));
  const upstream = parseUpstream(document.upstream);
  if (revision === version && upstream.ok && upstream.target.endpoint === target.endpoint) return;
  throw new ProblemException('conflict', 'The application has been changed meanwhile. Try again.');
}

/** @throws a 409 if the key or mount is taken: only the database knows for sure */
export async function storing(
  manager: EntityManager,
  document: ApplicationDocument,
  write: () => Promise<unknown>,
): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    throw mountTaken(document, await ofMount(manager, document));
  }
}

/** For a change that is only tried. @throws a 409 if another application has the mount */
export async function requireFreeMount(
  manager: EntityManager,
  key: string,
  document: ApplicationDocument,
): Promise<void> {
  const other = await ofMount(manager, document);
  if (other !== null && other.key !== key) throw mountTaken(document, other);
}

function ofMount(manager: EntityManager, { mount }: ApplicationDocument): Promise<ApplicationEntity | null> {
  return manager.findOneBy(ApplicationEntity, { mountKey: mountKey(mount) });
}

function mountTaken({ mount }: ApplicationDocument, other: ApplicationEntity | null): ProblemException {
  return new ProblemException(
    'conflict',
    other === null
      ? 'An application with this key or mount already exists.'
      : `The mount ${describeMount(mount)} is taken by the application "${other.key}".`,
  );
}

export function noSuchApplication(key: string): ProblemException {
  return new ProblemException('not_found', `No application has the key "${key.slice(0, 64)}".`);
}
