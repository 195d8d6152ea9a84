export { addressBlock, parseIpAddress, parseNode, type IpAddress } from './address.js';
export { parseAllowListEntry, sameEntry, type AllowListEntry, type AllowListEntryResult } from './allow-list-entry.js';
export { addressSetOf, compileAddressSet, isAddressAllowed, type AddressSet } from './address-set.js';
export { clientBlock } from './client-block.js';
export { resolveClientAddress, type ClientAddress, type ReverseProxyRules } from './client-address.js';
export { isHeaderFieldName } from './header-field-name.js';
export { parseAuthority, type Authority } from './authority.js';
export { readAuthority, readHostLine, type AuthorityFacts, type AuthorityReading } from './request-authority.js';
export { forwardingOf, type Forwarding } from './forwarding.js';
