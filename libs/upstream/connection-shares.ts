/** The most requests of one holder that wait at a time. More are refused at once, so that memory stays bounded. */
const MAX_WAITING = 1_024;

/** The number of holders without a connection that are kept for their next request. */
const MAX_IDLE_HOLDERS = 1_024;

/**
 * The part of an application's connections that one holder may have at a time: a quarter, and at least one (R112).
 * @param connections of the application, all of them
 */
export function shareOf(connections: number): number {
  return Math.max(1, Math.floor(connections / 4));
}

/** The part of a share that event streams may have: half of it, and at least one, so that short requests get through. */
export function streamShareOf(share: number): number {
  return Math.max(1, Math.floor(share / 2));
}

/** A holder of connections: a token, or a client without one. */
export interface ConnectionHolder<Waiter> {
  readonly key: string;
  /** Places taken, those of event streams among them. */
  taken: number;
  streams: number;
  /** The requests that wait for a place, in their order. */
  readonly waiting: Set<Waiter>;
}

/**
 * Divides the connections of one application between their holders (R112). A holder has at most its share; beyond it, it
 * waits only for its own requests. If all connections are taken, the holders get the next ones in turn, however many
 * requests each of them has waiting. Taking and giving back cost the same however many wait.
 */
export class ConnectionShares<Waiter> {
  readonly #limit: number;
  readonly #share: number;
  readonly #streamShare: number;
  readonly #holders = new Map<string, ConnectionHolder<Waiter>>();
  /** Holders that have room in their share and a request waiting, in the order of their turns. */
  readonly #turns = new Set<ConnectionHolder<Waiter>>();
  #taken = 0;
  #waiting = 0;

  /** @param connections of the application, all of them */
  constructor(connections: number) {
    this.#limit = connections;
    this.#share = shareOf(connections);
    this.#streamShare = streamShareOf(this.#share);
  }

  /** How many requests wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Whether `next` returns a request. */
  get isTurnDue(): boolean {
    return this.#turns.size > 0 && this.#taken < this.#limit;
  }

  holder(key: string): ConnectionHolder<Waiter> {
    let holder = this.#holders.get(key);
    if (holder === undefined) {
      holder = { key, taken: 0, streams: 0, waiting: new Set() };
      this.#holders.set(key, holder);
    }
    return holder;
  }

  /** Takes a place if one is free and no other holder waits. @returns whether it was taken */
  take(holder: ConnectionHolder<Waiter>): boolean {
    const isFree = this.#turns.size === 0 && this.#taken < this.#limit;
    if (!isFree || holder.waiting.size > 0 || !this.#hasRoom(holder)) return false;
    this.#taken += 1;
    holder.taken += 1;
    return true;
  }

  /** Waits for a place, which `next` gives. @returns false if too many requests of this holder wait already */
  wait(holder: ConnectionHolder<Waiter>, waiter: Waiter): boolean {
    if (holder.waiting.size >= MAX_WAITING) return false;
    holder.waiting.add(waiter);
    this.#waiting += 1;
    if (this.#hasRoom(holder)) this.#turns.add(holder);
    return true;
  }

  /** Waits no longer. */
  leave(holder: ConnectionHolder<Waiter>, waiter: Waiter): void {
    if (!holder.waiting.delete(waiter)) return;
    this.#waiting -= 1;
    if (holder.waiting.size === 0) this.#turns.delete(holder);
    this.#forgetIfIdle(holder);
  }

  /** Gives a place to the next request. @returns null if there is no free place, or no request waits */
  next(): Waiter | null {
    if (!this.isTurnDue) return null;
    for (const holder of this.#turns) {
      // A holder with more requests goes to the end of the line.
      this.#turns.delete(holder);
      for (const waiter of holder.waiting) {
        holder.waiting.delete(waiter);
        this.#waiting -= 1;
        this.#taken += 1;
        holder.taken += 1;
        if (holder.waiting.size > 0 && this.#hasRoom(holder)) this.#turns.add(holder);
        return waiter;
      }
    }
    return null;
  }

  /** Counts a place that is taken as one of an event stream. @returns false if the holder may have no more of those */
  addStream(holder: ConnectionHolder<Waiter>): boolean {
    if (holder.streams >= this.#streamShare) return false;
    holder.streams += 1;
    this.#noteRoom(holder);
    return true;
  }

  /** Gives a place back, once. */
  release(holder: ConnectionHolder<Waiter>, isStream: boolean): void {
    this.#taken -= 1;
    holder.taken -= 1;
    if (isStream) holder.streams -= 1;
    this.#noteRoom(holder);
    this.#forgetIfIdle(holder);
  }

  #noteRoom(holder: ConnectionHolder<Waiter>): void {
    if (holder.waiting.size > 0 && this.#hasRoom(holder)) this.#turns.add(holder);
  }

  /** A share of one cannot be divided: there an event stream leaves room for one request beside it. */
  #hasRoom(holder: ConnectionHolder<Waiter>): boolean {
    return holder.taken < this.#share || (this.#share === 1 && holder.taken === 1 && holder.streams === 1);
  }

  #forgetIfIdle(holder: ConnectionHolder<Waiter>): void {
    if (holder.taken === 0 && holder.waiting.size === 0 && this.#holders.size > MAX_IDLE_HOLDERS) {
      this.#holders.delete(holder.key);
    }
  }
}
