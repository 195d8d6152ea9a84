import { isJsonObject } from '@scopegate/kernel';
import { isHeaderFieldName } from '@scopegate/network';
import type { FieldError } from '@scopegate/problem';
import { applyMergePatch } from '../common/validation/merge-patch.js';
import { sectionsOf } from '../documents/stored-document.js';
import { DEFAULT_SETTINGS, type SettingsDocument } from './dto/settings.dto.js';
import { parseAddressList, settingsOf, type AddressList, type Settings } from './settings.js';

export type SettingsCheck =
  { readonly ok: true; readonly settings: Settings } | { readonly ok: false; readonly errors: readonly FieldError[] };

/**
 * R47: enabling passwords disables the check for path traversal, which requires disabled passwords. If the patch sets
 * both, the check refuses it.
 */
export function patchSettings(before: SettingsDocument, patch: unknown): object {
  const after = applyMergePatch({ ...before }, patch);
  const { passwords } = patch as { readonly passwords?: unknown };
  const enables =
    isJsonObject(passwords) && passwords['enabled'] === true && !Object.hasOwn(passwords, 'preventPathTraversal');
  return enables ? { ...after, passwords: { ...(after['passwords'] as object), preventPathTraversal: false } } : after;
}

/**
 * R33, R47: checks what types cannot; list entries become canonical and unique.
 * @param body its lists may contain anything
 * @param known the previous settings, to reuse unchanged lists
 */
export function checkSettings(body: SettingsDocument, known: Settings | null = null): SettingsCheck {
  const errors: FieldError[] = [];
  const note = (field: string, message: string): void => void errors.push({ field, message: `${field}${message}` });
  const parse = (field: string, texts: readonly unknown[], list: AddressList | undefined): AddressList =>
    parseAddressList(texts, list, (index, message) => note(`${field}.${index}`, `: ${message}`));
  const { ipRestriction, reverseProxy, passwords } = body;
  const allowList = parse('ipRestriction.allowList', ipRestriction.allowList, known?.allowList);
  const trustedProxies = parse('reverseProxy.trustedProxies', reverseProxy.trustedProxies, known?.trustedProxies);
  if (!isHeaderFieldName(reverseProxy.header)) {
    note('reverseProxy.header', ' must be the name of a header, such as X-Forwarded-For or Forwarded');
  }
  if (passwords.enabled && passwords.preventPathTraversal) {
    note(
      'passwords.preventPathTraversal',
      ' is available only while passwords are disabled: set passwords.enabled to false, or leave this off',
    );
  }
  if (errors.length > 0) return { ok: false, errors };
  return { ok: true, settings: settingsOf(sectionsOf(DEFAULT_SETTINGS, body), allowList, trustedProxies) };
}
