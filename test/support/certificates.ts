import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A certificate with its key, in PEM. */
export type CertificateWithKey = { readonly cert: string; readonly key: string };

export type CertificateMaker = {
  /** An authority. */
  authority(name: string): CertificateWithKey;
  /**
   * Signed by an authority, or by itself.
   * @param names as `subjectAltName` has them, such as `DNS:localhost,IP:127.0.0.1`
   * @param days until it expires; may be negative
   */
  certificate(authority: CertificateWithKey | null, names: string, days?: number): CertificateWithKey;
  /** The key, encrypted with a passphrase. */
  encrypted(key: string): string;
};

/** Makes certificates with openssl. @param folder for its files */
export function certificateMaker(folder: string): CertificateMaker {
  let made = 0;
  const openssl = (...parameters: readonly string[]): void => {
    execFileSync('openssl', parameters, { stdio: ['ignore', 'ignore', 'pipe'], cwd: folder });
  };
  const write = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const read = (path: string): string => readFileSync(path, 'utf8');
  const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const selfSigned = (name: string, extensions: readonly string[]): CertificateWithKey => {
    made += 1;
    const [key, cert] = [join(folder, `${made}.key`), join(folder, `${made}.pem`)];
    openssl(
      'req',
      '-x509',
      ...NEW_KEY,
      '-keyout',
      key,
      '-out',
      cert,
      '-days',
      '30',
      '-subj',
      `/CN=${name}`,
      ...extensions,
    );
    return { cert: read(cert), key: read(key) };
  };
  return {
    authority: (name) => selfSigned(name, []),
    certificate(authority, names, days = 30) {
      if (authority === null) return selfSigned('self', ['-addext', `subjectAltName=${names}`]);
      made += 1;
      const [key, request, cert] = ['key', 'csr', 'pem'].map((ending) => join(folder, `${made}.${ending}`)) as [
        string,
        string,
        string,
      ];
      openssl('req', ...NEW_KEY, '-keyout', key, '-out', request, '-subj', `/CN=made-${made}`);
      const extensions = write('names.cnf', `subjectAltName=${names}\n`);
      const ca = ['-CA', write('ca.pem', authority.cert), '-CAkey', write('ca.key', authority.key), '-CAcreateserial'];
      openssl('x509', '-req', '-in', request, ...ca, '-days', String(days), '-out', cert, '-extfile', extensions);
      return { cert: read(cert), key: read(key) };
    },
    encrypted(key) {
      const path = join(folder, 'encrypted.key');
      openssl('pkcs8', '-topk8', '-in', write('plain.key', key), '-out', path, '-passout', 'pass:word');
      return read(path);
    },
  };
}
