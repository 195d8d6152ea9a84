/** One call of the story. */
export type StoryCall = {
  readonly method: string;
  readonly url: string;
  readonly user?: string;
  /** A password or a token. */
  readonly secret?: string;
  readonly body?: unknown;
  /**
   * The members of the answer that the reader has to see; the others are left out. An empty list prints no body. Without
   * this, the beginning of the body is printed. An error is always printed with the same four members.
   */
  readonly show?: readonly string[];
};

export type StoryAnswer = {
  readonly status: number;
  /** The parsed body where it is JSON, else its text. */
  readonly body: unknown;
};

/** What an answer has to be: the status, and for an error of the gateway its code. */
export type Expectation = { readonly status: number; readonly code?: string };

/** An answer that is not the expected one. The message is one line for the reader of the story. */
export class StoryFailure extends Error {
  override readonly name = 'StoryFailure';
}

export type StoryPrinter = {
  /** The heading of the next step, and one or two sentences about it. */
  step(title: string, explanation: string): void;
  /** Prints the call as a curl command, makes it, and prints the answer. @throws StoryFailure */
  call(call: StoryCall, expected: Expectation): Promise<StoryAnswer>;
  line(text?: string): void;
  heading(text: string): void;
};

const BODY_CHARACTERS = 300;
const PROBLEM_MEMBERS = ['title', 'status', 'detail', 'code'];
const LINE_CHARACTERS = 100;
const CALL_TIME_LIMIT_MS = 15_000;

/**
 * @param write takes the text
 * @param colours whether the text may contain the escape sequences of a terminal
 */
export function createStoryPrinter(write: (text: string) => void, colours: boolean): StoryPrinter {
  let stepNumber = 0;
  const paint = (code: number, text: string): string => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);
  const line = (text = ''): void => write(`${text}\n`);
  return {
    line,
    heading: (text) => line(`\n${paint(1, text)}`),
    step(title, explanation): void {
      stepNumber += 1;
      line(`\n${paint(1, `${stepNumber}. ${title}`)}`);
      for (const text of wrap(explanation)) {
        line(`   ${text}`);
      }
    },
    async call(call, expected): Promise<StoryAnswer> {
      line();
      line(`   ${paint(36, `$ ${toCurl(call)}`)}`);
      const answer = await make(call, stepNumber);
      const colour = answer.status < 300 ? 32 : answer.status < 500 ? 33 : 31;
      line(`   ${paint(colour, `HTTP/1.1 ${answer.status} ${answer.statusText}`.trimEnd())}`);
      const members = answer.status >= 400 ? PROBLEM_MEMBERS : call.show;
      const text = members === undefined ? shorten(answer.text) : excerpt(answer.body, members);
      if (text !== '') {
        line(`   ${text}`);
      }
      const code = codeOf(answer.body);
      if (answer.status !== expected.status || (expected.code !== undefined && code !== expected.code)) {
        const got = [answer.status, code].filter((part) => part !== undefined).join(' ');
        const wanted = [expected.status, expected.code].filter((part) => part !== undefined).join(' ');
        throw new StoryFailure(
          `step ${stepNumber}: ${call.method} ${call.url} answered ${got}; expected was ${wanted}.`,
        );
      }
      return { status: answer.status, body: answer.body };
    },
  };
}

/** The call as a command for a POSIX shell. */
export function toCurl(call: StoryCall): string {
  const parts = ['curl -i'];
  if (call.user !== undefined) {
    parts.push('-u', quote(`${call.user}:${call.secret ?? ''}`));
  }
  if (call.method !== (call.body === undefined ? 'GET' : 'POST')) {
    parts.push('-X', call.method);
  }
  if (call.body !== undefined) {
    parts.push('-H', quote('Content-Type: application/json'), '-d', quote(JSON.stringify(call.body)));
  }
  return [...parts, quote(call.url)].join(' ');
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

async function make(
  call: StoryCall,
  stepNumber: number,
): Promise<StoryAnswer & { readonly statusText: string; readonly text: string }> {
  const authorization = Buffer.from(`${call.user ?? ''}:${call.secret ?? ''}`, 'utf8').toString('base64');
  try {
    const answer = await fetch(call.url, {
      method: call.method,
      redirect: 'manual',
      headers: {
        ...(call.user === undefined ? {} : { Authorization: `Basic ${authorization}` }),
        ...(call.body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      signal: AbortSignal.timeout(CALL_TIME_LIMIT_MS),
    });
    const text = await answer.text();
    return { status: answer.status, statusText: answer.statusText, text, body: parse(text) };
  } catch (error) {
    const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new StoryFailure(`step ${stepNumber}: ${call.method} ${call.url} got no answer (${String(reason)}).`);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function codeOf(body: unknown): string | undefined {
  return typeof body === 'object' && body !== null && 'code' in body && typeof body.code === 'string'
    ? body.code
    : undefined;
}

function shorten(text: string): string {
  const oneLine = text.trim().replace(/\s*\n\s*/g, ' ');
  return oneLine.length > BODY_CHARACTERS ? `${oneLine.slice(0, BODY_CHARACTERS)} …` : oneLine;
}

/** The chosen members of a body in this order, and a sign where there were others. */
function excerpt(body: unknown, members: readonly string[]): string {
  if (typeof body !== 'object' || body === null || members.length === 0) {
    return '';
  }
  const source = body as Readonly<Record<string, unknown>>;
  const chosen = members.filter((name) => Object.hasOwn(source, name));
  const text = JSON.stringify(Object.fromEntries(chosen.map((name) => [name, source[name]])));
  return chosen.length === Object.keys(source).length ? text : `${text.slice(0, -1)}, …}`;
}

function wrap(text: string): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= LINE_CHARACTERS) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else {
      lines.push(word);
    }
  }
  return lines;
}
