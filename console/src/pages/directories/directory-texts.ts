import { ApiProblem } from '../../api/problem';
import type { Directory, DirectorySync, DirectoryTest } from '../../data/directories';

/** Of the fields, by the members of the API. */
export const DIRECTORY_LABELS = {
  key: 'Key',
  name: 'Name',
  preset: 'Kind of directory',
  url: 'Address',
  startTls: 'StartTLS',
  ca: 'Own authorities',
  bindDn: 'Bind account',
  bindPassword: 'Bind password',
  userBase: 'Base of users',
  userFilter: 'Filter of users',
  attributes: 'Attributes of users',
  groupBase: 'Base of groups',
  groupFilter: 'Filter of groups',
  groupMember: 'Attribute with the members',
  nestedGroups: 'Nested groups',
  syncMinutes: 'Minutes between synchronisations',
  maxDeactivations: 'Most deactivations (per cent)',
  enabled: 'Enabled',
} as const;

export type DirectoryMember = keyof typeof DIRECTORY_LABELS;

export const DIRECTORY_MEMBERS: readonly string[] = Object.keys(DIRECTORY_LABELS);

/** The server names members of the API; here they have labels. */
export function worded(text: string): string {
  return text.replace(/"(\w+)"/g, (quoted, name: string) =>
    Object.hasOwn(DIRECTORY_LABELS, name) ? `“${DIRECTORY_LABELS[name as DirectoryMember]}”` : quoted,
  );
}

export function wordedProblem(problem: Error | null): Error | null {
  if (!(problem instanceof ApiProblem)) return problem;
  return new ApiProblem({ ...problem.problem, detail: worded(problem.problem.detail) });
}

/** "1 user", "1,200 users". */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}

/** What a synchronisation did. */
export function syncText({ created, changed, deactivated, groups }: DirectorySync): string {
  const parts = [
    created > 0 ? `${counted(created, 'user')} created` : null,
    changed > 0 ? `${counted(changed, 'user')} changed` : null,
    deactivated > 0 ? `${counted(deactivated, 'user')} deactivated` : null,
    groups > 0 ? `${counted(groups, 'group')} created or removed` : null,
  ].filter((part) => part !== null);
  return parts.length === 0 ? 'Everything was up to date.' : `${parts.join(', ')}.`;
}

type Waiting = NonNullable<Directory['status']['waiting']>;

/** What a held synchronisation would do. */
export function waitingText({ deactivations, activeUsers, emptiedGroups, groups }: Waiting): string {
  const parts = [
    `deactivate ${deactivations.toLocaleString('en')} of ${counted(activeUsers, 'active user')}`,
    emptiedGroups > 0 ? `empty ${emptiedGroups.toLocaleString('en')} of ${counted(groups, 'group')}` : null,
  ].filter((part) => part !== null);
  return `It would ${parts.join(' and ')}.`;
}

export interface TestVerdict {
  readonly kind: 'good' | 'warning' | 'bad';
  readonly title: string;
}

/** How far a test came, in one sentence. */
export function testVerdict({ connected, bound, users, groups, loggedIn, advice }: DirectoryTest): TestVerdict {
  if (!connected) return { kind: 'bad', title: 'There is no connection to the directory.' };
  if (!bound) return { kind: 'bad', title: 'The directory answers, and does not accept the bind account.' };
  if (users === 0) return { kind: 'bad', title: 'The directory answers, and no user is read.' };
  const found = `It works: ${counted(users, 'user')} and ${counted(groups, 'group')}.`;
  if (loggedIn === false) return { kind: 'bad', title: `${found} But the login is refused.` };
  if (advice.length > 0) return { kind: 'warning', title: found };
  return { kind: 'good', title: loggedIn === true ? `${found} The login is accepted.` : found };
}

/** A key may be `new`, which is also the page of a new directory. */
export function directoryPath(key: string): string {
  return `/people/directories/${encodeURIComponent(key)}${key === 'new' ? '/edit' : ''}`;
}
