/** What to do about a file or folder that the system refuses, by the error code. */
const ADVICE: Readonly<Record<string, string>> = {
  EACCES: 'Give the user that runs Scopegate the right to read and write it, and to enter the folders above it.',
  EPERM: 'Give the user that runs Scopegate the right to read and write it.',
  EROFS: 'Its file system is read-only: mount it writable, or choose another place.',
  ENOSPC: 'The disk is full: make room.',
  EDQUOT: 'The quota is used up: make room.',
  ENOTDIR: 'A part of the path is a file: give a folder.',
  EISDIR: 'It is a folder: give a file.',
  ENOENT: 'It does not exist, or its folder does not exist.',
  EMFILE: 'Too many files are open: raise the limit (ulimit -n).',
};

/** The code of an error of the file system, such as `EACCES`; null for every other error. */
export function fileErrorCode(error: unknown): string | null {
  return error instanceof Error && 'syscall' in error && 'code' in error ? String(error.code) : null;
}

/** One line about a file or folder that the system refuses: which one, why, and what to do. */
export function refusedFileText(what: string, path: string, error: unknown): string {
  const code = fileErrorCode(error);
  const user = process.getuid === undefined ? '' : ` It runs with the user id ${process.getuid()}.`;
  const reason = code ?? (error instanceof Error ? error.message : String(error));
  return `${what} "${path}" cannot be used (${reason}). ${ADVICE[code ?? ''] ?? 'Check it.'}${user}`;
}
