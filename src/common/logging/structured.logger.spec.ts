import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogLevel } from '../../config/env.js';
import { StructuredLogger } from './structured.logger.js';

function logging(
  level: LogLevel,
  use: (logger: StructuredLogger) => void,
  worker: number | null = null,
): readonly Record<string, unknown>[] {
  const lines: string[] = [];
  use(new StructuredLogger(level, worker, (line) => lines.push(line)));
  expect(lines.filter((line) => !line.endsWith('\n') || line.slice(0, -1).includes('\n'))).toEqual([]);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('a line of the log', () => {
  it('R61: is one JSON object with the fields it was given', () => {
    const [line] = logging('info', (logger) =>
      logger.warn('Two\nlines', { requestId: 'r-1', level: 'mine', traceId: null }, 'Context'),
    );
    expect(line).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/) as string,
      level: 'warn',
      pid: process.pid,
      context: 'Context',
      message: 'Two\nlines',
      requestId: 'r-1',
      traceId: null,
    });
  });

  it('R62: says which worker wrote it, whatever its fields say', () => {
    const [line] = logging('info', (logger) => logger.log('ready', { worker: 7 }, 'Context'), 2);
    expect(line?.['worker']).toBe(2);
  });

  it('R61: tells of an error its message and its stack, and no member that may hold what was sent', () => {
    const error = Object.assign(new Error('broken'), { sql: "INSERT INTO users VALUES ('hash')" });
    const lines = logging('info', (logger) => {
      logger.error(error, 'Context');
      logger.error('Failed.', error, { requestId: 'r-1' }, 'Context');
      logger.error('Failed.', 'the stack', 'Context');
    });
    expect(lines.map(({ message }) => message)).toEqual(['broken', 'Failed.', 'Failed.']);
    expect(lines.map(({ stack }) => stack)).toEqual([error.stack, error.stack, 'the stack']);
    expect(JSON.stringify(lines)).not.toContain('INSERT');
  });

  it('R61: holds no token and no Authorization value, wherever one was put', () => {
    const token = `sg_${'a'.repeat(12)}_${'S'.repeat(40)}_${'c'.repeat(6)}`;
    const lines = logging('trace', (logger) => {
      logger.warn(`bad ${token}"\\`, { path: `/x/${token}`, header: 'Basic YWxpY2U6c2VjcmV0' }, 'Context');
      logger.verbose({ deep: { token } });
    });
    expect(lines).toHaveLength(2);
    expect(JSON.stringify(lines)).not.toMatch(/SSSS|YWxpY2U6/);
  });

  it('R61: is JSON whatever a client sends: a user agent of "Authorization: x" took the quotation mark along', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('Authorization: x', 'Authorization: ', '"Basic ', 'Cookie: a', 'sg_', '\\', '","a":"', '\u2028'),
    );
    const text = fc.array(hostile, { maxLength: 6 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, text, fc.jsonValue(), (agent, name, value) => {
        const fields = { userAgent: agent, nested: { [name]: agent, value }, list: [agent, 1n, undefined] };
        const lines = logging('trace', (logger) => {
          logger.warn(agent, fields, 'Context');
          logger.error(new Error(agent), 'Context');
          logger.log({ [name]: value });
        });
        expect(lines).toHaveLength(3);
        expect(lines[0]).toMatchObject({ level: 'warn', context: 'Context' });
      }),
      { numRuns: 300 },
    );
    const circle: Record<string, unknown> = {};
    circle['itself'] = circle;
    expect(logging('info', (logger) => logger.warn('round', circle))).toHaveLength(1);
  });

  it.each([
    ['silent', 0],
    ['fatal', 1],
    ['error', 2],
    ['warn', 3],
    ['info', 4],
    ['debug', 6],
    ['trace', 7],
  ] as const)('R61: LOG_LEVEL %s shows what is as grave or graver', (level, shown) => {
    const lines = logging(level, (logger) => {
      logger.fatal('x');
      logger.error('x');
      logger.warn('x');
      logger.log('x');
      logger.debug('x');
      logger.log('a route is mapped', 'RouterExplorer');
      logger.verbose('x');
    });
    expect(lines).toHaveLength(shown);
  });
});
