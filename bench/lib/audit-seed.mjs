// Many audit events, put into the database by itself: a busy gateway's, one every 100 ms up to now.

const STEP_MS = 100;

/** Rows of one statement. */
const BATCH = 100_000;

/** The digits that MariaDB writes in base 32 and that event ids are written with, where they differ. */
const BASE32 = 'VUTSRQPONMLKJI';
const CROCKFORD = 'ZYXWVTSRQPNMKJ';

/** SQL of a number in the digits of event ids. From the last digit to the first, none is replaced twice. */
function digitsOf(number, length) {
  const digits = [...BASE32].reduce(
    (text, digit, index) => `REPLACE(${text}, '${digit}', '${CROCKFORD[index]}')`,
    `CONV(${number}, 10, 32)`,
  );
  return `LPAD(${digits}, ${length}, '0')`;
}

/**
 * Fills the log of a database: mostly successes, some failures and refusals, of 200 users and 300 tokens. The events
 * form no chain that could be verified.
 */
export async function seedAuditEvents(database, name, count) {
  const firstMs = Date.now() - count * STEP_MS;
  for (let from = 0; from < count; from += BATCH) {
    const to = Math.min(count, from + BATCH) - 1;
    await database.query(
      name,
      `SET unique_checks = 0; INSERT INTO audit_events (id, at_ms, count, type, outcome, code, actor, actor_key, owner, owner_key, token_id,
token_description, token_scope, credential, client_ip, peer, method, path, application, status, duration_ms, user_agent, request_id, detail,
chain, chain_sequence, previous_link, link)
SELECT CONCAT(${digitsOf('at_ms', 10)}, ${digitsOf('seq', 16)}), at_ms, 1,
  CASE WHEN kind < 3 THEN 'authentication.failed' WHEN kind < 5 THEN 'permission.denied' ELSE 'authentication.succeeded' END,
  CASE WHEN kind < 3 THEN 'failed' WHEN kind < 5 THEN 'denied' ELSE 'allowed' END,
  CASE WHEN kind < 3 THEN 'token_expired' WHEN kind < 5 THEN 'scope_insufficient' END,
  user, user, user, user, CONCAT('token', LPAD(spread % 300, 7, '0')), CONCAT('Job ', spread % 300), 'read-only', 'basic-token',
  CONCAT('192.0.2.', spread % 250), '192.0.2.1', 'GET', CONCAT('/rest/api/2/issue/PROJECT-', spread),
  ELT(1 + spread % 3, 'jira', 'confluence', 'bitbucket'), CASE WHEN kind < 3 THEN 401 WHEN kind < 5 THEN 403 ELSE 200 END,
  spread % 400, 'curl/8.5.0', CONCAT('seeded-', seq), NULL, 'seeded', seq + 1, SHA2(seq, 256), SHA2(seq + 1, 256)
FROM (SELECT seq, ${firstMs} + seq * ${STEP_MS} AS at_ms, seq % 100 AS kind, seq * 7919 % 10007 AS spread,
  CONCAT('user', seq * 7919 % 10007 % 200) AS user FROM seq_${from}_to_${to}) AS events`,
    );
  }
}
