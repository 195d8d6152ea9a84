import type { StructuredLogger } from './structured.logger.js';

const CONTEXT = 'Process';

/**
 * Logs Node's warnings and the error that ends the process. Only V8's text at the end of memory stays on standard
 * error.
 */
export function logProcessEvents(logger: StructuredLogger): void {
  // Node's own listener prints; we have no others.
  process.removeAllListeners('warning');
  process.on('warning', (warning: Error & { code?: string }) =>
    logger.warn(warning.message, { name: warning.name, code: warning.code, stack: warning.stack }, CONTEXT),
  );
  const end = (error: unknown): void => {
    logger.fatal('The process ends: an error was not handled.', asError(error), CONTEXT);
    process.exit(1);
  };
  // With a listener, an unhandled rejection does not become an exception.
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
}

function asError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value));
}
