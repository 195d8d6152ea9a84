import { describe, expect, it } from 'vitest';
import { isSpec, occurrences, sourceFiles } from './source-tree.js';

const CODE = ['src', 'libs', 'demo'].flatMap((folder) =>
  sourceFiles(folder, (path) => path.endsWith('.ts') && !isSpec(path)),
);

/** Places outside a folder where the pattern occurs. */
function outside(folder: string, pattern: RegExp): readonly string[] {
  return CODE.filter(({ path }) => !path.startsWith(folder)).flatMap((file) => occurrences(file, pattern));
}

describe('what a database does differently', () => {
  const COMPARISON =
    /better-sqlite3|\b(?:type|kind)\s*[!=]==?\s*'(?:mysql|mariadb|sqlite)'|\bcase '(?:mysql|mariadb|sqlite)'|\bis(?:Sqlite|MySql|Mysql|MariaDb)\b/;

  it('is in src/database/dialect alone: no other code compares databases', () => {
    expect(outside('src/database/dialect/', COMPARISON)).toEqual([]);
    expect(CODE.flatMap((file) => occurrences(file, COMPARISON)).length).toBeGreaterThan(3);
  });
});

describe('how processes tell each other', () => {
  it('is in src/peers alone: no other code sends or receives messages between processes', () => {
    const MESSAGES = /(?<!\.)\bprocess\.(?:send|connected)\b|\bprocess\.on\('message'/;
    expect(outside('src/peers/', MESSAGES)).toEqual([]);
    expect(CODE.flatMap((file) => occurrences(file, MESSAGES)).length).toBeGreaterThan(0);
  });
});
