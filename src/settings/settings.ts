import { addressSetOf, parseAllowListEntry } from '@scopegate/network';
import type { AddressSet, AllowListEntry, ReverseProxyRules } from '@scopegate/network';
import type { SettingsDocument } from './dto/settings.dto.js';

export interface AddressList {
  readonly entries: readonly AllowListEntry[];
  readonly set: AddressSet;
}

/** Immutable, with lists for the hot path. */
export interface Settings extends SettingsDocument {
  /** `ipRestriction.allowList` */
  readonly allowList: AddressList;
  /** `reverseProxy.trustedProxies` */
  readonly trustedProxies: AddressList;
  readonly reverseProxyRules: ReverseProxyRules;
}

/**
 * @param known the previous settings, to reuse unchanged lists
 * @throws Error if a stored entry is invalid, because its meaning is unknown
 */
export function toSettings(document: SettingsDocument, known: Settings | null = null): Settings {
  return settingsOf(
    document,
    parseAddressList(document.ipRestriction.allowList, known?.allowList, refuseStored),
    parseAddressList(document.reverseProxy.trustedProxies, known?.trustedProxies, refuseStored),
  );
}

function refuseStored(_index: number, message: string): never {
  throw new Error(`A stored list of addresses contains an invalid entry. ${message}`);
}

/** Its list entries are canonical. */
export function settingsOf(document: SettingsDocument, allowList: AddressList, trustedProxies: AddressList): Settings {
  const { ipRestriction, reverseProxy } = document;
  return {
    ...document,
    ipRestriction: { ...ipRestriction, allowList: allowList.entries.map(({ text }) => text) },
    reverseProxy: { ...reverseProxy, trustedProxies: trustedProxies.entries.map(({ text }) => text) },
    allowList,
    trustedProxies,
    reverseProxyRules: { enabled: reverseProxy.enabled, trusted: trustedProxies.set, header: reverseProxy.header },
  };
}

/** Keeps one of several spellings of an entry. */
export function parseAddressList(
  texts: readonly unknown[],
  known: AddressList | undefined,
  refuse: (index: number, message: string) => void,
): AddressList {
  const isKnown = texts.length === known?.entries.length && known.entries.every(({ text }, i) => text === texts[i]);
  if (isKnown) return known;
  const entries = new Map<string, AllowListEntry>();
  for (const [index, text] of texts.entries()) {
    const result = parseAllowListEntry(text);
    if (result.ok) entries.set(result.entry.text, result.entry);
    else refuse(index, result.message);
  }
  const unique = [...entries.values()];
  return { entries: unique, set: addressSetOf(unique) };
}
