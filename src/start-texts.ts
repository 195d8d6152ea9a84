import { ConfigurationError, type Configuration } from './config/env.js';
import type { ServerAddresses } from './workers/worker.link.js';

/** Why the server cannot start, for whoever started it: one line where that is up to him. */
export function startFailureText(error: unknown): string {
  if (error instanceof ConfigurationError) return error.message;
  if (!(error instanceof Error)) return String(error);
  if ('code' in error && error.code === 'EADDRINUSE') {
    return `The port is taken: choose another PORT or SCOPEGATE_MANAGEMENT_PORT (${error.message}).`;
  }
  return error.stack ?? error.message;
}

/** The line that tells where the server is. */
export function readyText({ host }: Configuration, { port, managementPort }: ServerAddresses): string {
  const address = host.includes(':') ? `[${host}]` : host;
  return `Scopegate is ready at http://${address}:${port} (API: http://${address}:${managementPort}/docs)\n`;
}
