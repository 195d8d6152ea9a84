import { readGroups } from './address.js';

/**
 * The addresses that count as one client: an IPv4 address alone, and the /64 of an IPv6 address, since whoever has one
 * address of it has all of them (RFC 6177).
 * @param address as `parseIpAddress` or `resolveClientAddress` gives it
 * @returns a text that is the same for all addresses of one client
 */
export function clientBlock(address: string): string {
  if (!address.includes(':')) return address;
  const groups = readGroups(address);
  return groups === null ? address : `${groups.slice(0, 4).map(toHex).join(':')}::/64`;
}

function toHex(group: number): string {
  return group.toString(16);
}
