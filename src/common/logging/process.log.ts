import type { StructuredLogger } from './structured.logger.js';

const CONTEXT = 'Process';

/**
 * Writes what Node itself would print as text into the log: its warnings, and the error that ends the process. Only what
 * V8 says when it runs out of memory stays a text on standard error; no code of ours runs any more by then.
 */
export function logProcessEvents(logger: StructuredLogger): void {
  // Node's own listener prints; the others are none of ours.
  process.removeAllListeners('warning');
  process.on('warning', (warning: Error & { code?: string }) =>
    logger.warn(warning.message, { name: warning.name, code: warning.code, stack: warning.stack }, CONTEXT),
  );
  const end = (error: unknown): void => {
    logger.fatal('The process ends: an error was not handled.', asError(error), CONTEXT);
    process.exit(1);
  };
  // With a listener, a rejection that is not handled does not become an exception.
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
}

function asError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value));
}
