import { redactTokens } from '@scopegate/audit';
import { readCsv, type CsvRecord } from '@scopegate/kernel';
import { userNameKey } from '@scopegate/token';
import { isActiveAdministrator, LOCAL } from './directory-user.js';
import type { UserDto } from './dto/user.dto.js';
import { emailProblem, nameProblem, userNameProblem } from './name.rules.js';

/** In one transaction, which other changes of users and groups wait for. */
export const MAX_IMPORTED_USERS = 1_000;

/** Of all users of an import, before and after it (R112). */
const MAX_MEMBERSHIPS = 20_000;

/** As many as a user can have. */
const MAX_GROUPS = 1_000;

const COLUMNS = ['username', 'displayName', 'email', 'groups'] as const;

type Column = (typeof COLUMNS)[number];

export interface ImportError {
  readonly line: number;
  readonly message: string;
}

/** A member that has no column is undefined. */
export interface ImportedUser {
  readonly line: number;
  readonly username: string;
  readonly displayName: string | undefined;
  readonly email: string | null | undefined;
  readonly groups: readonly string[] | undefined;
}

export interface ImportReading {
  readonly users: readonly ImportedUser[];
  readonly errors: readonly ImportError[];
}

/** The user before an import; `before` is null for a new one. */
export interface PlannedUser {
  readonly line: number;
  readonly before: UserDto | null;
  readonly after: UserDto;
}

/** The first line names the columns, in any order and any case. */
export function readUserImport(text: string): ImportReading {
  const reading = readCsv(text);
  if (!reading.ok) return { users: [], errors: [{ line: reading.line, message: reading.message }] };
  const [header, ...records] = reading.records;
  if (header === undefined) return { users: [], errors: [{ line: 1, message: `${HEADER_WANTED}.` }] };
  const columns = header.cells.map(columnNamed);
  const headerProblem = headerProblemOf(columns);
  if (headerProblem !== null) return { users: [], errors: [{ line: header.line, message: headerProblem }] };
  if (records.length > MAX_IMPORTED_USERS) {
    const message = `There are more than ${MAX_IMPORTED_USERS} users. Import them in several parts.`;
    return { users: [], errors: [{ line: header.line, message }] };
  }
  return readRecords(columns as readonly Column[], records);
}

const HEADER_WANTED = `The first line must name the columns: username, and any of ${COLUMNS.slice(1).join(', ')}`;

/** Spreadsheets write blanks and capitals. The name as it is if no column has it. */
function columnNamed(cell: string): string {
  const name = cell.trim();
  return COLUMNS.find((column) => column.toLowerCase() === name.toLowerCase()) ?? name;
}

function headerProblemOf(names: readonly string[]): string | null {
  const isKnown = names.every((name) => (COLUMNS as readonly string[]).includes(name));
  const isComplete = names.includes('username') && new Set(names).size === names.length;
  return isKnown && isComplete ? null : `${HEADER_WANTED}, each once and separated by commas.`;
}

function readRecords(columns: readonly Column[], records: readonly CsvRecord[]): ImportReading {
  const users: ImportedUser[] = [];
  const errors: ImportError[] = [];
  const lines = new Map<string, number>();
  for (const { line, cells } of records) {
    if (cells.length !== columns.length) {
      errors.push({ line, message: `The line has ${cells.length} cells in place of ${columns.length}.` });
      continue;
    }
    const user = userOf(line, new Map(columns.map((column, index) => [column, cells[index] ?? ''])));
    const key = userNameKey(user.username);
    const twin = lines.get(key);
    lines.set(key, line);
    const problems = [
      ...problemsOf(user),
      ...(twin === undefined ? [] : [`username is the one of line ${twin}: names are compared without case`]),
    ];
    if (problems.length === 0) users.push(user);
    else errors.push(...problems.map((message) => ({ line, message })));
  }
  return { users, errors };
}

/** An empty cell empties the member. */
function userOf(line: number, cells: ReadonlyMap<Column, string>): ImportedUser {
  const username = cells.get('username') ?? '';
  const email = cells.get('email');
  const groups = cells.get('groups');
  const displayName = cells.get('displayName');
  return {
    line,
    username,
    displayName: displayName === '' ? username : displayName,
    email: email === '' ? null : email,
    groups: groups === undefined ? undefined : groupsIn(groups),
  };
}

/** Names of groups have no comma. A cell without one can separate them by semicolons, as it needs no quotes then. */
function groupsIn(cell: string): readonly string[] {
  const names = cell.split(cell.includes(',') ? ',' : ';').map((name) => name.trim());
  return [...new Set(names)].filter(Boolean);
}

function problemsOf({ username, displayName, email, groups }: ImportedUser): string[] {
  const problems = [
    ['username', userNameProblem(username)],
    ['displayName', displayName === undefined ? null : nameProblem(displayName)],
    ['email', typeof email === 'string' ? emailProblem(email) : null],
    ['groups', (groups?.length ?? 0) > MAX_GROUPS ? `must have at most ${MAX_GROUPS} items` : null],
  ] as const;
  return problems.flatMap(([column, problem]) => (problem === null ? [] : [`${column} ${problem}`]));
}

export interface ImportPlan {
  /** Only users that change. */
  readonly users: readonly PlannedUser[];
  readonly errors: readonly ImportError[];
}

/**
 * @param known the stored users among them, by the key of the name
 * @param existingGroups the stored groups among theirs
 */
export function planUserImport(
  users: readonly ImportedUser[],
  known: ReadonlyMap<string, UserDto>,
  existingGroups: ReadonlySet<string>,
): ImportPlan {
  const errors: ImportError[] = [];
  const planned: PlannedUser[] = [];
  let memberships = 0;
  for (const user of users) {
    const { line } = user;
    const missing = (user.groups ?? []).filter((name) => !existingGroups.has(name));
    if (missing.length > 0) {
      errors.push({ line, message: redactTokens(`groups contains unknown groups: ${missing.join(', ')}`) });
      continue;
    }
    const before = known.get(userNameKey(user.username)) ?? null;
    const after = userAfter(before, user);
    if (JSON.stringify(before) === JSON.stringify(after)) continue;
    planned.push({ line, before, after });
    memberships += (before?.groups.length ?? 0) + after.groups.length;
    if (memberships > MAX_MEMBERSHIPS) {
      const message = `The users up to here are in more than ${MAX_MEMBERSHIPS} groups. Import them in several parts.`;
      return { users: planned, errors: [...errors, { line, message }] };
    }
  }
  return { users: planned, errors };
}

/** The name of a stored user keeps its case. */
function userAfter(before: UserDto | null, { username, displayName, email, groups }: ImportedUser): UserDto {
  const old = before ?? { username, displayName: username, email: null, active: true, groups: [], directory: LOCAL };
  return {
    ...old,
    ...(displayName === undefined ? {} : { displayName }),
    ...(email === undefined ? {} : { email }),
    ...(groups === undefined ? {} : { groups: [...groups].sort() }),
  };
}

/** Of whom an import would take the rights of an administrator, while it gives them to no other user. */
export function leavingAdministrators(users: readonly PlannedUser[]): readonly PlannedUser[] {
  const isGained = users.some(({ after }) => isActiveAdministrator(after));
  return isGained ? [] : users.filter(({ before }) => before !== null && isActiveAdministrator(before));
}
