import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import ldap from 'ldapjs';
import { PRIVATE_HOST } from './private-server.js';

/** Of ldapjs, as far as its types leave them out. */
const { Attribute, SearchEntry, parseDN } = ldap as unknown as {
  readonly Attribute: { fromObject(attributes: object): readonly object[] };
  readonly SearchEntry: new (entry: object) => object;
  readonly parseDN: (dn: string) => object;
};

/** What a search gets. */
export type LdapAnswer = {
  readonly entries?: readonly {
    readonly dn: string;
    readonly attributes: Readonly<Record<string, string | readonly string[] | Buffer>>;
  }[];
  /** URLs of other servers, after the entries. */
  readonly references?: readonly string[];
  /** In place of success, after the entries. */
  readonly error?: object;
};

/** A search as the server has got it. */
export type LdapQuestion = { readonly base: string; readonly filter: string; readonly attributes: readonly string[] };

/** A directory that says what a test wants. It accepts every bind. */
export type LyingDirectory = { readonly url: string; stop(): Promise<void> };

/** @param answer called for each search */
export async function startLyingDirectory(
  answer: (question: LdapQuestion) => LdapAnswer | Promise<LdapAnswer>,
): Promise<LyingDirectory> {
  const server = ldap.createServer();
  server.bind('', (_request: unknown, response: { end(): void }, next: () => void) => {
    response.end();
    next();
  });
  server.search(
    '',
    async (
      request: {
        readonly connection: Socket;
        dn: { toString(): string };
        filter: { toString(): string };
        attributes: string[];
      },
      response: { readonly messageId: number; send(entry: object): void; end(): void },
      next: (error?: object) => void,
    ) => {
      const question = { base: String(request.dn), filter: String(request.filter), attributes: request.attributes };
      const { entries = [], references = [], error } = await answer(question);
      // As it is: ldapjs would leave out attributes that were not asked for by the same name.
      for (const { dn, attributes } of entries) {
        const { messageId } = response;
        const list = Attribute.fromObject(attributes);
        response.send(new SearchEntry({ objectName: parseDN(dn), messageId, attributes: list }));
      }
      for (const url of references) request.connection.write(referenceMessage(response.messageId, url));
      if (error === undefined) response.end();
      next(error);
    },
  );
  await new Promise<void>((resolve) => {
    server.listen(0, PRIVATE_HOST, resolve);
  });
  const { port } = (server as unknown as { address(): AddressInfo }).address();
  return {
    url: `ldap://${PRIVATE_HOST}:${port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
      }),
  };
}

/** RFC 4511 4.5.2. ldapjs sends none. */
function referenceMessage(messageId: number, url: string): Buffer {
  const text = Buffer.from(url);
  const reference = [0x73, text.length + 2, 0x04, text.length];
  return Buffer.from([0x30, 3 + reference.length + text.length, 0x02, 0x01, messageId, ...reference, ...text]);
}

/** A server that answers the first bytes of each connection with these, and then says no more. */
export async function startRawDirectory(bytes: Buffer): Promise<LyingDirectory> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => socket.write(bytes));
  });
  server.listen(0, PRIVATE_HOST);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `ldap://${PRIVATE_HOST}:${port}`,
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
