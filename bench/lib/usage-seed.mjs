// Events as 300 users cause them in 90 days: what the report of usage sums up.

export const USERS = 300;
const APPLICATIONS = 10;
const TOKENS_OF_USER = 2;

export const DAYS = 90;

/** The time between two events, so that they fill the days. */
export const stepMsOf = (count) => (DAYS * 86_400_000) / count;

/** Of 1,000 events. The rest is allowed. */
const REFUSED = [
  { upTo: 20, type: 'authentication.failed', outcome: 'failed', code: 'token_expired', status: 401 },
  { upTo: 30, type: 'authentication.failed', outcome: 'failed', code: 'token_revoked', status: 401 },
  { upTo: 40, type: 'authentication.failed', outcome: 'failed', code: 'ip_not_allowed', status: 403 },
  { upTo: 60, type: 'permission.denied', outcome: 'denied', code: 'scope_insufficient', status: 403 },
  { upTo: 65, type: 'permission.denied', outcome: 'denied', code: 'use_not_permitted', status: 403 },
];

const PASSWORDS_UP_TO = 165;

/** Without a pattern, and the same in each run. */
function mixed(index, salt) {
  let value = Math.imul(index ^ salt, 0x9e3779b1);
  value = Math.imul(value ^ (value >>> 15), 0x85ebca6b);
  return (value ^ (value >>> 13)) >>> 0;
}

export function usageEvent(index) {
  const kind = mixed(index, 1) % 1_000;
  const user = mixed(index, 2) % USERS;
  const token = user * TOKENS_OF_USER + (mixed(index, 3) % TOKENS_OF_USER);
  const common = {
    actor: `user${user}`,
    client_ip: `192.0.2.${user % 250}`,
    path: `/rest/api/2/issue/PROJECT-${mixed(index, 5) % 10_000}`,
    application: `application${mixed(index, 4) % APPLICATIONS}`,
    duration_ms: kind,
    user_agent: 'curl/8.5.0',
    door: 'proxy',
  };
  const ofToken = {
    ...common,
    owner: `user${user}`,
    token_id: `token${String(token).padStart(7, '0')}`,
    token_description: `Job ${token}`,
    credential: token % 2 === 0 ? 'basic-token' : 'bearer-token',
  };
  const refused = REFUSED.find(({ upTo }) => kind < upTo);
  if (refused !== undefined) {
    const { upTo: _, ...result } = refused;
    return { ...ofToken, ...result };
  }
  if (kind < PASSWORDS_UP_TO) {
    return { ...common, type: 'authentication.passed', outcome: 'passed', credential: 'password', status: 200 };
  }
  return { ...ofToken, type: 'authentication.succeeded', outcome: 'allowed', status: 200 };
}
