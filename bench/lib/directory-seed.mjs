// Writes many users, groups and tokens directly into an existing database, without the API.
import Libsql from 'libsql';

/** Half of all users are in this group. */
export const LARGE_GROUP = 'group-1';

/** The owner of the tokens that are revoked together. */
export const HEAVY_OWNER = 'user000001';

/** The differences between the two databases. */
const DIALECTS = {
  mysql: {
    numbers: (count) => `(SELECT seq AS n FROM seq_1_to_${count}) AS numbers`,
    padded: (text, width) => `LPAD(${text}, ${width}, '0')`,
    hex: (number) => `LPAD(HEX(${number}), 8, '0')`,
    join: (...parts) => `CONCAT(${parts.join(', ')})`,
  },
  sqlite: {
    numbers: (count) =>
      `(WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < ${count}) SELECT n FROM counted) AS numbers`,
    padded: (text, width) => `printf('%0${width}d', ${text})`,
    hex: (number) => `printf('%08X', ${number})`,
    join: (...parts) => `(${parts.join(' || ')})`,
  },
};

/** The statements. Ids are spread over their index, as random ones are. */
function* statements({ numbers, padded, hex, join }, { users, groups, tokens, heavy }) {
  const idOf = (n) => join("'00000000-0000-4000-8000-0000'", hex(`((${n}) * 2654435761) % 4294967296`));
  const nameOf = (n) => join("'user'", padded(n, 6));
  const group = (n) => join("'group-'", `1 + (${n}) % ${groups}`);
  yield `INSERT INTO user_groups (name, name_key, created_at_ms)
    SELECT ${join("'group-'", 'n')}, ${join("'group-'", 'n')}, 0 FROM ${numbers(groups)}`;
  yield `INSERT INTO users (id, username, username_key, display_name, email, search_key, active, created_at_ms)
    SELECT ${idOf('n')}, ${nameOf('n')}, ${nameOf('n')}, ${join("'Number '", 'n')}, ${join(nameOf('n'), "'@example.test'")},
      ${join("'number '", 'n', "' '", nameOf('n'), "'@example.test'")}, 1, 0 FROM ${numbers(users)}`;
  // Half of the users are in the large group, and each is in four others.
  yield `INSERT INTO user_group_members (group_name, user_id) SELECT '${LARGE_GROUP}', ${idOf('n')} FROM ${numbers(users)} WHERE n % 2 = 0`;
  for (const factor of [7, 11, 13, 17]) {
    yield `INSERT INTO user_group_members (group_name, user_id)
      SELECT ${group(`n * ${factor} + ${factor}`)}, ${idOf('n')} FROM ${numbers(users)}
      WHERE ${group(`n * ${factor} + ${factor}`)} <> '${LARGE_GROUP}' AND NOT EXISTS (SELECT 1 FROM user_group_members
        WHERE group_name = ${group(`n * ${factor} + ${factor}`)} AND user_id = ${idOf('n')})`;
  }
  const owner = `CASE WHEN n <= ${heavy} THEN 1 ELSE 2 + n % ${users - 1} END`;
  yield `INSERT INTO tokens (id, digest, pepper_version, hint, owner_id, owner_name, owner_key, creator_id, created_by,
      description, scope, created_at_ms, use_count)
    SELECT ${join("'seed'", hex('(n * 2654435761) % 4294967296'))}, ${padded('n', 64)}, 1, 'sg_seed', ${idOf(owner)},
      ${nameOf(owner)}, ${nameOf(owner)}, ${idOf(owner)}, ${nameOf(owner)}, ${join("'token '", 'n')}, 'read-only', 1, 0
    FROM ${numbers(tokens)}`;
}

/** @param size `users`, `groups`, `tokens`, and how many of them the heavy owner has */
export async function seedMariaDb(database, name, size) {
  for (const statement of statements(DIALECTS.mysql, size)) await database.query(name, statement);
  await database.query(name, 'ANALYZE TABLE users, user_groups, user_group_members, tokens');
}

/** The same, for an SQLite file that no server has open. */
export function seedSqlite(file, size) {
  const database = new Libsql(file);
  try {
    for (const statement of statements(DIALECTS.sqlite, size)) database.exec(statement);
  } finally {
    database.close();
  }
}
