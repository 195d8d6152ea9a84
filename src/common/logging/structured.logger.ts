import { ConsoleLogger, type LogLevel as NestLogLevel } from '@nestjs/common';
import type { LogLevel } from '../../config/env.js';

/** Nest tells of every module and route at each start; that is for whoever works on the server. */
const CONTEXTS_OF_THE_START: ReadonlySet<unknown> = new Set([
  'InstanceLoader',
  'NestApplication',
  'NestFactory',
  'RouterExplorer',
  'RoutesResolver',
]);

const NEST_LEVELS: readonly NestLogLevel[] = ['fatal', 'error', 'warn', 'log', 'debug', 'verbose'];

const LEVELS_SHOWN: Readonly<Record<LogLevel, number>> = {
  silent: 0,
  fatal: 1,
  error: 2,
  warn: 3,
  info: 4,
  debug: 5,
  trace: 6,
};

/** Structured logs on standard output: one JSON object a line. */
export class StructuredLogger extends ConsoleLogger {
  readonly #isVerbose: boolean;

  constructor(level: LogLevel) {
    super({ json: true, compact: true, colors: false, logLevels: NEST_LEVELS.slice(0, LEVELS_SHOWN[level]) });
    this.#isVerbose = LEVELS_SHOWN[level] > LEVELS_SHOWN.info;
  }

  /** Why the start failed is said once, in one line, by whoever started the server. */
  override error(message: unknown, ...rest: unknown[]): void {
    if (rest.at(-1) !== 'ExceptionHandler') super.error(message, ...rest);
  }

  override log(message: unknown, ...rest: unknown[]): void {
    if (this.#isVerbose || !CONTEXTS_OF_THE_START.has(rest.at(-1))) super.log(message, ...rest);
  }
}
