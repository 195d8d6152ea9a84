import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { refusedFileText } from './refused-file.js';

export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

export type Environment = Readonly<Record<string, string | undefined>>;

export const FILE_SUFFIX = '_FILE';

const MIN_SECRET_LENGTH = 32;

/** Sessions that are not ours are compared with each pepper. */
const MAX_KEYS = 10;

/** Null if the name is not set, or empty. */
export function readText(environment: Environment, name: string): string | null {
  const value = environment[name];
  return value === undefined || value === '' ? null : value;
}

/**
 * The value may be in the file of `<name>_FILE`: UTF-8, without a byte order mark and line ends at its end.
 * @throws ConfigurationError if both are set, or the file is empty or cannot be read
 */
export function readTextOrFile(environment: Environment, name: string): string | null {
  const value = readText(environment, name);
  const fileName = name + FILE_SUFFIX;
  const file = readText(environment, fileName);
  if (value !== null && file !== null) throw new ConfigurationError(`Set ${name} or ${fileName}, not both.`);
  if (file === null) return value;
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new ConfigurationError(refusedFileText(`${fileName}: the file`, file, error));
  }
  // A shell on Windows writes UTF-16, which would be read as other characters.
  if (!isUtf8(bytes) || bytes.includes(0)) {
    throw new ConfigurationError(`${fileName}: "${file}" is not a text in UTF-8.`);
  }
  const text = bytes
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .replace(/[\r\n]+$/, '');
  if (text.trim() === '') throw new ConfigurationError(`${fileName}: the file "${file}" is empty.`);
  return text;
}

/** Without spaces around it; `<name>_FILE` works as well. */
export function readAddress(environment: Environment, name: string): string | null {
  return readTextOrFile(environment, name)?.trim() ?? null;
}

/** One key or several, newest first; `<name>_FILE` works as well. */
export function readKeys(environment: Environment, name: string): readonly string[] | null {
  const text = readTextOrFile(environment, name);
  return text === null ? null : keysIn(text, name);
}

/**
 * @param text one key or several, newest first, separated by blanks or line ends
 * @param name of the text, for the message
 * @throws ConfigurationError if a key has fewer than 32 characters, is there twice, or there are more than 10
 */
export function keysIn(text: string, name: string): readonly string[] {
  const keys = text.split(/[ \t\r\n]+/).filter((key) => key !== '');
  if (keys.length === 0 || keys.some((key) => key.length < MIN_SECRET_LENGTH)) {
    throw new ConfigurationError(
      keys.length > 1
        ? `${name}: blanks separate keys, newest first. Each key must have at least ${MIN_SECRET_LENGTH} characters, ` +
            'and one of these has fewer.'
        : `${name} must have at least ${MIN_SECRET_LENGTH} characters.`,
    );
  }
  if (keys.length > MAX_KEYS) throw new ConfigurationError(`${name} must have at most ${MAX_KEYS} keys.`);
  if (new Set(keys).size < keys.length) throw new ConfigurationError(`${name} has the same key twice.`);
  return keys;
}

/** At least 32 characters; `<name>_FILE` works as well. */
export function readSecret(environment: Environment, name: string): string | null {
  const value = readTextOrFile(environment, name);
  if (value !== null && value.length < MIN_SECRET_LENGTH) {
    throw new ConfigurationError(`${name} must have at least ${MIN_SECRET_LENGTH} characters.`);
  }
  return value;
}

export function readOptionalInteger(environment: Environment, name: string, min: number, max: number): number | null {
  const value = readText(environment, name);
  if (value === null) return null;
  const number = /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= min && number <= max)) {
    throw new ConfigurationError(`${name} must be a whole number from ${min} to ${max}, not "${value}".`);
  }
  return number;
}

export function readInteger(
  environment: Environment,
  name: string,
  fallback: number,
  min: number,
  max: number,
): number {
  return readOptionalInteger(environment, name, min, max) ?? fallback;
}

export function readSwitch(environment: Environment, name: string, fallback: boolean): boolean {
  const value = readText(environment, name) ?? String(fallback);
  if (value !== 'true' && value !== 'false') {
    throw new ConfigurationError(`${name} must be true or false, not "${value}".`);
  }
  return value === 'true';
}
