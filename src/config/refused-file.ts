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

/** Such as `EACCES`; null if the error is not one of the file system. */
export function fileErrorCode(error: unknown): string | null {
  return error instanceof Error && 'syscall' in error && 'code' in error ? String(error.code) : null;
}

/** One line: which file or folder, why, and what to do. */
export function refusedFileText(what: string, path: string, error: unknown): string {
  const code = fileErrorCode(error);
  const user = process.getuid === undefined ? '' : ` It runs with the user id ${process.getuid()}.`;
  const reason = code ?? (error instanceof Error ? error.message : String(error));
  return `${what} "${path}" cannot be used (${reason}). ${ADVICE[code ?? ''] ?? 'Check it.'}${user}`;
}
