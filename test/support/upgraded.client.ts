import { connect, createServer, type Socket } from 'node:net';
import { headerValue, type HeaderLine } from './http-message.js';

/** One end of a connection, with the bytes that came on it. */
export type RawEnd = {
  readonly socket: Socket;
  /** The bytes after the head, one character a byte. */
  received(): string;
  /** The number of those bytes, without keeping a copy. */
  receivedLength(): number;
  /** @throws Error when the text does not come in time */
  waitFor(text: string, timeoutMs?: number): Promise<void>;
  /** Whether the other side has ended its direction, or the connection is closed. */
  readonly hasEnded: boolean;
  waitForEnd(timeoutMs?: number): Promise<void>;
};

export type UpgradedClient = RawEnd & {
  readonly status: number;
  header(name: string): string | undefined;
  headerValues(name: string): readonly string[];
};

export type UpgradeRequest = {
  readonly port: number;
  readonly path: string;
  readonly method?: string;
  /** Default `websocket`; empty for an ordinary request. */
  readonly protocol?: string;
  readonly headers?: readonly HeaderLine[];
  readonly body?: string;
  /** Sent together with the request, before any answer. */
  readonly early?: string;
};

const HEAD_END = '\r\n\r\n';

function linesOf(head: string): HeaderLine[] {
  return head
    .split('\r\n')
    .slice(1)
    .map((line): HeaderLine => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    });
}

/** Waits for a state; a test fails with what it waited for. */
export async function until(isSo: () => boolean, what: string, timeoutMs = 30_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error(`Not in ${timeoutMs} ms: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Collects what comes after the head, and tells of the head once. */
function readEnd(socket: Socket, onHead: (head: string) => void): RawEnd {
  let pending: Buffer | null = Buffer.alloc(0);
  const chunks: Buffer[] = [];
  let length = 0;
  let hasEnded = false;
  const keep = (chunk: Buffer): void => {
    length += chunk.length;
    // Large transfers are counted; their content is compared by the test.
    if (length <= 1_048_576) chunks.push(chunk);
  };
  socket.on('data', (chunk: Buffer) => {
    if (pending === null) {
      keep(chunk);
      return;
    }
    pending = Buffer.concat([pending, chunk]);
    const end = pending.indexOf(HEAD_END);
    if (end < 0) return;
    const rest = pending.subarray(end + HEAD_END.length);
    const head = pending.toString('latin1', 0, end);
    pending = null;
    if (rest.length > 0) keep(rest);
    onHead(head);
  });
  for (const event of ['end', 'close', 'error']) socket.on(event, () => (hasEnded = true));
  const received = (): string => Buffer.concat(chunks).toString('latin1');
  return {
    socket,
    received,
    receivedLength: () => length,
    waitFor: (text, timeoutMs) => until(() => received().includes(text), `"${text}" in "${received()}"`, timeoutMs),
    get hasEnded(): boolean {
      return hasEnded;
    },
    waitForEnd: (timeoutMs) => until(() => hasEnded, 'the end of the connection', timeoutMs),
  };
}

/** Sends an upgrade request, and gives the connection once the head of the answer has come, whatever it is. */
export async function openUpgrade(request: UpgradeRequest): Promise<UpgradedClient> {
  const { port, path, method = 'GET', protocol = 'websocket', headers = [], body = '', early = '' } = request;
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  let head = '';
  const end = readEnd(socket, (text) => (head = text));
  const lines: readonly HeaderLine[] = [
    ['Host', `127.0.0.1:${port}`],
    ...(protocol === ''
      ? []
      : ([
          ['Connection', 'Upgrade'],
          ['Upgrade', protocol],
        ] as const)),
    ...headers,
    ...(body === '' ? [] : [['Content-Length', String(Buffer.byteLength(body))] as const]),
  ];
  const text = [`${method} ${path} HTTP/1.1`, ...lines.map((line) => line.join(': ')), '', body].join('\r\n');
  socket.write(text + early, 'latin1');
  await until(() => head !== '' || end.hasEnded, 'the head of an answer');
  const answered = linesOf(head);
  const values = (name: string): readonly string[] =>
    answered.filter(([candidate]) => candidate.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
  return Object.defineProperties(end, {
    status: { value: Number(head.split(' ')[1] ?? 0) },
    header: { value: (name: string) => headerValue(answered, name) },
    headerValues: { value: values },
  }) as UpgradedClient;
}

/** A connection that the upstream took. */
export type UpgradeEnd = RawEnd & {
  /** The first line of the request. */
  readonly requestLine: string;
  headerValues(name: string): readonly string[];
};

export type UpgradeUpstream = {
  readonly url: string;
  readonly port: number;
  /** Those whose head has come, in their order. */
  readonly ends: readonly UpgradeEnd[];
  /** Waits until so many heads have come, and returns the last one. */
  waitForEnd(count: number): Promise<UpgradeEnd>;
  /** Called with every head from now on. Default: `acceptUpgrade` and an echo. */
  onHead(answer: (end: UpgradeEnd) => void): void;
  clear(): void;
  stop(): Promise<void>;
};

/** The head of a 101. */
export function acceptUpgrade(protocol: string, ...lines: readonly string[]): string {
  return ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', `Upgrade: ${protocol}`, ...lines, '', ''].join(
    '\r\n',
  );
}

/** Switches, and sends back every byte. */
export function echo(end: UpgradeEnd): void {
  end.socket.write(acceptUpgrade(end.headerValues('upgrade')[0] ?? ''));
  end.socket.on('data', (chunk: Buffer) => {
    if (!end.socket.write(chunk)) {
      end.socket.pause();
      end.socket.once('drain', () => end.socket.resume());
    }
  });
  end.socket.on('end', () => end.socket.end());
}

/** An upstream on bare sockets, so that a test sees every byte that reaches it, and when. */
export async function startUpgradeUpstream(): Promise<UpgradeUpstream> {
  let ends: UpgradeEnd[] = [];
  let answer: (end: UpgradeEnd) => void = echo;
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    const raw = readEnd(socket, (head) => {
      const lines = linesOf(head);
      const end = Object.defineProperties(raw, {
        requestLine: { value: head.split('\r\n', 1)[0] },
        headerValues: {
          value: (name: string) =>
            lines.filter(([candidate]) => candidate.toLowerCase() === name).map(([, value]) => value),
        },
      }) as UpgradeEnd;
      ends.push(end);
      answer(end);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    get ends() {
      return ends;
    },
    async waitForEnd(count) {
      await until(() => ends.length >= count, `${count} requests at the upstream`);
      return ends[count - 1] as UpgradeEnd;
    },
    onHead: (next) => (answer = next),
    clear() {
      ends = [];
      answer = echo;
    },
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
