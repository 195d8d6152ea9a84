import { allOf, equalityFilter, presetRules, type AttributeNames, type DirectoryPreset } from '@scopegate/directory';
import { isLoopbackHost } from '@scopegate/network';
import type { FieldError } from '@scopegate/problem';
import { checkTls } from '../../applications/upstream-tls.js';
import { MAX_DEACTIVATIONS, SYNC_MINUTES } from './directory.rules.js';
import type { CreateDirectoryDto } from './dto/directory.input.dto.js';

/** As stored, without its key and its password. */
export interface DirectoryDocument {
  readonly kind: 'ldap';
  readonly name: string;
  readonly url: string;
  readonly startTls: boolean;
  /** PEM; null: the authorities that Node trusts. */
  readonly ca: string | null;
  /** Null: users and groups are read without a name. */
  readonly bindDn: string | null;
  readonly preset: DirectoryPreset;
  readonly userBase: string;
  readonly userFilter: string;
  readonly attributes: AttributeNames;
  /** Null: the directory has no groups for us. */
  readonly groupBase: string | null;
  readonly groupFilter: string;
  readonly groupMember: string;
  readonly nestedGroups: boolean;
  readonly syncMinutes: number;
  readonly maxDeactivations: number;
  readonly enabled: boolean;
}

/** Members that were left out come from the preset. */
export function documentOf(asked: CreateDirectoryDto): DirectoryDocument {
  const { preset = 'openldap' } = asked;
  const rules = presetRules(preset);
  return {
    kind: 'ldap',
    name: asked.name ?? asked.key,
    url: withLowerCaseScheme(asked.url),
    startTls: asked.startTls ?? false,
    ca: asked.ca ?? null,
    bindDn: asked.bindDn ?? null,
    preset,
    userBase: asked.userBase,
    userFilter: asked.userFilter ?? rules.userFilter,
    attributes: { ...rules.attributes, ...defined(asked.attributes ?? {}) },
    groupBase: asked.groupBase ?? null,
    groupFilter: asked.groupFilter ?? rules.groupFilter,
    groupMember: asked.groupMember ?? rules.groupMember,
    nestedGroups: asked.nestedGroups ?? true,
    syncMinutes: asked.syncMinutes ?? SYNC_MINUTES.usual,
    maxDeactivations: asked.maxDeactivations ?? MAX_DEACTIVATIONS,
    enabled: asked.enabled ?? true,
  };
}

/** RFC 3986 3.1: the case of a scheme has no meaning. What is stored has one form. */
function withLowerCaseScheme(url: string): string {
  return url.replace(/^[a-z]+:/i, (scheme) => scheme.toLowerCase());
}

function defined(names: Partial<AttributeNames>): Partial<AttributeNames> {
  return Object.fromEntries(Object.entries(names).filter(([, name]) => name !== undefined));
}

/** What the DTO cannot check. @param hasPassword whether there will be one */
export function documentErrors(document: DirectoryDocument, hasPassword: boolean): readonly FieldError[] {
  const errors: FieldError[] = [];
  const note = (field: string, message: string): void => void errors.push({ field, message: `${field} ${message}` });
  if (document.startTls && beginsWithTls(document.url)) {
    note('startTls', 'must be false with an ldaps address, which begins with TLS');
  }
  if (document.ca !== null) {
    checkTls({ ca: document.ca, certificate: null, key: null, serverName: null }, null, (_field, message) =>
      note('ca', message),
    );
  }
  // RFC 4513 5.1.2: a bind with a name and no password is one as nobody, which looks like a success.
  if (document.bindDn !== null && !hasPassword) note('bindPassword', 'is missing: bindDn needs one');
  if (document.bindDn === null && hasPassword) note('bindDn', 'is missing: bindPassword belongs to it');
  return errors;
}

/** R111: a stored password opens only for this directory, this address and this kind of connection. */
export function passwordContext(key: string, { url, startTls }: Connection): string {
  return `directory/${key}\nbindPassword\n${url}\n${startTls ? 'startTls' : ''}`;
}

export function isSameServer(one: DirectoryDocument, other: DirectoryDocument): boolean {
  return one.url === other.url && one.startTls === other.startTls;
}

/** Finds the entries of one user name. */
export function userFilterFor({ userFilter, attributes }: DirectoryDocument, username: string): string {
  return allOf(userFilter, equalityFilter(attributes.username, username));
}

type Connection = Pick<DirectoryDocument, 'url' | 'startTls'>;

function beginsWithTls(url: string): boolean {
  return new URL(url).protocol === 'ldaps:';
}

/** By TLS. */
export function isSecured({ url, startTls }: Connection): boolean {
  return startTls || beginsWithTls(url);
}

/** Passwords of users and the bind account cross the network as they are. */
export function isOpenConnection(connection: Connection): boolean {
  return !isSecured(connection) && !isLoopbackHost(new URL(connection.url).hostname.toLowerCase());
}
