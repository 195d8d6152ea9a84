import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { pageCookie, PAGED_RESULTS, type RawEntry } from '@scopegate/directory';
import { BerWriter, Client, Control, type Entry, type SearchResult } from 'ldapts';
import { inTime } from '../../common/time/in-time.js';
import { LdapFailure, ldapFailureOf } from './ldap-failure.js';
import { MessageStream, type StreamLimits } from './message-stream.js';

/** Where a directory is, and how its connections are secured. */
export interface LdapTarget {
  readonly url: string;
  readonly startTls: boolean;
  /** PEM; null: the authorities that Node trusts. */
  readonly ca: string | null;
}

export interface LdapSearch {
  readonly base: string;
  readonly scope: 'base' | 'sub';
  readonly filter: string;
  readonly attributes: readonly string[];
  /** Their values are bytes. */
  readonly binary?: readonly string[];
  /** Asks Active Directory to leave out references to other parts of its domain. */
  readonly isDomainOnly?: boolean;
  /** The search fails if there are more. */
  readonly maxEntries: number;
}

/** Of a connection, and of each question on it. */
const CONNECT_MS = 5_000;
const OPERATION_MS = 10_000;

const START_TLS = '1.3.6.1.4.1.1466.20037';

/** LDAP_SERVER_DOMAIN_SCOPE_OID. */
const DOMAIN_SCOPE = '1.2.840.113556.1.4.1339';

const PAGE_SIZE = 500;

/** A group of 100,000 members is one message of about 10 MB. */
const READING: StreamLimits = { maxMessageBytes: 16 * 1024 * 1024, maxBytes: 512 * 1024 * 1024 };

const MAX_LOGIN_ANSWER_BYTES = 4_194_304;

/** One user, or the namesakes: a directory that lies must not fill the memory by somebody's login. */
export const LOGIN: StreamLimits = { maxMessageBytes: MAX_LOGIN_ANSWER_BYTES, maxBytes: MAX_LOGIN_ANSWER_BYTES };

const DEFAULT_PORTS = { 'ldap:': 389, 'ldaps:': 636 } as const;

/**
 * One conversation with a directory. It is never opened again: ldapts would connect anew without TLS and without a
 * bind. After a failure, close it.
 */
export class LdapConnection {
  readonly #stream: MessageStream;
  readonly #client: Client;
  /** Where the next page begins. */
  #cookie: Uint8Array = new Uint8Array();

  private constructor(socket: Socket, limits: StreamLimits) {
    this.#stream = new MessageStream(socket, limits, (message) => {
      this.#cookie = pageCookie(message) ?? this.#cookie;
    });
    this.#client = clientOn(this.#stream);
  }

  /**
   * @param signal ends the connection, also while it is being opened
   * @throws LdapFailure
   */
  static async open(target: LdapTarget, limits = READING, signal?: AbortSignal): Promise<LdapConnection> {
    return new LdapConnection(await connectTo(target, signal), limits);
  }

  /**
   * @param dn null binds as nobody
   * @throws ResultCodeError if the directory refuses it, else LdapFailure
   */
  async bind(dn: string | null, password: string): Promise<void> {
    // RFC 4513 5.1.2: a name without a password is no authentication, and many servers call it a success.
    if (dn !== null && password === '') throw new LdapFailure('credentials');
    try {
      await this.#client.bind(dn ?? '', dn === null ? '' : password);
    } catch (error) {
      throw this.#stream.failure ?? error;
    }
  }

  /**
   * All entries, in pages, or none.
   * @throws LdapFailure also for a part of the entries, and for a reference to another server
   */
  async search(search: LdapSearch): Promise<RawEntry[]> {
    const entries: RawEntry[] = [];
    this.#cookie = new Uint8Array();
    const controls = search.isDomainOnly === true ? [new Control(DOMAIN_SCOPE)] : [];
    // A server that sends empty pages for ever is stopped, too.
    for (let page = 0; page * PAGE_SIZE <= search.maxEntries + PAGE_SIZE; page += 1) {
      const found = await this.#page(search, [...controls, new PageControl(this.#cookie)]);
      if (found.searchReferences.length > 0) throw new LdapFailure('referral');
      entries.push(...found.searchEntries.map(rawEntry));
      if (entries.length > search.maxEntries) break;
      if (this.#cookie.length === 0) return entries;
    }
    throw new LdapFailure('too-large');
  }

  close(): void {
    // Says goodbye where that is possible. Nobody waits for it.
    this.#client.unbind().catch(() => undefined);
    setTimeout(() => this.#stream.destroy(), 1_000).unref();
  }

  async #page(
    { base, scope, filter, attributes, binary = [] }: LdapSearch,
    controls: Control[],
  ): Promise<SearchResult> {
    try {
      return await this.#client.search(
        base,
        { scope, filter, attributes: [...attributes], explicitBufferAttributes: [...binary] },
        controls,
      );
    } catch (error) {
      throw this.#stream.failure ?? ldapFailureOf(error);
    }
  }
}

/** ldapts' own control for pages is not accepted where the cookie is ours. */
class PageControl extends Control {
  constructor(private readonly cookie: Uint8Array) {
    super(PAGED_RESULTS);
  }

  override writeControl(writer: BerWriter): void {
    const value = new BerWriter();
    value.startSequence();
    value.writeInt(PAGE_SIZE);
    if (this.cookie.length === 0) value.writeString('');
    else value.writeBuffer(Buffer.from(this.cookie), 4);
    value.endSequence();
    writer.writeBuffer(value.buffer, 4);
  }
}

function clientOn(stream: MessageStream): Client {
  let isUsed = false;
  return new Client({
    // The address is of no use: the connection is there.
    url: 'ldap://localhost',
    timeout: OPERATION_MS,
    createConnection: (() => {
      if (isUsed || stream.destroyed) throw stream.failure ?? new LdapFailure('closed');
      isUsed = true;
      return stream;
    }) as unknown as typeof connectTcp,
  });
}

function rawEntry({ dn, ...attributes }: Entry): RawEntry {
  const values = Object.entries(attributes).map(
    ([name, value]) => [name, Array.isArray(value) ? value : [value]] as const,
  );
  return { dn, attributes: new Map(values) };
}

async function connectTo({ url, startTls, ca }: LdapTarget, signal?: AbortSignal): Promise<Socket> {
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const ends = signal === undefined ? {} : { signal };
  const secured = { host, ...(isIP(host) === 0 ? { servername: host } : {}), ...(ca === null ? {} : { ca }) };
  const number = port === '' ? DEFAULT_PORTS[protocol as 'ldap:' | 'ldaps:'] : Number(port);
  if (protocol === 'ldaps:') {
    return opened(connectTls({ ...secured, ...ends, port: number }), 'secureConnect');
  }
  const plain = await opened(connectTcp({ host, ...ends, port: number, autoSelectFamily: true }), 'connect');
  if (!startTls) return plain;
  await askForTls(plain);
  return opened(connectTls({ ...secured, socket: plain }), 'secureConnect');
}

/** @throws LdapFailure after `CONNECT_MS` at the latest; the socket is then closed */
async function opened(socket: Socket, event: 'connect' | 'secureConnect'): Promise<Socket> {
  const ready = new Promise<void>((resolve, reject) => {
    socket.once(event, resolve).once('error', reject);
    socket.once('close', () => reject(new LdapFailure('closed')));
  });
  try {
    await inTime(ready, CONNECT_MS, () => new LdapFailure('timeout'));
    socket.removeAllListeners('error').removeAllListeners('close');
    return socket;
  } catch (error) {
    socket.on('error', () => undefined).destroy();
    throw ldapFailureOf(error);
  }
}

/**
 * RFC 4511 4.14. Its own client reads the answer and is thrown away: what else came before the handshake is no part of
 * the secured conversation.
 */
async function askForTls(socket: Socket): Promise<void> {
  const listeners = ['data', 'error', 'close'] as const;
  const stream = new MessageStream(socket, READING, () => undefined);
  try {
    await clientOn(stream).exop(START_TLS);
    for (const name of listeners) socket.removeAllListeners(name);
  } catch (error) {
    stream.on('error', () => undefined).destroy();
    throw stream.failure ?? new LdapFailure('start-tls', ldapFailureOf(error).said);
  }
}
