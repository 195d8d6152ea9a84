import type { AddressInfo, Socket } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

/** A mail as the server got it. */
export type ReceivedMail = {
  readonly sender: string;
  readonly recipients: readonly string[];
  /** Whether it came through TLS. */
  readonly isSecure: boolean;
  /** Every byte, with CR LF. */
  readonly raw: string;
  /** Each line of the head, unfolded: the name in lower case, and the decoded value. */
  readonly lines: readonly (readonly [name: string, value: string])[];
  /** The decoded content. */
  readonly text: string;
};

export type MailServerOptions = {
  /** Default: any free one. */
  readonly port?: number;
  /** With it, a client must log in. */
  readonly login?: { readonly user: string; readonly password: string };
  readonly tls?: { readonly key: string; readonly cert: string; readonly fromTheStart: boolean };
  /** The reply to a recipient, if it is not accepted. */
  readonly refuse?: (recipient: string) => { readonly code: number; readonly text: string } | null;
  /** What happens before a recipient is answered. */
  readonly beforeRecipient?: () => Promise<void>;
  /** What happens after the content has come: nothing is answered until then. */
  readonly beforeAnswer?: (mail: ReceivedMail) => Promise<void>;
};

/** A real SMTP server on a private port. */
export type MailServer = {
  readonly port: number;
  readonly mails: readonly ReceivedMail[];
  /** Logins that were tried: the user names. */
  readonly logins: readonly string[];
  /** How many clients have connected. */
  connections(): number;
  /** Breaks all connections without a word. */
  cut(): void;
  /** Tells its clients that it goes away (421), and ends it with all connections. */
  stop(): Promise<void>;
};

export async function startMailServer(options: MailServerOptions = {}): Promise<MailServer> {
  const mails: ReceivedMail[] = [];
  const logins: string[] = [];
  const { login, tls } = options;
  let connections = 0;
  const server = new SMTPServer({
    ...(tls === undefined
      ? { disabledCommands: ['STARTTLS'] }
      : { key: tls.key, cert: tls.cert, secure: tls.fromTheStart }),
    ...(login === undefined ? { authOptional: true } : {}),
    allowInsecureAuth: true,
    disableReverseLookup: true,
    closeTimeout: 1,
    logger: false,
    onConnect: (_session, done) => {
      connections += 1;
      done();
    },
    onAuth: ({ username, password }, _session, done) => {
      logins.push(username ?? '');
      const isRight = username === login?.user && password === login?.password;
      if (isRight) done(null, { user: username });
      else done(refusal(535, `5.7.8 No such login: ${String(username)} ${String(password)}`));
    },
    onRcptTo: ({ address }, _session, done) => {
      const refused = options.refuse?.(address) ?? null;
      void (options.beforeRecipient?.() ?? Promise.resolve()).then(() =>
        done(refused === null ? null : refusal(refused.code, refused.text)),
      );
    },
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        const raw = Buffer.concat(chunks).toString('utf8');
        const mail = {
          sender: mailFrom === false ? '' : mailFrom.address,
          recipients: rcptTo.map(({ address }) => address),
          isSecure: session.secure,
          raw,
          ...parseMail(raw),
        };
        mails.push(mail);
        void (options.beforeAnswer?.(mail) ?? Promise.resolve()).then(() => done());
      });
    },
  } satisfies SMTPServerOptions);
  // A client that goes away is no failure of the server.
  server.on('error', () => undefined);
  const sockets = new Set<Socket>();
  server.server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    logins,
    connections: () => connections,
    cut: () => sockets.forEach((socket) => socket.destroy()),
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function refusal(responseCode: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode });
}

function parseMail(raw: string): Pick<ReceivedMail, 'lines' | 'text'> {
  const end = raw.indexOf('\r\n\r\n');
  const lines = raw
    .slice(0, end)
    .replaceAll(/\r\n[ \t]+/g, ' ')
    .split('\r\n')
    .map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), decodeWords(line.slice(colon + 1).trim())] as const;
    });
  const encoding = lines.find(([name]) => name === 'content-transfer-encoding')?.[1] ?? '7bit';
  const content = raw.slice(end + 4);
  if (encoding === 'base64') return { lines, text: Buffer.from(content, 'base64').toString('utf8') };
  const text = encoding === 'quoted-printable' ? decodeQuoted(content.replaceAll('=\r\n', '')) : content;
  return { lines, text: text.replaceAll('\r\n', '\n') };
}

/** RFC 2047. Blanks between two encoded words do not count. */
function decodeWords(value: string): string {
  return value
    .replaceAll(/(=\?[^?]+\?[QB]\?[^?]*\?=)\s+(?==\?)/gi, '$1')
    .replaceAll(/=\?utf-8\?([QB])\?([^?]*)\?=/gi, (_, encoding: string, word: string) =>
      encoding.toUpperCase() === 'B'
        ? Buffer.from(word, 'base64').toString('utf8')
        : decodeQuoted(word.replaceAll('_', ' ')),
    );
}

function decodeQuoted(text: string): string {
  return text.replaceAll(/(?:=[0-9A-F]{2})+/gi, (bytes) =>
    Buffer.from(bytes.replaceAll('=', ''), 'hex').toString('utf8'),
  );
}
