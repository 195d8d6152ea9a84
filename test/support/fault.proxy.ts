import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Towards the server are the questions, towards the client the answers. */
export type Direction = 'to-server' | 'to-client';

/**
 * What happens to the COMMIT of a transaction:
 * - `reset-before`: the connection is reset, and the server never sees the COMMIT. Nothing is stored.
 * - `reset-after`: the server has answered it, and the connection is reset before the answer arrives. All is stored.
 * - `swallow-answer`: the server has answered it, and the connection stays open without a word. All is stored.
 */
export type CommitFault = 'reset-before' | 'reset-after' | 'swallow-answer';

export type CommitRule = {
  readonly fault: CommitFault;
  /** Only transactions in which the client sent this text, such as the name of a table; by default any transaction. */
  readonly containing?: string;
  /** For how many transactions the rule holds; 1 by default. */
  readonly times?: number;
};

/**
 * A TCP proxy on 127.0.0.1 between a program under test and its MariaDB or Redis. It passes everything until it is told
 * otherwise. A connection that has lost bytes stays silent for good, as one whose entry a firewall has dropped: neither
 * end hears from the other again, not even that it has closed. Connections made after `pass()` work again.
 */
export type FaultProxy = {
  readonly port: number;
  /** Connections that clients hold open right now, the silent ones among them. */
  readonly openConnections: number;
  /** Of those, the ones that have lost bytes and are silent for good. */
  readonly silentConnections: number;
  /** Connections that clients have opened since the start; refused ones are not counted. */
  readonly acceptedConnections: number;
  /** How many COMMITs a rule of `failCommit` has hit. */
  readonly failedCommits: number;
  /** The same URL with the proxy's address in place of the server's. */
  through(url: string): string;
  /** New bytes and new connections pass again; ends every fault but the silence of connections that lost bytes. */
  pass(): void;
  /** Bytes of these directions are lost from now on; by default those of both. Connections stay open. */
  swallow(...directions: Direction[]): void;
  /** Resets every open connection (RST to both ends). New ones are not affected. */
  reset(): void;
  /** Refuses new connections from now on. Open ones are not affected. */
  refuse(): Promise<void>;
  /** Every byte arrives this much later, in both directions. */
  delay(delayMs: number): void;
  /** Lets the COMMIT of one or more MySQL transactions go wrong. Takes the place of an earlier rule. */
  failCommit(rule: CommitRule): void;
  /** Ends all connections and the proxy. */
  stop(): Promise<void>;
};

type State = {
  swallowed: ReadonlySet<Direction>;
  delayMs: number;
  commitRule: (CommitRule & { left: number }) | null;
  failedCommits: number;
};

const HOST = '127.0.0.1';

/** A MySQL packet: length 7 in three bytes, number 0, COM_QUERY, and the word, which is compared without its case. */
const COMMIT_PACKET = '\x07\x00\x00\x00\x03commit';
const ROLLBACK_PACKET = '\x09\x00\x00\x00\x03rollback';

/**
 * Starts a proxy in front of a server.
 * @param target where the server listens; it need not be running
 */
export async function startFaultProxy(target: { readonly host?: string; readonly port: number }): Promise<FaultProxy> {
  const state: State = { swallowed: new Set(), delayMs: 0, commitRule: null, failedCommits: 0 };
  const links = new Set<Link>();
  let accepted = 0;
  const accept = (client: Socket): void => {
    accepted += 1;
    const link = new Link(client, connect({ host: target.host ?? HOST, port: target.port }), state);
    links.add(link);
    link.whenOver(() => links.delete(link));
  };
  let listener: Server | null = await listen(0, accept);
  const { port } = listener.address() as AddressInfo;
  const closeListener = async (): Promise<void> => {
    const closing = listener;
    listener = null;
    // The callback of close() would wait for the open connections too. The port is free once this call returns.
    closing?.close();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    port,
    get openConnections() {
      return [...links].filter((link) => link.isClientOpen).length;
    },
    get silentConnections() {
      return [...links].filter((link) => link.isClientOpen && link.isSilent).length;
    },
    get acceptedConnections() {
      return accepted;
    },
    get failedCommits() {
      return state.failedCommits;
    },
    through(url) {
      const changed = new URL(url);
      changed.host = `${HOST}:${port}`;
      return changed.href;
    },
    pass() {
      Object.assign(state, { swallowed: new Set(), delayMs: 0, commitRule: null });
      if (listener === null) {
        listener = createServer(accept);
        listener.listen(port, HOST);
      }
    },
    swallow(...directions) {
      state.swallowed = new Set(directions.length === 0 ? ['to-server', 'to-client'] : directions);
    },
    reset() {
      for (const link of links) link.reset();
    },
    refuse: closeListener,
    delay(delayMs) {
      state.delayMs = delayMs;
    },
    failCommit(rule) {
      state.commitRule = { ...rule, left: rule.times ?? 1 };
    },
    async stop() {
      await closeListener();
      for (const link of links) link.reset();
    },
  };
}

function listen(port: number, accept: (client: Socket) => void): Promise<Server> {
  const server = createServer(accept);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, () => resolve(server));
  });
}

/** One connection of a client and the one to the server that belongs to it. */
class Link {
  readonly #lines: Readonly<Record<Direction, Line>>;
  #hasLostBytes = false;
  #openEnds = 2;
  /** What the client has sent since its last transaction ended, as far as a rule asks for it. */
  #isChosen = false;
  #sent = '';
  #awaitsCommitAnswer: CommitFault | null = null;
  #over: () => void = () => undefined;

  constructor(
    readonly client: Socket,
    readonly server: Socket,
    private readonly state: State,
  ) {
    this.#lines = { 'to-server': new Line(server, state), 'to-client': new Line(client, state) };
    this.#hasLostBytes = state.swallowed.size > 0;
    this.#connect(client, 'to-server');
    this.#connect(server, 'to-client');
  }

  get isClientOpen(): boolean {
    return !this.client.destroyed;
  }

  get isSilent(): boolean {
    return this.#hasLostBytes;
  }

  /** Called once both ends are closed. */
  whenOver(over: () => void): void {
    this.#over = over;
  }

  reset(): void {
    this.client.resetAndDestroy();
    this.server.resetAndDestroy();
  }

  #connect(from: Socket, direction: Direction): void {
    const line = this.#lines[direction];
    from.setNoDelay(true);
    from.on('data', (chunk) => {
      if (direction === 'to-server' && this.#isResetBy(chunk)) return;
      if (direction === 'to-client' && this.#awaitsCommitAnswer !== null) {
        this.#failCommit(this.#awaitsCommitAnswer);
        return;
      }
      if (this.state.swallowed.has(direction)) this.#hasLostBytes = true;
      if (!this.#isLost(direction)) line.write(chunk);
    });
    from.on('end', () => {
      if (!this.#isLost(direction)) line.end();
    });
    from.on('error', () => undefined);
    from.on('close', (hadError) => {
      this.#openEnds -= 1;
      if (this.#openEnds === 0) this.#over();
      else if (!this.#isLost(direction)) line.close(hadError);
    });
  }

  #isLost(direction: Direction): boolean {
    const { swallowed } = this.state;
    return swallowed.size === 0 ? this.#hasLostBytes : swallowed.has(direction);
  }

  /** Looks for a COMMIT in what the client sends. @returns whether the connection has been reset because of it */
  #isResetBy(chunk: Buffer): boolean {
    const rule = this.state.commitRule;
    if (rule === null) return false;
    // A packet may arrive in two parts.
    const text = this.#sent + chunk.toString('latin1');
    this.#sent = text.slice(-200);
    if (rule.containing === undefined || text.includes(rule.containing)) this.#isChosen = true;
    const lowered = text.toLowerCase();
    const isCommit = lowered.includes(COMMIT_PACKET);
    if (!isCommit && !lowered.includes(ROLLBACK_PACKET)) return false;
    this.#sent = '';
    const isHit = isCommit && this.#isChosen && rule.left > 0;
    this.#isChosen = false;
    if (!isHit) return false;
    rule.left -= 1;
    if (rule.fault === 'reset-before') {
      this.#failCommit(rule.fault);
      return true;
    }
    this.#awaitsCommitAnswer = rule.fault;
    return false;
  }

  #failCommit(fault: CommitFault): void {
    this.#awaitsCommitAnswer = null;
    this.state.failedCommits += 1;
    if (fault === 'swallow-answer') this.#hasLostBytes = true;
    else this.reset();
  }
}

/** One direction of a connection: keeps the order of its bytes and of its end, however long each is delayed. */
class Line {
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly to: Socket,
    private readonly state: State,
  ) {}

  write(chunk: Buffer): void {
    this.#later(() => this.to.write(chunk));
  }

  end(): void {
    this.#later(() => this.to.end());
  }

  close(hadError: boolean): void {
    this.#later(() => {
      if (hadError) this.to.resetAndDestroy();
      else this.to.destroySoon();
    });
  }

  #later(act: () => void): void {
    const { delayMs } = this.state;
    const due = delayMs === 0 ? null : new Promise((resolve) => setTimeout(resolve, delayMs));
    this.#last = this.#last.then(() => due).then(() => (this.to.destroyed ? undefined : act()));
  }
}
