import { readGroups } from './address.js';

/**
 * The addresses of one client: an IPv4 address, or the /64 of an IPv6 address, because one client has all of it (RFC
 * 6177).
 */
export function clientBlock(address: string): string {
  if (!address.includes(':')) return address;
  const groups = readGroups(address);
  return groups === null ? address : `${groups.slice(0, 4).map(toHex).join(':')}::/64`;
}

function toHex(group: number): string {
  return group.toString(16);
}
