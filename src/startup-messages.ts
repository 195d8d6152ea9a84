import type { StructuredLogger } from './common/logging/structured.logger.js';
import { refusedFileText } from './config/refused-file.js';
import type { Configuration } from './config/env.js';
import { ConfigurationError } from './config/environment.reader.js';
import type { ServerAddresses } from './peers/topics.js';

/** One line if the person who starts the server can fix it. */
export function startFailureText(error: unknown): string {
  if (error instanceof ConfigurationError) return error.message;
  if (!(error instanceof Error)) return String(error);
  if ('code' in error && error.code === 'EADDRINUSE') {
    return `The port is already in use: choose another PORT or SCOPEGATE_MANAGEMENT_PORT (${error.message}).`;
  }
  if ('path' in error && typeof error.path === 'string') {
    return refusedFileText('The file or folder', error.path, error);
  }
  if ('code' in error && /^(SQLITE|ER)_/.test(String(error.code))) {
    return `The database refuses a statement (${String(error.code)}: ${error.message}).`;
  }
  // The system refuses an address: the message names it, and a stack would not help.
  if ('syscall' in error) return error.message;
  return error.stack ?? error.message;
}

/** Also on standard error, for the person who started the server: standard output contains only the log. */
export function announceReady(
  logger: StructuredLogger,
  { host }: Configuration,
  { port, managementPort }: ServerAddresses,
): void {
  const address = host.includes(':') ? `[${host}]` : host;
  const [url, documentation] = [`http://${address}:${port}`, `http://${address}:${managementPort}/docs`];
  logger.log('The server takes requests.', { url, documentation }, 'Start');
  process.stderr.write(`Scopegate is ready at ${url} (API: ${documentation})\n`);
}
