export const DIRECTORY_PRESETS = ['openldap', 'active-directory'] as const;

export type DirectoryPreset = (typeof DIRECTORY_PRESETS)[number];

/** The names of attributes that an administrator may choose. */
export interface AttributeNames {
  readonly username: string;
  readonly displayName: string;
  readonly email: string;
  /** Null: no attribute says that a user is disabled. */
  readonly disabled: string | null;
}

export interface PresetRules {
  readonly userFilter: string;
  readonly attributes: AttributeNames;
  readonly groupFilter: string;
  /** Holds the distinguished names of members, or the user names if it is `memberUid`. */
  readonly groupMember: string;
  readonly groupName: string;
  /** Attributes that never change while the entry exists, the best one first. */
  readonly entryIds: readonly string[];
  /** The server finds members of nested groups itself, by `memberInChainFilter`. */
  readonly hasMatchingRuleInChain: boolean;
  /** The server leaves out references to other parts of a domain if it is asked to. */
  readonly hasDomainScopeControl: boolean;
}

const RULES: Readonly<Record<DirectoryPreset, PresetRules>> = {
  openldap: {
    userFilter: '(objectClass=inetOrgPerson)',
    attributes: { username: 'uid', displayName: 'cn', email: 'mail', disabled: null },
    groupFilter: '(objectClass=groupOfNames)',
    groupMember: 'member',
    groupName: 'cn',
    entryIds: ['entryUUID', 'nsUniqueId'],
    hasMatchingRuleInChain: false,
    hasDomainScopeControl: false,
  },
  'active-directory': {
    userFilter: '(&(objectCategory=person)(objectClass=user))',
    attributes: {
      username: 'sAMAccountName',
      displayName: 'displayName',
      email: 'mail',
      disabled: 'userAccountControl',
    },
    groupFilter: '(objectClass=group)',
    groupMember: 'member',
    groupName: 'cn',
    entryIds: ['objectGUID'],
    hasMatchingRuleInChain: true,
    hasDomainScopeControl: true,
  },
};

export function presetRules(preset: DirectoryPreset): PresetRules {
  return RULES[preset];
}
