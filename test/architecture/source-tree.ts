import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

const PROJECT = resolve(import.meta.dirname, '../..');

/** What tools make, fetch or keep. */
const NOT_SOURCES: ReadonlySet<string> = new Set([
  'node_modules',
  'dist',
  'data',
  'coverage',
  'artifacts',
  'secrets',
  '.git',
]);

/** A file of the project. */
export interface SourceFile {
  /** From the root of the project, with slashes. */
  readonly path: string;
  readonly text: string;
}

/**
 * Every file below a folder of the project.
 * @param matches which paths are wanted
 */
export function sourceFiles(folder: string, matches: (path: string) => boolean = () => true): readonly SourceFile[] {
  const found: SourceFile[] = [];
  const walk = (path: string): void => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (NOT_SOURCES.has(entry.name)) continue;
      const below = join(path, entry.name);
      if (entry.isDirectory()) {
        walk(below);
      } else if (entry.isFile()) {
        const name = relative(PROJECT, below).replaceAll('\\', '/');
        if (matches(name)) found.push({ path: name, text: readFileSync(below, 'utf8') });
      }
    }
  };
  walk(join(PROJECT, folder));
  return found;
}

/** A file of the project by its path. */
export function readSource(path: string): string {
  return readFileSync(join(PROJECT, path), 'utf8');
}

/** Whether a path is a file of tests. */
export function isSpec(path: string): boolean {
  return /\.(?:spec|e2e-spec|int-spec|arch-spec|fault-spec)\.ts$/.test(path);
}

/** The code without its comments, each line in its place. Strings are kept. */
export function withoutComments(code: string): string {
  // A string or a template is matched first, so that a `//` in one is not taken for a comment.
  return code.replace(
    /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
    (match) => (match.startsWith('//') || match.startsWith('/*') ? match.replace(/[^\n]/g, ' ') : match),
  );
}

/** `path:line` of every match in the code of a file; comments do not count. */
export function occurrences(file: SourceFile, pattern: RegExp): readonly string[] {
  const code = withoutComments(file.text);
  return [...code.matchAll(new RegExp(pattern, 'g'))].map(
    (match) => `${file.path}:${code.slice(0, match.index).split('\n').length}: ${match[0].trim()}`,
  );
}
