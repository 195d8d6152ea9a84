import {
  allOf,
  isWithin,
  memberInChainFilter,
  memberKey,
  memberRange,
  positionsOf,
  presetRules,
  readMembers,
  readUser,
  textOf,
  walkGroups,
  type FoundState,
  type RawEntry,
  type ReadGroup,
  type ReadUser,
} from '@scopegate/directory';
import { inTurns, Turn } from '../../common/time/turn.js';
import type { DirectoryDocument } from './directory-document.js';
import type { LdapConnection } from './ldap.connector.js';
import { LdapFailure } from './ldap-failure.js';

export const MAX_USERS = 100_000;

export const MAX_GROUPS = 10_000;

/** Parts of the list of members of one group: 1,500,000 members. */
const MAX_MEMBER_PARTS = 1_000;

/** Of all groups together, and of all users with their groups, also through groups of groups. */
const MAX_MEMBERSHIPS = 2_000_000;

/** The users and groups of one directory, as they are now. All methods throw LdapFailure. */
export class DirectoryReader {
  readonly #rules;

  constructor(
    private readonly connection: LdapConnection,
    private readonly document: DirectoryDocument,
  ) {
    this.#rules = presetRules(document.preset);
  }

  /** Below the base of users. Entries without a user name are none. */
  async users(filter = this.document.userFilter, maxEntries = MAX_USERS): Promise<readonly ReadUser[]> {
    const { attributes, userBase } = this.document;
    const { entryIds } = this.#rules;
    const { username, displayName, email, disabled } = attributes;
    const wanted = [username, displayName, email, ...(disabled === null ? [] : [disabled]), ...entryIds];
    const entries = await this.#search(userBase, filter, wanted, maxEntries);
    const users: ReadUser[] = [];
    const turn = new Turn();
    for (const entry of entries) {
      if (turn.isDue) await turn.yield();
      const user = readUser(entry, attributes, entryIds);
      if (user !== null) users.push(user);
    }
    return users;
  }

  async groups(): Promise<readonly ReadGroup[]> {
    const { groupBase, groupFilter, groupMember } = this.document;
    if (groupBase === null) return [];
    const { groupName } = this.#rules;
    const entries = await this.#search(groupBase, groupFilter, [groupName, groupMember], MAX_GROUPS);
    const groups: ReadGroup[] = [];
    const turn = new Turn();
    let memberships = 0;
    for (const entry of entries) {
      if (turn.isDue) await turn.yield();
      const name = textOf(entry, groupName);
      if (name === null) continue;
      const members = await this.#members(entry);
      memberships += members.length;
      if (memberships > MAX_MEMBERSHIPS) throw new LdapFailure('too-large');
      groups.push({ dn: entry.dn, name, members });
    }
    return groups;
  }

  async state(): Promise<FoundState> {
    const users = await this.users();
    const groups = await this.groups();
    const memberships = await this.#memberships(users, groups);
    return {
      users: users.map((user, index) => ({ ...user, groups: memberships[index] ?? new Set() })),
      groups: groups.map(({ name }) => name),
    };
  }

  /** The names of the groups of each user. */
  async #memberships(
    users: readonly ReadUser[],
    groups: readonly ReadGroup[],
  ): Promise<readonly ReadonlySet<string>[]> {
    const { nestedGroups, groupMember } = this.document;
    if (nestedGroups && this.#rules.hasMatchingRuleInChain) return this.#membersInChain(users, groups);
    const byName = groupMember.toLowerCase() === 'memberuid';
    const names = users.map(({ dn, username }) => (byName ? username : dn));
    const walk = await inTurns(walkGroups(groups, names, nestedGroups, MAX_MEMBERSHIPS));
    if (walk === null) throw new LdapFailure('too-large');
    return walk.groupsOf;
  }

  /** The directory walks its groups itself. */
  async #membersInChain(users: readonly ReadUser[], groups: readonly ReadGroup[]): Promise<readonly Set<string>[]> {
    const { userBase, userFilter } = this.document;
    const positions = await inTurns(positionsOf(users.map(({ dn }) => dn)));
    const groupsOf = users.map(() => new Set<string>());
    const turn = new Turn();
    let memberships = 0;
    for (const group of groups) {
      if (group.members.length === 0) continue;
      const filter = allOf(userFilter, memberInChainFilter(group.dn));
      const found = await this.#search(userBase, filter, ['1.1'], MAX_USERS);
      memberships += found.length;
      if (memberships > MAX_MEMBERSHIPS) throw new LdapFailure('too-large');
      for (const { dn } of found) {
        if (turn.isDue) await turn.yield();
        const position = positions.get(memberKey(dn));
        if (position !== undefined) groupsOf[position]?.add(group.name);
      }
    }
    return groupsOf;
  }

  /** Active Directory sends long lists in parts, the rest only if it is asked. */
  async #members(entry: RawEntry): Promise<readonly string[]> {
    const { groupMember } = this.document;
    const members: string[] = [];
    let part = readMembers(entry, groupMember);
    for (let count = 0; part !== null && count < MAX_MEMBER_PARTS; count += 1) {
      for (const value of part.values) members.push(value);
      if (part.next === null) return members;
      const [next] = await this.connection.search({
        base: entry.dn,
        scope: 'base',
        filter: '(objectClass=*)',
        attributes: [memberRange(groupMember, part.next)],
        maxEntries: 1,
      });
      part = next === undefined ? null : readMembers(next, groupMember, part.next);
    }
    throw new LdapFailure('members');
  }

  async #search(
    base: string,
    filter: string,
    attributes: readonly string[],
    maxEntries: number,
  ): Promise<readonly RawEntry[]> {
    const entries = await this.connection.search({
      base,
      scope: 'sub',
      filter,
      attributes,
      binary: this.#rules.entryIds,
      isDomainOnly: this.#rules.hasDomainScopeControl,
      maxEntries,
    });
    const turn = new Turn();
    for (const { dn } of entries) {
      if (turn.isDue) await turn.yield();
      if (!isWithin(dn, base)) throw new LdapFailure('outside-base');
    }
    return entries;
  }
}
