import type { EntityManager } from 'typeorm';
import { ProblemException } from '../common/http/problem.exception.js';
import { LOCAL } from './directory-user.js';
import { DirectoryEntity } from './ldap/directory.entity.js';

/**
 * What comes from a directory is changed there: the next synchronisation would undo it here (R93).
 * @param what begins the remedy, such as `Rename the user`
 * @throws a 409
 */
export async function requireLocal(manager: EntityManager, directory: string, what: string): Promise<void> {
  if (directory === LOCAL) return;
  throw new ProblemException('conflict', ofDirectory(directory, what, await connectedDirectories(manager)));
}

/** @param connected of `connectedDirectories` */
export function ofDirectory(directory: string, what: string, connected: ReadonlySet<string>): string {
  return connected.has(directory)
    ? `This comes from the directory "${directory}". ${what} there, and synchronise.`
    : `This comes from the directory "${directory}", which is not connected any more. Connect it again, or delete ` +
        'what is left of it here.';
}

/** The keys of the directories that still say what becomes of their users and groups. */
export async function connectedDirectories(manager: EntityManager): Promise<ReadonlySet<string>> {
  const rows = await manager.find(DirectoryEntity, { select: { key: true } });
  return new Set(rows.map(({ key }) => key));
}
