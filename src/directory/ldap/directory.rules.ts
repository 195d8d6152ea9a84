import { isIP } from 'node:net';

export const SYNC_MINUTES = { least: 1, most: 1_440, usual: 15 } as const;

export const MAX_DEACTIVATIONS = 20;

const URL_FORM = /^ldaps?:\/\/(\[[\da-f:.]+\]|[a-z\d](?:[a-z\d.-]*[a-z\d])?)(?::([1-9]\d{0,4}))?\/?$/i;

export function directoryUrlProblem(text: string): string | null {
  const [, host = '', port = '389'] = URL_FORM.exec(text) ?? [];
  const isHost = host.startsWith('[') ? isIP(host.slice(1, -1)) === 6 : host.length > 0 && host.length <= 253;
  return isHost && Number(port) <= 65_535
    ? null
    : 'must be ldap://host:port or ldaps://host:port, without a path, a user or a query';
}
