import type { Permissions } from '../../data/permissions';
import type { Warning } from '../../documents/field-texts';

export type PermissionName = Exclude<keyof Permissions, 'warnings'>;

export interface PermissionField {
  readonly title: string;
  /** What a holder may do. */
  readonly explanation: string;
  readonly groupsLabel: string;
  /** Whether everybody can be allowed at once. */
  readonly hasEveryone: boolean;
  readonly everyoneLabel: string;
}

/** In the order of the page. */
export const PERMISSION_FIELDS: Readonly<Record<PermissionName, PermissionField>> = {
  useTokens: {
    title: 'Use tokens',
    explanation: 'Whose tokens are accepted. The tokens of everybody else are refused at once, and stay on the list.',
    groupsLabel: 'Groups that may use tokens',
    hasEveryone: true,
    everyoneLabel: 'Everyone may use tokens',
  },
  createForSelf: {
    title: 'Create own tokens',
    explanation: 'Who may create tokens for themselves. Tokens that exist stay as they are.',
    groupsLabel: 'Groups that may create their own tokens',
    hasEveryone: true,
    everyoneLabel: 'Everyone may create their own tokens',
  },
  createOnBehalf: {
    title: 'Create tokens for others',
    explanation:
      'Who may create a token for any user, and see and revoke all tokens. A token for any user is a login as any user, so this is never for everyone.',
    groupsLabel: 'Groups that may create tokens for others',
    hasEveryone: false,
    everyoneLabel: '',
  },
  introspect: {
    title: 'Ask about tokens',
    explanation:
      'Who may ask by POST /introspect whether a token is valid, and for the decision about a request: services, not people. Administrators always may.',
    groupsLabel: 'Groups that may ask about tokens',
    hasEveryone: false,
    everyoneLabel: '',
  },
};

export const PERMISSION_NAMES = Object.keys(PERMISSION_FIELDS) as readonly PermissionName[];

/** The field of a warning by its code; those about groups follow from the document. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  nobody_may_use_tokens: ['useTokens'],
  nobody_may_create_tokens: ['createForSelf'],
  creators_may_not_use_tokens: ['useTokens'],
  saver_may_not_use_tokens: ['useTokens'],
  saver_may_not_create_tokens: ['createForSelf'],
  nobody_may_create_read_write_tokens: ['createForSelf.readOnlyOnly'],
};

/** @param permissions those that the warning is about */
export function fieldsOfWarning({ code, message }: Warning, permissions: Permissions): readonly string[] {
  if (code === 'group_without_members') {
    const names = (groups: readonly string[]): boolean => groups.some((group) => message.includes(`"${group}"`));
    return PERMISSION_NAMES.filter((name) => names(permissions[name].groups)).map((name) => `${name}.groups`);
  }
  if (code === 'groups_not_consulted') {
    return (['useTokens', 'createForSelf'] as const).filter(
      (name) => permissions[name].everyone && permissions[name].groups.length > 0,
    );
  }
  return FIELDS[code] ?? [];
}

const LABELS: Readonly<Record<string, string>> = { everyone: 'everyone', readOnlyOnly: 'read-only tokens alone' };

/** The words for a member such as `useTokens.groups`. */
export function permissionLabel(field: string): string | undefined {
  const [name = '', member = ''] = field.split('.');
  const known = PERMISSION_FIELDS[name as PermissionName] as PermissionField | undefined;
  if (known === undefined) return undefined;
  return member === 'groups' ? known.groupsLabel : `${known.title}, ${LABELS[member] ?? member}`;
}
