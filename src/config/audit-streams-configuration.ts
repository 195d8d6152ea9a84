import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ConfigurationError, readSecret, readSwitch, readText, type Environment } from './environment.reader.js';

/** Each is off unless it is set. */
export interface AuditStreamsConfiguration {
  readonly stdout: boolean;
  readonly file: string | null;
  readonly syslog: { readonly protocol: 'udp' | 'tcp'; readonly host: string; readonly port: number } | null;
  /** With a secret, requests are signed. */
  readonly webhook: { readonly url: string; readonly secret: string | null } | null;
}

/** @throws ConfigurationError */
export function readAuditStreams(environment: Environment): AuditStreamsConfiguration {
  return {
    stdout: readSwitch(environment, 'SCOPEGATE_AUDIT_STDOUT', false),
    file: readAuditFile(environment),
    syslog: readAuditSyslog(environment),
    webhook: readAuditWebhook(environment),
  };
}

function readAuditFile(environment: Environment): string | null {
  const name = 'SCOPEGATE_AUDIT_FILE';
  const value = readText(environment, name);
  if (value === null) return null;
  const file = resolve(value);
  if (value.endsWith('/') || isFolder(file)) throw new ConfigurationError(`${name} must name a file, not a folder.`);
  if (!isFolder(dirname(file))) throw new ConfigurationError(`${name}: there is no folder "${dirname(file)}".`);
  return file;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function readAuditSyslog(environment: Environment): AuditStreamsConfiguration['syslog'] {
  const value = readText(environment, 'SCOPEGATE_AUDIT_SYSLOG');
  if (value === null) return null;
  const url = URL.canParse(value) ? new URL(value) : null;
  const protocol = url?.protocol === 'udp:' ? 'udp' : url?.protocol === 'tcp:' ? 'tcp' : null;
  const host = url?.hostname.replace(/^\[|\]$/g, '') ?? '';
  const port = Number(url?.port ?? '');
  const hasMore = url !== null && url.username + url.password + url.search + url.hash + url.pathname.slice(1) !== '';
  if (protocol === null || host === '' || port === 0 || hasMore) {
    throw new ConfigurationError('SCOPEGATE_AUDIT_SYSLOG must look like udp://host:514 or tcp://host:601.');
  }
  return { protocol, host, port };
}

function readAuditWebhook(environment: Environment): AuditStreamsConfiguration['webhook'] {
  const name = 'SCOPEGATE_AUDIT_WEBHOOK';
  const value = readText(environment, name);
  const key = readSecret(environment, `${name}_SECRET`);
  if (value === null) {
    if (key !== null) throw new ConfigurationError(`${name}_SECRET has no effect without ${name}.`);
    return null;
  }
  const url = /^https?:\/\//i.test(value) && URL.canParse(value) ? new URL(value) : null;
  // Does not repeat the address: webhook addresses are often secrets.
  if (url === null) throw new ConfigurationError(`${name} must look like https://host/path.`);
  if (url.username !== '' || url.password !== '' || url.hash !== '') {
    throw new ConfigurationError(`${name} must not contain a user name, a password or a fragment.`);
  }
  return { url: url.href, secret: key };
}
