import type { LoggerService } from '@nestjs/common';
import { redactTexts } from '@scopegate/audit';
import type { LogLevel } from '../../config/env.js';

/** Modules and routes at each start: only for developers. */
const CONTEXTS_OF_THE_START: ReadonlySet<string> = new Set([
  'InstanceLoader',
  'NestApplication',
  'NestFactory',
  'RouterExplorer',
  'RoutesResolver',
]);

const RANKS: Readonly<Record<LogLevel, number>> = {
  silent: 0,
  fatal: 1,
  error: 2,
  warn: 3,
  info: 4,
  debug: 5,
  trace: 6,
};

type LineLevel = Exclude<LogLevel, 'silent'>;

/**
 * One JSON object a line: `time`, `level`, `context`, `message`, and the worker's number if there are several. Fields
 * after the message become members: `logger.warn('…', { requestId })`. Removes everything that looks like a credential
 * (R61).
 */
export class StructuredLogger implements LoggerService {
  readonly #rank: number;

  /** @param worker null for a single process */
  constructor(
    level: LogLevel,
    private readonly worker: number | null = null,
    private readonly write: (line: string) => void = (line) => void process.stdout.write(line),
  ) {
    this.#rank = RANKS[level];
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.#write('fatal', message, rest);
  }

  /** The starter of the server reports a failed start in one line. */
  error(message: unknown, ...rest: unknown[]): void {
    if (rest.at(-1) !== 'ExceptionHandler') this.#write('error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.#write('warn', message, rest);
  }

  log(message: unknown, ...rest: unknown[]): void {
    const context = rest.at(-1);
    const isOfTheStart = typeof context === 'string' && CONTEXTS_OF_THE_START.has(context);
    this.#write(isOfTheStart ? 'debug' : 'info', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.#write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.#write('trace', message, rest);
  }

  /** @param rest fields, the stack of an error, and last the context, as Nest passes them */
  #write(level: LineLevel, message: unknown, rest: readonly unknown[]): void {
    if (RANKS[level] > this.#rank) return;
    const line: Record<string, unknown> = { time: new Date().toISOString(), level, pid: process.pid };
    if (this.worker !== null) line['worker'] = this.worker;
    const context = rest.at(-1);
    const hasContext = typeof context === 'string';
    if (hasContext) line['context'] = context;
    line['message'] = textOf(message);
    if (message instanceof Error) line['stack'] = message.stack;
    for (const part of hasContext ? rest.slice(0, -1) : rest) {
      if (part instanceof Error) line['stack'] = part.stack;
      else if (typeof part === 'string') line['stack'] = part;
      else if (typeof part === 'object' && part !== null) addFields(line, part);
    }
    // Redacted before JSON: cutting a finished line would also cut quotation marks.
    this.write(`${JSON.stringify(redactTexts(line))}\n`);
  }
}

function textOf(message: unknown): string {
  if (typeof message === 'string') return message;
  if (message instanceof Error) return message.message;
  return JSON.stringify(redactTexts(message)) ?? String(message);
}

/** Never replaces the standard fields. */
function addFields(line: Record<string, unknown>, fields: object): void {
  for (const [name, value] of Object.entries(fields)) if (!Object.hasOwn(line, name)) line[name] = value;
}
