import { isHeaderFieldName, parseAllowListEntry } from '@scopegate/network';
import type { FieldError } from '@scopegate/problem';
import { applyMergePatch } from '../common/validation/merge-patch.js';
import type { SettingsDocument } from './settings.js';

/** The longest allow list; a longer one belongs into a firewall. */
export const MAX_ALLOW_LIST_ENTRIES = 20_000;

/** The most trusted proxies. */
export const MAX_TRUSTED_PROXIES = 1_000;

export type SettingsCheck =
  | { readonly ok: true; readonly document: SettingsDocument }
  | { readonly ok: false; readonly errors: readonly FieldError[] };

/** A document whose members have the right types, while its lists may hold anything. */
export interface UncheckedSettings extends Omit<SettingsDocument, 'ipRestriction' | 'reverseProxy'> {
  readonly ipRestriction: Omit<SettingsDocument['ipRestriction'], 'allowList'> & {
    readonly allowList: readonly unknown[];
  };
  readonly reverseProxy: Omit<SettingsDocument['reverseProxy'], 'trustedProxies'> & {
    readonly trustedProxies: readonly unknown[];
  };
}

/**
 * Applies a merge patch to the settings. Enabling passwords turns the prevention of path traversal off, since it is
 * available only while they are disabled (R47); a patch that asks for both is left to the check to refuse.
 */
export function patchSettings(before: SettingsDocument, patch: unknown): object {
  const after = applyMergePatch({ ...before }, patch);
  const asked = (patch as { readonly passwords?: unknown }).passwords;
  const enables =
    typeof asked === 'object' &&
    asked !== null &&
    (asked as { readonly enabled?: unknown }).enabled === true &&
    !Object.hasOwn(asked, 'preventPathTraversal');
  return enables ? { ...after, passwords: { ...(after['passwords'] as object), preventPathTraversal: false } } : after;
}

/**
 * Checks what the types alone do not say, and writes every list entry in its canonical text, each once (R33, R47).
 * The whole document fits or nothing of it is saved.
 */
export function checkSettings(unchecked: UncheckedSettings): SettingsCheck {
  const errors: FieldError[] = [];
  const { ipRestriction, reverseProxy, passwords } = unchecked;
  const allowList = readEntries('ipRestriction.allowList', ipRestriction.allowList, errors);
  const trustedProxies = readEntries('reverseProxy.trustedProxies', reverseProxy.trustedProxies, errors);
  if (!isHeaderFieldName(reverseProxy.header)) {
    errors.push(
      fieldError('reverseProxy.header', 'must be the name of a header, such as X-Forwarded-For or Forwarded'),
    );
  }
  if (passwords.enabled && passwords.preventPathTraversal) {
    errors.push(
      fieldError(
        'passwords.preventPathTraversal',
        'is available only while passwords are disabled: set passwords.enabled to false, or leave this off',
      ),
    );
  }
  if (errors.length > 0) return { ok: false, errors };
  return {
    ok: true,
    document: {
      tokenValidity: { ...unchecked.tokenValidity },
      ipRestriction: { ...ipRestriction, allowList },
      reverseProxy: { ...reverseProxy, trustedProxies },
      passwords: { ...passwords },
      throttling: { ...unchecked.throttling },
      audit: { ...unchecked.audit },
      purge: { ...unchecked.purge },
    },
  };
}

function readEntries(field: string, values: readonly unknown[], errors: FieldError[]): readonly string[] {
  const entries = new Set<string>();
  for (const [index, value] of values.entries()) {
    const result = parseAllowListEntry(value);
    if (result.ok) {
      entries.add(result.entry.text);
    } else {
      errors.push({ field: `${field}.${index}`, message: `${field}.${index}: ${result.message}` });
    }
  }
  return [...entries];
}

function fieldError(field: string, message: string): FieldError {
  return { field, message: `${field} ${message}` };
}
