/** How a setting is shown and typed. */
export type SettingField = {
  /** Of the section, such as `maxFailures`. */
  readonly name: string;
  /** With the unit. */
  readonly label: string;
  readonly hint?: string;
} & (
  | { readonly kind: 'toggle'; /** Can be switched on only while this one is off. */ readonly onlyWithout?: string }
  | { readonly kind: 'number' }
  /** One text, or one number, a line. */
  | { readonly kind: 'lines' }
  | { readonly kind: 'numbers' }
  | { readonly kind: 'text' }
  | { readonly kind: 'choice'; readonly options: readonly { readonly value: string; readonly label: string }[] }
);

export interface SettingSection {
  readonly name: string;
  readonly title: string;
  readonly explanation: string;
  readonly fields: readonly SettingField[];
}

const VALIDITIES = [
  { value: 'P1M', label: '1 month' },
  { value: 'P2M', label: '2 months' },
  { value: 'P3M', label: '3 months' },
  { value: 'P4M', label: '4 months' },
  { value: 'P5M', label: '5 months' },
  { value: 'P6M', label: '6 months' },
  { value: 'P1Y', label: '1 year' },
  { value: 'P2Y', label: '2 years' },
  { value: 'never', label: 'No limit' },
] as const;

const ADDRESSES = 'One a line: an address, a network such as 203.0.113.0/24, or a range such as 192.0.2.5-192.0.2.9.';

/** All settings, in the order of the page. A section that the server does not have is left out. */
export const SETTING_SECTIONS: readonly SettingSection[] = [
  {
    name: 'tokenValidity',
    title: 'Validity of tokens',
    explanation: 'How long tokens may live.',
    fields: [
      {
        kind: 'choice',
        name: 'maximum',
        label: 'Longest validity of a new token',
        hint: 'Tokens that exist keep theirs.',
        options: VALIDITIES,
      },
      {
        kind: 'toggle',
        name: 'applyAtUse',
        label: 'Also for tokens that exist',
        hint: 'Counted from their creation. Tokens that are older than the longest validity stop working.',
      },
    ],
  },
  {
    name: 'ipRestriction',
    title: 'Allowed addresses',
    explanation: 'From where tokens may be used. With an empty list, from everywhere.',
    fields: [
      { kind: 'lines', name: 'allowList', label: 'Allow list', hint: ADDRESSES },
      { kind: 'toggle', name: 'applyToPasswords', label: 'Also for requests with a password' },
    ],
  },
  {
    name: 'reverseProxy',
    title: 'Reverse proxy',
    explanation: 'Where the address of a client comes from if a proxy stands in front of this server.',
    fields: [
      {
        kind: 'toggle',
        name: 'enabled',
        label: 'Clients come through a reverse proxy',
        hint: 'Off: the address of the connection counts, and headers about the client are ignored.',
      },
      {
        kind: 'lines',
        name: 'trustedProxies',
        label: 'Trusted proxies',
        hint: `Only your own proxies: they can name any address as that of the client. ${ADDRESSES}`,
      },
      {
        kind: 'text',
        name: 'header',
        label: 'Header with the address of the client',
        hint: 'Such as X-Forwarded-For or Forwarded.',
      },
    ],
  },
  {
    name: 'passwords',
    title: 'Passwords',
    explanation: 'Whether applications still accept passwords. It does not affect logging in here.',
    fields: [
      {
        kind: 'toggle',
        name: 'enabled',
        label: 'Applications accept passwords',
        hint: 'Off: a password on a REST path is refused and never forwarded.',
      },
      {
        kind: 'toggle',
        name: 'preventPathTraversal',
        label: 'Refuse ambiguous paths of all clients',
        hint: 'Only while passwords are off. A path is ambiguous if two servers could read it in different ways.',
        onlyWithout: 'enabled',
      },
    ],
  },
  {
    name: 'throttling',
    title: 'Throttling',
    explanation: 'How many failed authentications are allowed before more of them are refused for a while.',
    fields: [
      {
        kind: 'number',
        name: 'maxFailures',
        label: 'Failures within the window',
        hint: 'For one address and user name; five times as many for one address. 0 switches throttling off.',
      },
      { kind: 'number', name: 'windowSeconds', label: 'Window (seconds)' },
    ],
  },
  {
    name: 'audit',
    title: 'Audit log',
    explanation: 'What is recorded. Changes to settings, users and tokens always are.',
    fields: [
      { kind: 'toggle', name: 'successes', label: 'Successful authentications' },
      { kind: 'toggle', name: 'failures', label: 'Failed authentications' },
      { kind: 'toggle', name: 'denials', label: 'Denied permissions' },
      {
        kind: 'toggle',
        name: 'anonymous',
        label: 'Requests without a credential',
        hint: 'Also those with only the cookie of a browser. There can be many.',
      },
      {
        kind: 'toggle',
        name: 'failOpen',
        label: 'Forward requests that cannot be recorded',
        hint: 'Off: if the disk is full, requests are refused. On: they are forwarded, and only counted.',
      },
      { kind: 'number', name: 'retentionDays', label: 'Keep events for (days)' },
    ],
  },
  {
    name: 'purge',
    title: 'Clean-up',
    explanation: 'When tokens that have ended leave the list.',
    fields: [
      {
        kind: 'number',
        name: 'expiredTokensAfterDays',
        label: 'Remove expired and revoked tokens after (days)',
      },
    ],
  },
  {
    name: 'reminders',
    title: 'Reminders',
    explanation: 'Owner and creator of a token are told before it ends.',
    fields: [
      {
        kind: 'numbers',
        name: 'days',
        label: 'Days before the end',
        hint: 'One number a line, such as 30, 7 and 1. Empty: never.',
      },
      {
        kind: 'toggle',
        name: 'mail',
        label: 'Also by mail',
        hint: 'Needs a mail server in the configuration of this server. The audit log has the reminders in any case.',
      },
    ],
  },
];

/** Of every setting, such as `throttling.maxFailures`. */
export const SETTING_FIELDS: readonly string[] = SETTING_SECTIONS.flatMap(({ name, fields }) =>
  fields.map((field) => `${name}.${field.name}`),
);

/** The setting that a warning is about, by its code. A warning that is not named here stands at the top. */
export const SETTING_OF_WARNING: Readonly<Record<string, string>> = {
  own_address_not_allowed: 'ipRestriction.allowList',
  allow_list_without_effect: 'ipRestriction.allowList',
  reverse_proxy_support_off: 'reverseProxy.enabled',
  trusted_proxies_not_used: 'reverseProxy.enabled',
  no_trusted_proxies: 'reverseProxy.trustedProxies',
  trusted_proxies_too_wide: 'reverseProxy.trustedProxies',
  passwords_disabled: 'passwords.enabled',
  path_traversal_not_prevented: 'passwords.preventPathTraversal',
  audit_switched_off: 'audit.successes',
  audit_fails_open: 'audit.failOpen',
  throttling_switched_off: 'throttling.maxFailures',
  reminders_not_mailed: 'reminders.mail',
};

/** Locks the saver out, at least with a token. */
export const OWN_ADDRESS_WARNING = 'own_address_not_allowed';

/** The words for a setting such as `throttling.maxFailures`. */
export function settingLabel(field: string): string | undefined {
  for (const section of SETTING_SECTIONS) {
    const found = section.fields.find(({ name }) => `${section.name}.${name}` === field);
    if (found !== undefined) return `${section.title}: ${found.label}`;
  }
  return undefined;
}
