import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'ldapts';
import { certificateMaker } from './certificates.js';
import { findProgram, privateEnvironment, startPrivateProcess, waitUntilReady } from './private-process.js';
import { createTemporaryFolder } from './temporary-folder.js';

export const DOMAIN = 'DC=corp,DC=example,DC=com';

const ADMINISTRATOR = { name: 'Administrator@corp.example.com', password: 'Passw0rd-of-admin' };

/** A busy machine needs minutes. */
const PROVISION_MS = 480_000;

const READY_MS = 120_000;

/** Samba as the domain controller of a domain of its own, with LDAP and nothing else. */
export type SambaServer = {
  readonly host: string;
  /** PEM. */
  readonly authority: string;
  /** Changes entries as the administrator of the domain. */
  change(work: (client: Client) => Promise<unknown>): Promise<void>;
  stop(): Promise<void>;
};

/** Its ports are fixed and below 1024: only root may open them. */
export function isSambaAvailable(): boolean {
  const programs = ['samba', 'samba-tool'].every((name) => findProgram(name) !== undefined);
  return programs && existsSync('/usr/share/samba/setup/ad-schema') && process.getuid?.() === 0;
}

/** Active Directory takes a password in this form, and only through TLS. */
export function unicodePassword(password: string): Buffer {
  return Buffer.from(`"${password}"`, 'utf16le');
}

export async function startSamba(): Promise<SambaServer> {
  const [program, tool] = [findProgram('samba'), findProgram('samba-tool')];
  if (program === undefined || tool === undefined) throw new Error('Samba is not on the PATH.');
  const folder = createTemporaryFolder('samba');
  // The ports are the same for all, so each test has an address of its own.
  const host = `127.${randomInt(1, 255)}.${randomInt(1, 255)}.${randomInt(1, 255)}`;
  const maker = certificateMaker(folder.path);
  const authority = maker.authority('Domain CA');
  const certificate = maker.certificate(authority, `IP:${host}`);
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder.path, name), text, { mode: 0o600 });
    return join(folder.path, name);
  };
  const network = [`--option=interfaces=${host}/8`, '--option=bind interfaces only=yes'];
  const options = { cwd: folder.path, environment: privateEnvironment(folder.path) };
  await promisify(execFile)(
    tool,
    [
      'domain',
      'provision',
      `--targetdir=${join(folder.path, 'domain')}`,
      '--realm=CORP.EXAMPLE.COM',
      '--domain=CORP',
      '--host-name=dc1',
      `--host-ip=${host}`,
      '--server-role=dc',
      '--dns-backend=NONE',
      `--adminpass=${ADMINISTRATOR.password}`,
      // A file system without extended attributes is enough.
      '--option=vfs objects=dfs_samba4 acl_xattr xattr_tdb',
      ...network,
    ],
    { cwd: folder.path, env: options.environment, timeout: PROVISION_MS },
  );
  const child = startPrivateProcess(
    program,
    [
      '-F',
      '--no-process-group',
      '--model=single',
      '--debug-stdout',
      `--configfile=${join(folder.path, 'domain', 'etc', 'smb.conf')}`,
      '--option=server services=ldap',
      `--option=tls keyfile=${file('server.key', certificate.key)}`,
      `--option=tls certfile=${file('server.pem', certificate.cert)}`,
      `--option=tls cafile=${file('authority.pem', authority.cert)}`,
      ...network,
    ],
    options,
  );
  const connected = async (work: (client: Client) => Promise<unknown>): Promise<void> => {
    const client = new Client({ url: `ldaps://${host}`, timeout: 60_000, tlsOptions: { ca: authority.cert } });
    try {
      await client.bind(ADMINISTRATOR.name, ADMINISTRATOR.password);
      await work(client);
    } finally {
      await client.unbind();
    }
  };
  const accepts = (): Promise<boolean> =>
    connected(() => Promise.resolve()).then(
      () => true,
      () => false,
    );
  await waitUntilReady('samba', child, accepts, READY_MS);
  return {
    host,
    authority: authority.cert,
    change: connected,
    async stop() {
      await child.end('SIGTERM');
      await folder.remove();
    },
  };
}
