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
 * Applies a merge patch to the settings. Enabling passwords turns the prevention of path traversal off, since it is
 * available only while they are disabled (R47). A patch that sets both is left to the check, which refuses it.
 */
export function patchSettings(before: SettingsDocument, patch: unknown): object {
  const after = applyMergePatch({ ...before }, patch);
  const { passwords } = patch as { readonly passwords?: unknown };
  const enables =
    isJsonObject(passwords) && passwords['enabled'] === true && !Object.hasOwn(passwords, 'preventPathTraversal');
  return enables ? { ...after, passwords: { ...(after['passwords'] as object), preventPathTraversal: false } } : after;
}

/**
 * Checks what the types alone do not say, and writes every list entry in its canonical text, each once (R33, R47).
 * Either the whole document is valid or nothing is saved.
 * @param body has members of the right types; its lists may hold anything
 * @param known the settings parsed before, so that unchanged lists are not parsed again
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
