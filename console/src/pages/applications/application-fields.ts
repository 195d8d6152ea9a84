import type { Application, Identity } from '../../data/applications';
import type { Warning } from '../../documents/field-texts';

/** Members that have fields of their own. */
const LABELS: Readonly<Partial<Record<keyof Application, string>>> = {
  name: 'Name',
  version: 'Version',
  mount: 'Where clients reach it',
  upstream: 'Address of the application',
  anonymous: 'Requests without a credential',
  passwords: 'Requests with a password',
  nativeTokensDisabled: 'Tokens of the product itself',
  identity: 'How the application learns who it is',
  readOnlyExceptions: 'Calls that count as reads',
  tokenPaths: 'Token paths',
  blockedPaths: 'Blocked paths',
};

/** Shown, and not changed by the form. `encodedSlashes` is the earlier name of `paths`. */
const FIXED: readonly string[] = ['key', 'kind', 'warnings', 'chosen', 'encodedSlashes'];

/** Members that show their errors themselves. */
export const APPLICATION_FIELDS: readonly string[] = Object.keys(LABELS);

/** The name of the text of JSON in the places of warnings. */
export const REST = 'rest';

/** The members without a field of their own, for the text of JSON. */
export function restOf(application: Application): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(application).filter(([name]) => !APPLICATION_FIELDS.includes(name) && !FIXED.includes(name)),
  );
}

const FIELDS: Readonly<Record<string, string>> = {
  native_tokens_enabled: 'nativeTokensDisabled',
  upstream_not_encrypted: 'upstream',
  upstream_is_a_mount: 'upstream',
  host_chosen_by_client: REST,
  tls_not_used: REST,
  identity_without_user: 'identity',
  identity_refused: 'identity',
  fixed_value_readable: 'identity',
  exception_too_wide: 'readOnlyExceptions',
  token_path_too_wide: 'tokenPaths',
  anonymous_allowed: 'anonymous',
  passwords_forwarded: 'passwords',
};

export function fieldsOfWarning({ code }: Warning): readonly string[] {
  const field = FIELDS[code];
  return field === undefined ? [] : [field];
}

export function applicationLabel(field: string): string | undefined {
  const name = field.split('.')[0] ?? '';
  if (FIXED.includes(name)) return undefined;
  return LABELS[name as keyof Application] ?? field;
}

/** "/jira", "jira.example.com" or both. */
export function mountText({ mount }: Pick<Application, 'mount'>): string {
  return `${mount.host ?? ''}${mount.pathPrefix ?? ''}`;
}

/** In a few words. */
export function identityText({ identity }: { readonly identity: Pick<Identity, 'mode' | 'perUser'> }): string {
  if (identity.mode === 'jwt') return 'Signed assertion';
  if (identity.mode === 'headers') return 'Headers';
  return identity.perUser === true ? 'Credential of each user' : 'Service account';
}

/** A key may be `new`, which is also the page of a new application. */
export function applicationPath(key: string): string {
  return key === 'new' ? '/applications/new/edit' : `/applications/${encodeURIComponent(key)}`;
}
