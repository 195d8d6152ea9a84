import ldap from 'ldapjs';
import { afterEach, describe, expect, it } from 'vitest';
import {
  startLyingDirectory,
  startRawDirectory,
  type LdapAnswer,
  type LdapQuestion,
  type LyingDirectory,
} from '../../../test/support/lying-directory.js';
import { documentOf, type DirectoryDocument } from './directory-document.js';
import { DirectoryReader } from './directory.reader.js';
import type { CreateDirectoryDto } from './dto/directory.input.dto.js';
import { LdapConnection, LOGIN } from './ldap.connector.js';
import type { LdapFailure } from './ldap-failure.js';

const BASE = 'dc=example,dc=com';

let directory: LyingDirectory | null = null;

afterEach(async () => {
  await directory?.stop();
  directory = null;
});

function documentFor(url: string, more: Partial<CreateDirectoryDto> = {}): DirectoryDocument {
  const asked = { key: 'test', url, userBase: `ou=people,${BASE}`, groupBase: `ou=groups,${BASE}`, ...more };
  return documentOf(asked);
}

async function readFrom(
  answer: (question: LdapQuestion) => LdapAnswer,
  more: Partial<CreateDirectoryDto> = {},
): ReturnType<DirectoryReader['state']> {
  directory = await startLyingDirectory(answer);
  const document = documentFor(directory.url, more);
  const connection = await LdapConnection.open(document);
  try {
    await connection.bind(null, '');
    return await new DirectoryReader(connection, document).state();
  } finally {
    connection.close();
  }
}

const failureOf = (reading: Promise<unknown>): Promise<string> =>
  reading.then(
    () => 'no failure',
    (error: unknown) => (error as LdapFailure).kind,
  );

function person(uid: string, more: Record<string, string> = {}): NonNullable<LdapAnswer['entries']>[number] {
  return { dn: `uid=${uid},ou=people,${BASE}`, attributes: { uid, cn: uid, entryUUID: `id-${uid}`, ...more } };
}

const isUsers = ({ base }: LdapQuestion): boolean => base.includes('people');

describe('a directory that lies', () => {
  it('R94: gives nothing if it fails after half of the entries', async () => {
    const half = { entries: [person('anna'), person('bob')], error: new ldap.UnavailableError() };
    expect(await failureOf(readFrom(() => half))).toBe('refused');
  });

  it('R94: gives nothing if it stops at a limit, or refers to another server', async () => {
    const some = { entries: [person('anna')] };
    expect(await failureOf(readFrom(() => ({ ...some, error: new ldap.SizeLimitExceededError() })))).toBe('size-limit');
    await directory?.stop();
    expect(await failureOf(readFrom(() => ({ ...some, error: new ldap.ReferralError() })))).toBe('referral');
  });

  it('R94: gives nothing if a part of the entries is at another server', async () => {
    const users = { entries: [person('anna')], references: [`ldap://other.example.com/ou=more,ou=people,${BASE}`] };
    expect(await failureOf(readFrom((asked) => (isUsers(asked) ? users : {})))).toBe('referral');
  });

  it('R94: gives nothing if an entry is not below the base', async () => {
    const stranger = { dn: `uid=admin,ou=other,${BASE}`, attributes: { uid: 'admin', entryUUID: 'x' } };
    const reading = readFrom((asked) => (isUsers(asked) ? { entries: [person('anna'), stranger] } : {}));
    expect(await failureOf(reading)).toBe('outside-base');
  });

  it('R94: has no user whose name is a giant, and is read all the same', async () => {
    const giant = { ...person('giant'), attributes: { uid: 'x'.repeat(2_000_000), entryUUID: 'y' } };
    const state = await readFrom((asked) => (isUsers(asked) ? { entries: [giant, person('anna')] } : {}));
    expect(state.users.map(({ username }) => username)).toEqual(['anna']);
  });

  it('R94: is empty with success, which the plan refuses', async () => {
    expect(await readFrom(() => ({}))).toEqual({ users: [], groups: [] });
  });

  it('R92: is refused if its groups contain each other and have too many members in all', async () => {
    const name = (index: number): string => `cn=g${index},ou=groups,${BASE}`;
    const users = Array.from({ length: 2_000 }, (_, index) => person(`user${index}`));
    const ring = Array.from({ length: 1_001 }, (_, index) => {
      const member = [name((index + 1) % 1_001), ...(index % 30 === 0 ? users.map(({ dn }) => dn) : [])];
      return { dn: name(index), attributes: { cn: `g${index}`, member } };
    });
    const answer = (asked: LdapQuestion): LdapAnswer => ({ entries: isUsers(asked) ? users : ring });
    expect(await failureOf(readFrom(answer))).toBe('too-large');
    await directory?.stop();
    expect(await failureOf(readFrom(answer, { nestedGroups: false }))).toBe('no failure');
  });

  it('R93: has groups of more members than a function has arguments', async () => {
    const member = Array.from({ length: 150_000 }, (_, index) => `uid=m${index},${BASE}`);
    const group = { dn: `cn=all,ou=groups,${BASE}`, attributes: { cn: 'all', member } };
    const state = await readFrom((asked) => (isUsers(asked) ? { entries: [person('anna')] } : { entries: [group] }));
    expect(state.groups).toEqual(['all']);
  });

  it.each([
    ['a message of four gigabytes', Buffer.from([0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0x02]), 'too-large'],
    ['no LDAP', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), 'malformed'],
    ['a length without an end', Buffer.from([0x30, 0x80]), 'malformed'],
  ])('R112: is left after %s', async (_name, bytes, expected) => {
    directory = await startRawDirectory(bytes);
    const connection = await LdapConnection.open(documentFor(directory.url));
    expect(await failureOf(connection.bind(null, ''))).toBe(expected);
    connection.close();
  });

  it('R112: is left early at a login, for which it needs little', async () => {
    const many = Array.from({ length: 5 }, (_, number) => person(`anna${number}`, { cn: 'x'.repeat(1_000_000) }));
    directory = await startLyingDirectory(() => ({ entries: many }));
    const document = documentFor(directory.url);
    const read = async (limits?: typeof LOGIN): Promise<unknown> => {
      const connection = await LdapConnection.open(document, limits);
      try {
        await connection.bind(null, '');
        return await new DirectoryReader(connection, document).users();
      } finally {
        connection.close();
      }
    };
    expect(await failureOf(read(LOGIN))).toBe('too-large');
    expect(await failureOf(read())).toBe('no failure');
  });

  it('R95: is left when the time for all questions is over, also while it is being opened', async () => {
    directory = await startRawDirectory(Buffer.alloc(0));
    const opening = LdapConnection.open(
      documentFor(directory.url, { startTls: true }),
      LOGIN,
      AbortSignal.timeout(200),
    );
    expect(await failureOf(opening)).toBe('timeout');
    const connection = await LdapConnection.open(documentFor(directory.url), LOGIN, AbortSignal.timeout(200));
    expect(await failureOf(connection.bind(null, ''))).toBe('timeout');
    connection.close();
  });

  it('R112: does not end the process by many messages at once', async () => {
    // Answers to a question that nobody has asked.
    const message = Buffer.from([0x30, 0x0c, 0x02, 0x01, 0x63, 0x61, 0x07, 0x0a, 0x01, 0x00, 0x04, 0x00, 0x04, 0x00]);
    directory = await startRawDirectory(Buffer.concat(Array.from({ length: 50_000 }, () => message)));
    const connection = await LdapConnection.open(documentFor(directory.url), LOGIN, AbortSignal.timeout(2_000));
    const binding = failureOf(connection.bind(null, ''));
    expect(await binding).not.toBe('no failure');
    connection.close();
  });

  it('R92: takes nothing that came before TLS for a part of the secured conversation', async () => {
    // The answer to StartTLS, and behind it the answer to a bind that is still to come.
    const started = [0x30, 0x0c, 0x02, 0x01, 0x02, 0x78, 0x07, 0x0a, 0x01, 0x00, 0x04, 0x00, 0x04, 0x00];
    const bound = [0x30, 0x0c, 0x02, 0x01, 0x02, 0x61, 0x07, 0x0a, 0x01, 0x00, 0x04, 0x00, 0x04, 0x00];
    directory = await startRawDirectory(Buffer.from([...started, ...bound]));
    const opening = LdapConnection.open(documentFor(directory.url, { startTls: true }));
    expect(await failureOf(opening)).not.toBe('no failure');
  });
});

/** As Active Directory answers, with one group of 3,500 members in three parts. */
function activeDirectory({ base, filter, attributes }: LdapQuestion): LdapAnswer {
  const guid = (byte: number): Buffer => Buffer.alloc(16, byte);
  const user = (name: string, control: string, byte: number): NonNullable<LdapAnswer['entries']>[number] => ({
    dn: `CN=${name},OU=People,${BASE}`,
    attributes: { sAMAccountName: name, userAccountControl: control, objectGUID: guid(byte) },
  });
  const group = `CN=All,OU=Groups,${BASE}`;
  if (filter.includes('1.2.840.113556.1.4.1941')) return { entries: [user('anna', '512', 0xf1)] };
  if (base.toLowerCase().includes('people')) return { entries: [user('anna', '512', 0xf1), user('bob', '514', 0xf2)] };
  const from = Number(/;range=(\d+)-/i.exec(attributes.join(' '))?.[1] ?? 0);
  const until = Math.min(from + 1_500, 3_500);
  const range = `member;range=${from}-${until === 3_500 ? '*' : until - 1}`;
  const members = Array.from({ length: until - from }, (_, index) => `CN=m${from + index},OU=People,${BASE}`);
  return { entries: [{ dn: group, attributes: { cn: 'All', [range]: members } }] };
}

describe('Active Directory', () => {
  const preset = { preset: 'active-directory' } as const;

  it('R93: disables users by a bit, names entries by bytes, and walks nested groups itself', async () => {
    const state = await readFrom(activeDirectory, preset);
    expect(state).toMatchObject({
      users: [
        { username: 'anna', isDisabled: false, entry: `x${'f1'.repeat(16)}`, groups: new Set(['All']) },
        { username: 'bob', isDisabled: true, entry: `x${'f2'.repeat(16)}`, groups: new Set() },
      ],
      groups: ['All'],
    });
  });

  it('R93: has lists of members that are read to their end', async () => {
    directory = await startLyingDirectory(activeDirectory);
    const document = documentFor(directory.url, { ...preset, nestedGroups: false });
    const connection = await LdapConnection.open(document);
    try {
      await connection.bind(null, '');
      const [group] = await new DirectoryReader(connection, document).groups();
      expect(new Set(group?.members).size).toBe(3_500);
    } finally {
      connection.close();
    }
  });

  it('R94: gives nothing if a list of members breaks off', async () => {
    const broken = (asked: LdapQuestion): LdapAnswer =>
      asked.attributes.some((name) => name.includes('range=1500')) ? {} : activeDirectory(asked);
    expect(await failureOf(readFrom(broken, preset))).toBe('members');
  });
});
