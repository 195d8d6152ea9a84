// Writes the types of the API that the console is compiled with, from docs/openapi.json. They are not committed.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const root = resolve(import.meta.dirname, '..');

/** @returns whether they have changed */
export async function writeConsoleTypes() {
  const { default: openapiTS, astToString } = await import('openapi-typescript');
  const types = astToString(await openapiTS(pathToFileURL(join(root, 'docs', 'openapi.json')), { enumValues: true }));
  const file = join(root, 'console', 'src', 'api', 'schema.ts');
  const text = `// Made from docs/openapi.json by scripts/console-types.mjs.\n${types}`;
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return false;
  writeFileSync(file, text);
  return true;
}

if (process.argv[1] === import.meta.filename) await writeConsoleTypes();
