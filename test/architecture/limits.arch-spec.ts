import { BROWSER_IDLE_MS, BROWSER_TOTAL_MS, MAX_HEADER_LINES, STEP_UP_MS } from '@scopegate/access';
import { MAX_ADDRESSES } from '@scopegate/audit';
import { BODY_RATE_WINDOW_MS, MIN_BODY_BYTES_PER_SECOND } from '@scopegate/kernel';
import { MAX_ERRORS } from '@scopegate/problem';
import {
  ASSERTION_LIFE_SECONDS,
  KEY_LIFE_MS,
  MAX_CREDENTIAL_LENGTH,
  shareOf,
  streamShareOf,
} from '@scopegate/upstream';
import { describe, expect, it } from 'vitest';
import { defaultOptions } from '../../src/applications/application-options.js';
import { BODY_LIMITS } from '../../src/common/http/body-limits.js';
import { readConfiguration } from '../../src/config/env.js';
import { MAX_IMPORTED_USERS } from '../../src/directory/user-import.js';
import { ATTEMPT_LIFE_MS } from '../../src/oidc/login-attempt.js';
import { DEFAULT_SETTINGS, MAX_REMINDERS } from '../../src/settings/dto/settings.dto.js';
import { readSource } from './source-tree.js';

/** A number in the code that no module exports. @throws Error if it is not there */
function constant(path: string, pattern: RegExp): number {
  const found = pattern.exec(readSource(path))?.[1];
  if (found === undefined) throw new Error(`${path} has no ${String(pattern)}.`);
  return found.split('*').reduce((product, factor) => product * Number(factor.trim().replaceAll('_', '')), 1);
}

function named(path: string, name: string): number {
  return constant(path, new RegExp(String.raw`const ${name} = ([\d_ *]+);`));
}

function time(ms: number): string {
  if (ms >= 3_600_000) return `${ms / 3_600_000} h`;
  return ms > 60_000 && ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1_000} s`;
}

function bytes(size: number): string {
  return size >= 1_048_576 ? `${size / 1_048_576} MiB` : `${size / 1_024} KiB`;
}

function count(number: number): string {
  return number.toLocaleString('en-US');
}

const OPTIONS = defaultOptions('generic');
const SHARE = shareOf(OPTIONS.connections);
const SETTINGS = DEFAULT_SETTINGS;
const CONFIGURATION = readConfiguration({}, false);

const LIMITS: Readonly<Record<string, string>> = {
  'time for the head of a request': time(named('src/gateway/http-listener.ts', 'HEADERS_TIMEOUT_MS')),
  // Node's own.
  'size of a head': bytes(16_384),
  'header lines of a request': count(MAX_HEADER_LINES),
  'least speed of a request body': `${MIN_BODY_BYTES_PER_SECOND} bytes/s over ${time(BODY_RATE_WINDOW_MS)}`,
  'idle time of a client’s connection between two requests': time(
    constant('src/gateway/http-listener.ts', /keepAliveTimeout: ([\d_]+)/),
  ),
  'wait for a connection to the application, and then for its answer': time(OPTIONS.timeoutMs),
  'time to connect to the application': time(named('src/gateway/upstream.connections.ts', 'CONNECT_TIMEOUT_MS')),
  'silence in an answer of the application, or on an upgraded connection': time(OPTIONS.streamTimeoutMs),
  'pause of a client in reading its answer': time(named('src/gateway/upstream.forwarder.ts', 'CLIENT_STALL_MS')),
  'last bytes of an upgraded connection after one side has closed': time(
    named('src/gateway/upgraded-connection.ts', 'LAST_BYTES_MS'),
  ),
  'connections to the application, from each node or worker': count(OPTIONS.connections),
  'connections of one token, or of one client address without a token': count(SHARE),
  'event streams and upgraded connections among them': count(streamShareOf(SHARE)),
  'waiting requests of one token or address': count(named('libs/upstream/connection-shares.ts', 'MAX_WAITING')),
  'body that decides the scope of a request': bytes(named('libs/scope/body-override.ts', 'MAX_OVERRIDE_BODY_BYTES')),
  'body that is searched for another user': bytes(named('libs/access/acting.ts', 'MAX_ACTING_BODY_BYTES')),
  'form that is searched for credentials': bytes(named('libs/access/form-body.ts', 'MAX_FORM_BYTES')),
  'time for a body that Scopegate reads itself': time(named('src/common/http/body.reader.ts', 'BODY_DEADLINE_MS')),
  // R116; `INTERVAL_MS` of the checker and of the change log are a part of it.
  'time from a revocation to the end of open connections': time(1_000),
  'idle time of a session at Jira’s session endpoint': time(named('src/tokens/session.cache.ts', 'SESSION_IDLE_MS')),
  'sessions of one token': count(named('src/tokens/sessions.service.ts', 'MAX_SESSIONS')),
  'secret of a credential': bytes(MAX_CREDENTIAL_LENGTH),
  'trial of a credential': time(named('src/identity/deposit.question.ts', 'MAX_TIMEOUT_MS')),
  'trials at once, on each node (one of each user)': count(named('src/identity/deposit.throttle.ts', 'MAX_AT_ONCE')),
  'checks of applications at once, on each node': count(named('src/identity/application.checker.ts', 'MAX_AT_ONCE')),
  'life of an assertion': time(ASSERTION_LIFE_SECONDS * 1_000),
  'life of a signing key': time(KEY_LIFE_MS),
  'keys in one of `SCOPEGATE_TOKEN_PEPPER` and `SCOPEGATE_ENCRYPTION_KEY`': count(
    named('src/config/environment.reader.ts', 'MAX_KEYS'),
  ),
  'failures of one token id or user name from one address': count(SETTINGS.throttling.maxFailures),
  'time in which failures count': time(SETTINGS.throttling.windowSeconds * 1_000),
  'time without use after which a session ends': time(BROWSER_IDLE_MS),
  'life of a session': time(BROWSER_TOTAL_MS),
  'time after a login for changes that need it new': time(STEP_UP_MS),
  'sessions of one user': count(named('src/sessions/ended-sessions.ts', 'MAX_SESSIONS')),
  'body of a login': bytes(named('src/sessions/session.controller.ts', 'MAX_LOGIN_BYTES')),
  'time for a login at the identity provider': time(ATTEMPT_LIFE_MS),
  'wait for one answer of the identity provider': time(
    named('src/oidc/identity-provider.service.ts', 'TIMEOUT_SECONDS') * 1_000,
  ),
  'answer of the identity provider': bytes(named('src/oidc/bounded-fetch.ts', 'MAX_ANSWER_BYTES')),
  'pause after the identity provider could not be reached': time(
    named('src/oidc/identity-provider.service.ts', 'PAUSE_MS'),
  ),
  'logins that are checked at the identity provider at once, on each node': count(
    named('src/oidc/identity-provider.service.ts', 'MAX_AT_ONCE'),
  ),
  'groups in a claim': count(named('libs/access/identity-claims.ts', 'MAX_GROUPS')),
  'address in the console to which a login returns': bytes(named('libs/access/return-path.ts', 'MAX_LENGTH')),
  'body of a request': bytes(BODY_LIMITS.small),
  'parameters of a query': count(named('src/access/guards/query.guard.ts', 'MAX_PARAMETERS')),
  'errors in an answer': count(MAX_ERRORS),
  'users in one import': count(MAX_IMPORTED_USERS),
  'rows of a report': count(named('src/reports/usage.service.ts', 'MAX_ROWS')),
  'events that a report searches': count(named('src/audit/usage/usage.reader.ts', 'MAX_EVENTS_READ')),
  'days of a report': count(named('src/reports/usage.service.ts', 'MAX_DAYS')),
  'memberships of the users in one import': count(named('src/directory/user-import.ts', 'MAX_MEMBERSHIPS')),
  'thresholds in `reminders.days`': count(MAX_REMINDERS),
  'remembered addresses of one token': count(MAX_ADDRESSES),
  'mails about new addresses of one token, within a day': count(
    named('src/reminders/mail-queue.service.ts', 'MAX_ADDRESS_MAILS'),
  ),
  'mails in one run, each ten seconds': count(named('src/reminders/mail-delivery.service.ts', 'MAILS_IN_ONE_RUN')),
  'silence of the mail server': time(named('src/reminders/smtp.connector.ts', 'SILENCE_MS')),
  'time for one mail, or for the login at the mail server': time(
    named('src/reminders/smtp.connector.ts', 'STEP_TIMEOUT_MS'),
  ),
  directories: count(named('src/directory/ldap/directories.service.ts', 'MAX_DIRECTORIES')),
  'users of a directory': count(named('src/directory/ldap/directory.reader.ts', 'MAX_USERS')),
  'groups of a directory': count(named('src/directory/ldap/directory.reader.ts', 'MAX_GROUPS')),
  'members of all groups of a directory': count(named('src/directory/ldap/directory.reader.ts', 'MAX_MEMBERSHIPS')),
  'memberships of all users, also by nested groups': count(
    named('src/directory/ldap/directory.reader.ts', 'MAX_MEMBERSHIPS'),
  ),
  'members looked at to walk nested groups': count(named('libs/directory/nested-groups.ts', 'MAX_VISITS')),
  'depth of nested groups that the gateway walks': count(named('libs/directory/nested-groups.ts', 'MAX_GROUP_DEPTH')),
  'time to connect to a directory': time(named('src/directory/ldap/ldap.connector.ts', 'CONNECT_MS')),
  'time for a question to a directory': time(named('src/directory/ldap/ldap.connector.ts', 'OPERATION_MS')),
  'time to read a directory': time(named('src/directory/ldap/directory-sync.service.ts', 'READ_MS')),
  'users and groups that are noted as not taken': count(
    named('src/directory/ldap/stored-directory.ts', 'MAX_CONFLICTS'),
  ),
  'test of a directory': time(named('src/directory/ldap/directory.checker.ts', 'TEST_MS')),
  'login at a directory': time(named('src/directory/ldap/directory-login.service.ts', 'LOGIN_MS')),
  'answer of a directory to a login': bytes(named('src/directory/ldap/ldap.connector.ts', 'MAX_LOGIN_ANSWER_BYTES')),
  'recognition of a password that a directory accepted': time(
    named('src/directory/ldap/directory-login.service.ts', 'RECOGNISED_MS'),
  ),
  'recognition of a password that a directory refused': time(
    named('src/directory/ldap/directory-login.service.ts', 'REFUSED_MS'),
  ),
  'draining before a stop': time(CONFIGURATION.drainMs),
  'running requests during a stop, upgraded connections and event streams too': time(CONFIGURATION.stopMs),
  'requests that wait for the start': count(named('src/gateway/front-door.ts', 'MAX_EARLY_REQUESTS')),
};

describe('docs/guides/limits.md', () => {
  it('R112: names every limit with the value of the code', () => {
    const rows = [...readSource('docs/guides/limits.md').matchAll(/^\| ([^|]+) \| ([^|]+) \| [^|]+ \|$/gm)]
      .map(([, limit = '', value = '']) => [limit.trim().replaceAll("'", '’'), value.trim()] as const)
      .filter(([limit]) => limit !== 'limit' && !/^-+$/.test(limit));
    expect(Object.fromEntries(rows)).toEqual(LIMITS);
    expect(rows).toHaveLength(Object.keys(LIMITS).length);
  });
});
