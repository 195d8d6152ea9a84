import { describe, expect, it } from 'vitest';
import { readSource, sourceFiles } from './source-tree.js';

const TEST_ROLES: ReadonlySet<string> = new Set(['spec', 'e2e-spec', 'int-spec', 'arch-spec', 'fault-spec']);

/** What stands between the first dot of a file name and `.ts`, without the role of its test. */
function roleOf(path: string): string {
  const parts = (path.split('/').at(-1) ?? '').split('.').slice(1, -1);
  return parts.filter((part) => !TEST_ROLES.has(part)).join('.');
}

/** The roles of the table in the glossary. */
function listedRoles(): readonly string[] {
  const files = readSource('docs/glossary.md').split('\n## Files\n')[1] ?? '';
  return [...files.matchAll(/^\| (`.*?) +\|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, role = '']) => role),
  );
}

describe('the roles of files', () => {
  const paths = ['src', 'libs'].flatMap((folder) =>
    sourceFiles(folder, (path) => path.endsWith('.ts')).map(({ path }) => path),
  );

  it('are a closed list: the role of every file is in the glossary', () => {
    const listed = new Set(['', ...listedRoles()]);
    expect(listed.size).toBeGreaterThan(20);
    expect(paths.filter((path) => !listed.has(roleOf(path)))).toEqual([]);
  });

  it('are in use: every role in the glossary has a file', () => {
    const used = new Set(paths.map(roleOf));
    expect(listedRoles().filter((role) => !used.has(role) && !TEST_ROLES.has(role))).toEqual([]);
  });
});
