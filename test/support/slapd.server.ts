import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'ldapts';
import { certificateMaker, type CertificateWithKey } from './certificates.js';
import { freePort } from './free-port.js';
import { findProgram } from './private-process.js';
import { PRIVATE_HOST, startPrivateServer, type PrivateServer } from './private-server.js';
import { createTemporaryFolder } from './temporary-folder.js';

export const SUFFIX = 'dc=example,dc=com';

/** May read everything, and change nothing. */
export const READER = { dn: `cn=reader,${SUFFIX}`, password: 'reader password' };

/** May read everything, but gets at most 500 entries. */
export const LIMITED = { dn: `cn=limited,${SUFFIX}`, password: 'limited password' };

const ADMIN = { dn: `cn=admin,${SUFFIX}`, password: 'admin password' };

const SCHEMAS = '/etc/ldap/schema';

/** An entry to begin with. */
export type LdapEntry = {
  readonly dn: string;
  readonly attributes: Readonly<Record<string, string | readonly string[]>>;
};

/** OpenLDAP's slapd of one test file, with StartTLS, and an ldaps port with the same certificate. */
export type SlapdServer = PrivateServer & {
  readonly url: string;
  readonly secureUrl: string;
  /** Of its certificate, for 127.0.0.1 and localhost. */
  readonly authority: CertificateWithKey;
  /** Changes entries as the administrator of the directory. */
  change(work: (client: Client) => Promise<unknown>): Promise<void>;
  /** SIGSTOP: connections are accepted by the system, and nothing answers. */
  hang(): void;
  goOn(): void;
};

export function isSlapdAvailable(): boolean {
  const programs = ['slapd', 'slapadd'].every((name) => findProgram(name) !== undefined);
  return programs && existsSync(join(SCHEMAS, 'inetorgperson.schema'));
}

/** A user with the password `password of <name>`. */
export function person(uid: string, more: LdapEntry['attributes'] = {}): LdapEntry {
  const attributes = { objectClass: 'inetOrgPerson', uid, cn: `Person ${uid}`, sn: uid, mail: `${uid}@example.com` };
  return { dn: personDn(uid), attributes: { ...attributes, userPassword: `password of ${uid}`, ...more } };
}

export function personDn(uid: string): string {
  return `uid=${uid},ou=people,${SUFFIX}`;
}

/** @param members distinguished names, at least one */
export function ldapGroup(cn: string, members: readonly string[]): LdapEntry {
  return { dn: groupDn(cn), attributes: { objectClass: 'groupOfNames', cn, member: members } };
}

export function groupDn(cn: string): string {
  return `cn=${cn},ou=groups,${SUFFIX}`;
}

/**
 * Starts slapd with the entries below the suffix.
 * @param configuration further lines of the database, such as `sizelimit 10`
 */
export async function startSlapd(entries: readonly LdapEntry[], configuration = ''): Promise<SlapdServer> {
  const [program, loader] = [findProgram('slapd'), findProgram('slapadd')];
  if (program === undefined || loader === undefined) throw new Error('slapd is not on the PATH.');
  const certificates = createTemporaryFolder('slapd-tls');
  const maker = certificateMaker(certificates.path);
  const authority = maker.authority('Directory CA');
  const certificate = maker.certificate(authority, 'DNS:localhost,IP:127.0.0.1');
  await certificates.remove();
  const securePort = await freePort();
  const server = await startPrivateServer({
    name: 'slapd',
    program,
    argumentsFor: (folder, port) => [
      '-h',
      `ldap://${PRIVATE_HOST}:${port} ldaps://${PRIVATE_HOST}:${securePort}`,
      '-f',
      join(folder, 'slapd.conf'),
      '-d',
      '0',
    ],
    accepts: (port) => answers(port),
    readyTimeoutMs: 60_000,
    prepare: (folder, options) => {
      write(folder, 'server.pem', certificate.cert);
      write(folder, 'server.key', certificate.key);
      write(folder, 'slapd.conf', configurationOf(folder, configuration));
      write(folder, 'entries.ldif', ldif([...BASE_ENTRIES, ...entries]));
      mkdirSync(join(folder, 'data'));
      const { user } = options;
      if (user !== undefined) {
        for (const name of ['server.pem', 'server.key', 'slapd.conf', 'entries.ldif', 'data']) {
          chownSync(join(folder, name), user.uid, user.gid);
        }
      }
      const load = ['-q', '-f', join(folder, 'slapd.conf'), '-l', join(folder, 'entries.ldif')];
      execFileSync(loader, load, {
        stdio: ['ignore', 'ignore', 'pipe'],
        ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }),
      });
      return Promise.resolve();
    },
  });
  const url = `ldap://${PRIVATE_HOST}:${server.port}`;
  return Object.assign(server, {
    url,
    secureUrl: `ldaps://${PRIVATE_HOST}:${securePort}`,
    authority,
    async change(work: (client: Client) => Promise<unknown>): Promise<void> {
      const client = new Client({ url, timeout: 30_000 });
      try {
        await client.bind(ADMIN.dn, ADMIN.password);
        await work(client);
      } finally {
        await client.unbind();
      }
    },
    hang: () => void process.kill(server.pid, 'SIGSTOP'),
    goOn: () => void process.kill(server.pid, 'SIGCONT'),
  });
}

const BASE_ENTRIES: readonly LdapEntry[] = [
  { dn: SUFFIX, attributes: { objectClass: ['dcObject', 'organization'], dc: 'example', o: 'Example' } },
  { dn: `ou=people,${SUFFIX}`, attributes: { objectClass: 'organizationalUnit', ou: 'people' } },
  { dn: `ou=groups,${SUFFIX}`, attributes: { objectClass: 'organizationalUnit', ou: 'groups' } },
  ...[READER, LIMITED].map(({ dn, password }) => ({
    dn,
    attributes: { objectClass: 'person', cn: dn.slice(3, dn.indexOf(',')), sn: 'service', userPassword: password },
  })),
];

function configurationOf(folder: string, more: string): string {
  const schemas = ['core', 'cosine', 'inetorgperson'].map((name) => `include ${join(SCHEMAS, `${name}.schema`)}`);
  return [
    ...schemas,
    'modulepath /usr/lib/ldap',
    'moduleload back_mdb',
    `pidfile ${join(folder, 'slapd.pid')}`,
    `TLSCertificateFile ${join(folder, 'server.pem')}`,
    `TLSCertificateKeyFile ${join(folder, 'server.key')}`,
    'database mdb',
    `suffix "${SUFFIX}"`,
    `rootdn "${ADMIN.dn}"`,
    `rootpw "${ADMIN.password}"`,
    `directory ${join(folder, 'data')}`,
    'maxsize 268435456',
    'dbnosync',
    'index objectClass,uid,cn eq',
    'access to attrs=userPassword by anonymous auth by * none',
    // More than 500 entries only in pages, and only for this account.
    `limits dn.exact="${READER.dn}" size.soft=500 size.hard=unlimited size.pr=500 size.prtotal=unlimited`,
    `access to * by dn.exact="${READER.dn}" read by dn.exact="${LIMITED.dn}" read by * none`,
    more,
    '',
  ].join('\n');
}

function write(folder: string, name: string, text: string): void {
  writeFileSync(join(folder, name), text);
  chmodSync(join(folder, name), 0o600);
}

/** Every value in base64, so that none has to be escaped. */
function ldif(entries: readonly LdapEntry[]): string {
  const line = (name: string, value: string): string => `${name}:: ${Buffer.from(value, 'utf8').toString('base64')}`;
  return entries
    .map(({ dn, attributes }) =>
      [
        line('dn', dn),
        ...Object.entries(attributes).flatMap(([name, values]) => [values].flat().map((value) => line(name, value))),
        '',
      ].join('\n'),
    )
    .join('\n');
}

async function answers(port: number): Promise<boolean> {
  const client = new Client({ url: `ldap://${PRIVATE_HOST}:${port}`, timeout: 5_000, connectTimeout: 5_000 });
  try {
    await client.bind('', '');
    return true;
  } catch {
    return false;
  } finally {
    await client.unbind().catch(() => undefined);
  }
}
