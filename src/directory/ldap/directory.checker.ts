import { Injectable } from '@nestjs/common';
import { allOf, presenceFilter } from '@scopegate/directory';
import { ProblemException } from '../../common/http/problem.exception.js';
import { isOpenConnection, isSecured, userFilterFor, type DirectoryDocument } from './directory-document.js';
import { DirectoryReader } from './directory.reader.js';
import type { DirectoryTestDto, SampleUserDto } from './dto/directory.dto.js';
import { LdapConnection } from './ldap.connector.js';
import { isLoginRefused, ldapFailureOf } from './ldap-failure.js';
import { OPEN_CONNECTION } from './stored-directory.mapper.js';

/** For the whole test: a large directory takes a while. */
const TEST_MS = 30_000;

/** Each reads a whole directory. */
const MAX_AT_ONCE = 2;

const MAX_SAMPLES = 5;

export interface TestedDirectory {
  readonly document: DirectoryDocument;
  /** Empty without a bind account. @throws LdapFailure if the stored one cannot be opened */
  readonly password: () => string;
}

export interface TriedLogin {
  readonly username?: string;
  readonly password?: string;
}

/** Tries a directory and changes nothing (R92). */
@Injectable()
export class DirectoryChecker {
  #running = 0;

  /** @throws a 503 if others are being tested */
  async check(directory: TestedDirectory, login: TriedLogin): Promise<DirectoryTestDto> {
    if (this.#running >= MAX_AT_ONCE) {
      throw new ProblemException('policy_unavailable', 'Other directories are being tested. Try again in a moment.');
    }
    this.#running += 1;
    try {
      return await new DirectoryTest(directory, login).run();
    } finally {
      this.#running -= 1;
    }
  }
}

/** One test: each step fills in what it finds. */
class DirectoryTest {
  readonly #found: DirectoryTestDto = {
    connected: false,
    tls: false,
    bound: false,
    users: 0,
    sample: [],
    groups: 0,
    loggedIn: null,
    advice: [],
  };
  #connection: LdapConnection | null = null;

  constructor(
    private readonly directory: TestedDirectory,
    private readonly login: TriedLogin,
  ) {}

  async run(): Promise<DirectoryTestDto> {
    try {
      await this.#look();
    } catch (error) {
      this.#found.advice.push(ldapFailureOf(error).message);
    } finally {
      this.#connection?.close();
    }
    if (isOpenConnection(this.directory.document)) this.#found.advice.push(OPEN_CONNECTION.message);
    return this.#found;
  }

  async #look(): Promise<void> {
    const { document } = this.directory;
    const found = this.#found;
    const password = this.directory.password();
    this.#connection = await LdapConnection.open(document, undefined, AbortSignal.timeout(TEST_MS));
    found.connected = true;
    found.tls = isSecured(document);
    await this.#connection.bind(document.bindDn, password);
    found.bound = true;
    const reader = new DirectoryReader(this.#connection, document);
    const { users, groups } = await reader.state();
    found.users = users.length;
    found.groups = groups.length;
    if (users.length === 0) found.advice.push('No user is found. Check "userBase", "userFilter" and "attributes".');
    if (groups.length === 0 && document.groupBase !== null) {
      found.advice.push('No group is found. Check "groupBase" and "groupFilter".');
    }
    const wanted = this.login.username?.toLowerCase();
    const first = users.filter(({ username }) => username.toLowerCase() === wanted);
    const others = users.filter(({ username }) => username.toLowerCase() !== wanted);
    found.sample = [...first, ...others]
      .slice(0, MAX_SAMPLES)
      .map(({ username, displayName, email, isDisabled, groups: names }): SampleUserDto => ({
        username,
        displayName,
        email,
        disabled: isDisabled,
        groups: [...names].sort(),
      }));
    await this.#lookForControl(reader, users.length);
    await this.#tryLogin(reader);
  }

  /** Every user of Active Directory has it. Where it cannot be read, a disabled user would stay active. */
  async #lookForControl(reader: DirectoryReader, users: number): Promise<void> {
    const { attributes, userFilter } = this.directory.document;
    if (attributes.disabled?.toLowerCase() !== 'useraccountcontrol') return;
    const readable = await reader.users(allOf(userFilter, presenceFilter(attributes.disabled)));
    if (readable.length >= users) return;
    this.#found.advice.push(
      `Of ${users - readable.length} users, "userAccountControl" cannot be read: they would stay active when they are ` +
        'disabled. Let the bind account read it.',
    );
  }

  async #tryLogin(reader: DirectoryReader): Promise<void> {
    const { document } = this.directory;
    const { username, password } = this.login;
    if (username === undefined) return;
    const found = this.#found;
    const [user, ...others] = await reader.users(userFilterFor(document, username), 2);
    if (password !== undefined) found.loggedIn = false;
    if (user === undefined) {
      found.advice.push(`No entry below "userBase" has the name "${username}".`);
    } else if (others.length > 0) {
      found.advice.push(`Several entries have the name "${username}": nobody can log in by it. Narrow "userFilter".`);
    } else if (password !== undefined) {
      found.loggedIn = await canBind(document, user.dn, password);
      if (!found.loggedIn) found.advice.push(`The directory refuses the password of "${username}".`);
    }
  }
}

/** @throws LdapFailure if the directory gives no answer */
export async function canBind(document: DirectoryDocument, dn: string, password: string): Promise<boolean> {
  // RFC 4513 5.1.2: no password would be an anonymous bind, which succeeds.
  if (password === '') return false;
  const connection = await LdapConnection.open(document);
  try {
    await connection.bind(dn, password);
    return true;
  } catch (error) {
    if (isLoginRefused(error)) return false;
    throw ldapFailureOf(error);
  } finally {
    connection.close();
  }
}
