import { spawn } from 'node:child_process';
import { privateEnvironment } from './private-process.js';

export type ProgramResult = {
  readonly exitCode: number;
  readonly standardOutput: string;
  readonly errorOutput: string;
};

export type ProgramOptions = {
  readonly cwd: string;
  /** The home of the program. Default: `cwd`. */
  readonly home?: string;
  /** Added to an environment that has nothing of the person who runs the tests. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
};

const TIMEOUT_MS = 120_000;

/** Runs a client as a user would. It does not throw: what went wrong is in the result. */
export function runProgram(
  program: string,
  programArguments: readonly string[],
  { cwd, home = cwd, env = {}, input = '' }: ProgramOptions,
): Promise<ProgramResult> {
  return new Promise((resolve) => {
    const child = spawn(program, [...programArguments], {
      cwd,
      env: { ...privateEnvironment(home), ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    const standardOutput: Buffer[] = [];
    const errorOutput: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => standardOutput.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => errorOutput.push(chunk));
    // A program that reads no input may end before it is written.
    child.stdin.once('error', () => undefined);
    child.stdin.end(input);
    const settle = (exitCode: number): void =>
      resolve({
        exitCode,
        standardOutput: Buffer.concat(standardOutput).toString('utf8'),
        errorOutput: Buffer.concat(errorOutput).toString('utf8'),
      });
    child.once('error', (error) => {
      errorOutput.push(Buffer.from(String(error)));
      settle(127);
    });
    child.once('close', (exitCode) => settle(exitCode ?? 1));
  });
}

/** @throws Error with everything that the program wrote, if it failed */
export async function runSuccessfully(
  program: string,
  programArguments: readonly string[],
  options: ProgramOptions,
): Promise<string> {
  const result = await runProgram(program, programArguments, options);
  if (result.exitCode !== 0) {
    throw new Error(`${program} ended with ${result.exitCode}: ${result.standardOutput}${result.errorOutput}`);
  }
  return result.standardOutput;
}
