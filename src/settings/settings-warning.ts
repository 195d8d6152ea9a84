import { headerValues, type HeaderLines } from '@scopegate/kernel';
import { isAddressAllowed, resolveClientAddress, type AllowListEntry, type IpAddress } from '@scopegate/network';
import type { Warning } from '@scopegate/permission';
import type { Settings } from './settings.js';

export interface Requester {
  /** The other end of the socket. */
  readonly peer: string | undefined;
  readonly lines: HeaderLines;
}

/** Proxies name the client in these. */
const FORWARDING_HEADERS = ['x-forwarded-for', 'forwarded', 'x-real-ip'] as const;

/** The number of addresses in 10.0.0.0/8, the largest private network. */
const WIDE_IPV4 = 2 ** 24;

/** fc00::/7 is not wider in its first group. */
const WIDE_IPV6_GROUPS = 0x1ff;

/** Each names a consequence and the way out. Never prevents a save; the most serious first. */
export function settingsWarnings(settings: Settings, requester: Requester): readonly Warning[] {
  const warnings: Warning[] = [];
  warnOfOwnAddress(warnings, settings, requester);
  warnOfReverseProxy(warnings, settings);
  warnOfWideEntries(warnings, settings);
  warnOfPasswords(warnings, settings);
  warnOfWhatIsOff(warnings, settings);
  return warnings;
}

/** R41: uses the settings being saved, because they judge the next request. */
function warnOfOwnAddress(warnings: Warning[], settings: Settings, requester: Requester): void {
  const { client, header } = resolveClientAddress(requester.peer, requester.lines, settings.reverseProxyRules);
  if (isAddressAllowed(settings.allowList.set, client)) return;
  const who =
    client === null
      ? 'Your own address is ' +
        `unknown${header === null ? '' : `, because the header ${settings.reverseProxy.header} is not valid`}, ` +
        'and the allow list refuses requests without an address'
      : `Your own address ${client} is not on the allow list`;
  const way =
    client === null
      ? 'Check the reverse proxy settings, or empty the list.'
      : `Add ${client} to the list, or empty it to allow every address.`;
  warnings.push({
    code: 'own_address_not_allowed',
    message:
      `${who}: your requests with a token are refused, also at the management API. A password still works ` +
      `here. ${way}`,
  });
  if (settings.reverseProxy.enabled) return;
  const name = FORWARDING_HEADERS.find((known) => headerValues(requester.lines, known).length > 0);
  if (name === undefined) return;
  warnings.push({
    code: 'reverse_proxy_support_off',
    message:
      `This request carried a forwarding header (${name}), so it probably came through a reverse proxy. While ` +
      'reverse proxy support is off, every client of the proxy has the address of the proxy. Switch it on and ' +
      'add the proxy to the trusted proxies.',
  });
}

function warnOfReverseProxy(warnings: Warning[], settings: Settings): void {
  const { enabled, trustedProxies, header } = settings.reverseProxy;
  if (enabled && trustedProxies.length === 0) {
    warnings.push({
      code: 'no_trusted_proxies',
      message:
        `Reverse proxy support is on, but no proxy is trusted: ${header} is ignored, and every client of a proxy ` +
        'has the address of the proxy. List the addresses of your proxies.',
    });
  }
  if (!enabled && trustedProxies.length > 0) {
    warnings.push({
      code: 'trusted_proxies_not_used',
      message:
        'Proxies are listed as trusted, but reverse proxy support is off: every client of a proxy has the ' +
        'address of the proxy. Switch reverse proxy support on, or take them off the list.',
    });
  }
}

function warnOfWideEntries(warnings: Warning[], settings: Settings): void {
  const trusted = settings.trustedProxies.entries.filter(isWide);
  if (trusted.length > 0) {
    warnings.push({
      code: 'trusted_proxies_too_wide',
      message:
        `${nameEntries(trusted)} among the trusted proxies ${trusted.length === 1 ? 'covers' : 'cover'} a large ` +
        `part of the internet: a client there can send any address in ${settings.reverseProxy.header} and so ` +
        'pass the allow list. Trust only the addresses of your own proxies.',
    });
  }
  const allowed = settings.allowList.entries.filter(isWholeFamily);
  if (allowed.length > 0) {
    warnings.push({
      code: 'allow_list_without_effect',
      message:
        `${nameEntries(allowed)} on the allow list ${allowed.length === 1 ? 'allows' : 'allow'} every IPv4 or ` +
        'every IPv6 address, so the other entries of that kind have no effect. Take it off, or empty the list to ' +
        'allow every address.',
    });
  }
}

function warnOfPasswords(warnings: Warning[], settings: Settings): void {
  if (settings.passwords.enabled) return;
  warnings.push({
    code: 'passwords_disabled',
    message:
      'Passwords are disabled: requests with a password on REST paths are refused, and scripts that use one ' +
      'stop working. Let their owners create tokens first, or enable passwords again.',
  });
  if (!settings.passwords.preventPathTraversal) {
    warnings.push({
      code: 'path_traversal_not_prevented',
      message:
        'Requests without a token are forwarded even if their path is ambiguous; only passwords on paths that ' +
        'can be read as REST paths are refused. Switch passwords.preventPathTraversal on to refuse all ambiguous ' +
        'paths.',
    });
  }
}

function warnOfWhatIsOff(warnings: Warning[], settings: Settings): void {
  const { audit, throttling } = settings;
  const off = [
    audit.successes ? null : 'successful authentications',
    audit.failures ? null : 'failed authentications',
    audit.denials ? null : 'denied permissions',
  ].filter((kind) => kind !== null);
  if (off.length > 0) {
    warnings.push({
      code: 'audit_switched_off',
      message:
        `The audit log records no ${off.join(' and no ')}, so you cannot find out later what happened. Switch ` +
        'them on again in audit.',
    });
  }
  if (audit.failOpen) {
    warnings.push({
      code: 'audit_fails_open',
      message:
        'If events cannot be recorded (the disk is full, or the journal is full while the database cannot be ' +
        'reached), requests are forwarded without a record. Later only their number is recorded, not who used ' +
        'which token. Switch audit.failOpen off to refuse such requests instead.',
    });
  }
  if (throttling.maxFailures === 0) {
    warnings.push({
      code: 'throttling_switched_off',
      message:
        'Failed authentications are not throttled, so an attacker can guess tokens and passwords as fast as they ' +
        'like. Set throttling.maxFailures to more than 0.',
    });
  }
}

/** Larger than any private network. */
function isWide({ first, last }: AllowListEntry): boolean {
  return isIpv6(first)
    ? firstGroup(last) - firstGroup(first) > WIDE_IPV6_GROUPS
    : ipv4Number(last) - ipv4Number(first) >= WIDE_IPV4;
}

function isWholeFamily({ first, last }: AllowListEntry): boolean {
  return isIpv6(first)
    ? first === '::' && last === 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'
    : first === '0.0.0.0' && last === '255.255.255.255';
}

function isIpv6(address: IpAddress): boolean {
  return address.includes(':');
}

function ipv4Number(address: IpAddress): number {
  return address.split('.').reduce((number, octet) => number * 256 + Number(octet), 0);
}

function firstGroup(address: IpAddress): number {
  return Number.parseInt(address.slice(0, address.indexOf(':')) || '0', 16);
}

function nameEntries(entries: readonly AllowListEntry[]): string {
  const named = entries
    .slice(0, 3)
    .map(({ text }) => text)
    .join(', ');
  return entries.length > 3 ? `${named} and ${entries.length - 3} more` : named;
}
