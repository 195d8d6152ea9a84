import type { LoggerService } from '@nestjs/common';
import { redactTexts } from '@scopegate/audit';
import type { LogLevel } from '../../config/env.js';

/** Nest tells of every module and route at each start; that is for whoever works on the server. */
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
 * Structured logs on standard output: one JSON object a line, with `time`, `level`, `context` and `message`, and the
 * number of the worker where there are several. Fields
 * given after the message become members of the line: `logger.warn('…', { requestId })`. Nothing that looks like a
 * credential gets through, whoever put it there (R61).
 */
export class StructuredLogger implements LoggerService {
  readonly #rank: number;

  /** @param worker the number of this worker; null where there is one process */
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

  /** Why the start failed is said once, in one line, by whoever started the server. */
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

  /** @param rest fields, the stack of an error, and last the context, in the way Nest hands them over */
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
    // Values are redacted before they are written out: what is cut out of a finished line takes its quotation marks along.
    this.write(`${JSON.stringify(redactTexts(line))}\n`);
  }
}

function textOf(message: unknown): string {
  if (typeof message === 'string') return message;
  if (message instanceof Error) return message.message;
  return JSON.stringify(redactTexts(message)) ?? String(message);
}

/** No field takes the place of one that every line has. */
function addFields(line: Record<string, unknown>, fields: object): void {
  for (const [name, value] of Object.entries(fields)) if (!Object.hasOwn(line, name)) line[name] = value;
}
