import { resolve } from 'node:path';
import { ConfigurationError, readAddress, type Environment } from './environment.reader.js';

export type DatabaseConfiguration =
  | { readonly kind: 'sqlite'; readonly file: string }
  | {
      readonly kind: 'mysql';
      readonly host: string;
      readonly port: number;
      readonly username: string;
      readonly password: string;
      readonly database: string;
    };

interface DatabaseRules {
  readonly hasWorkers: boolean;
  /** Unless the operator says otherwise. */
  readonly isSingleNode: boolean;
  readonly makesKeys: boolean;
}

export const DATABASE_RULES: Readonly<Record<DatabaseConfiguration['kind'], DatabaseRules>> = {
  // The file of the database is on one machine.
  sqlite: { hasWorkers: false, isSingleNode: true, makesKeys: true },
  mysql: { hasWorkers: true, isSingleNode: false, makesKeys: false },
};

/** @throws ConfigurationError */
export function readDatabase(environment: Environment, dataDirectory: string): DatabaseConfiguration {
  const value = readAddress(environment, 'DATABASE_URL');
  if (value === null) return { kind: 'sqlite', file: resolve(dataDirectory, 'scopegate.sqlite') };
  if (value.startsWith('sqlite:') && value.length > 'sqlite:'.length) {
    return { kind: 'sqlite', file: resolve(value.slice('sqlite:'.length)) };
  }
  const problem = new ConfigurationError(
    'DATABASE_URL must look like sqlite:./data/scopegate.sqlite or mysql://user:password@host:3306/database.',
  );
  if (!/^(mysql|mariadb):\/\/\S+$/.test(value) || !URL.canParse(value)) throw problem;
  const url = new URL(value);
  const [database, username, password] = [url.pathname.slice(1), url.username, url.password].map(decoded);
  if (database === undefined || username === undefined || password === undefined) throw problem;
  if (url.hostname === '' || !/^[A-Za-z0-9_$-]{1,64}$/.test(database)) throw problem;
  return {
    kind: 'mysql',
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 3306 : Number(url.port),
    username,
    password,
    database,
  };
}

/** Undefined if a percent sign encodes no UTF-8. */
function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
