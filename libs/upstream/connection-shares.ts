/** Per holder. Further requests are refused at once, which limits memory. */
const MAX_WAITING = 1_024;

/** Holders without a connection, kept for their next request. */
const MAX_IDLE_HOLDERS = 1_024;

/** A quarter of the application's connections for one holder, at least one (R112). */
export function shareOf(connections: number): number {
  return Math.max(1, Math.floor(connections / 4));
}

/** Half a share for event streams, at least one, so that short requests get through. */
export function streamShareOf(share: number): number {
  return Math.max(1, Math.floor(share / 2));
}

export interface ConnectionHolder<Waiter> {
  readonly key: string;
  /** Including event streams. */
  taken: number;
  streams: number;
  /** In order of arrival. */
  readonly waiting: Set<Waiter>;
}

/**
 * R112: each holder has at most its share. If all connections are taken, the holders take turns, however many requests
 * each has waiting. The cost does not depend on the number that wait.
 */
export class ConnectionShares<Waiter> {
  readonly #limit: number;
  readonly #share: number;
  readonly #streamShare: number;
  readonly #holders = new Map<string, ConnectionHolder<Waiter>>();
  /** Holders with room in their share and a waiting request, in order of turns. */
  readonly #turns = new Set<ConnectionHolder<Waiter>>();
  #taken = 0;
  #waiting = 0;

  /** @param connections all of the application */
  constructor(connections: number) {
    this.#limit = connections;
    this.#share = shareOf(connections);
    this.#streamShare = streamShareOf(this.#share);
  }

  get waiting(): number {
    return this.#waiting;
  }

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

  /** False if none is free or another holder waits. */
  take(holder: ConnectionHolder<Waiter>): boolean {
    const isFree = this.#turns.size === 0 && this.#taken < this.#limit;
    if (!isFree || holder.waiting.size > 0 || !this.#hasRoom(holder)) return false;
    this.#taken += 1;
    holder.taken += 1;
    return true;
  }

  /** False if too many requests of this holder wait. */
  wait(holder: ConnectionHolder<Waiter>, waiter: Waiter): boolean {
    if (holder.waiting.size >= MAX_WAITING) return false;
    holder.waiting.add(waiter);
    this.#waiting += 1;
    if (this.#hasRoom(holder)) this.#turns.add(holder);
    return true;
  }

  leave(holder: ConnectionHolder<Waiter>, waiter: Waiter): void {
    if (!holder.waiting.delete(waiter)) return;
    this.#waiting -= 1;
    if (holder.waiting.size === 0) this.#turns.delete(holder);
    this.#forgetIfIdle(holder);
  }

  /** Null if there is no free place or no waiting request. */
  next(): Waiter | null {
    if (!this.isTurnDue) return null;
    for (const holder of this.#turns) {
      // A holder with more requests goes to the end.
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

  /** Counts a taken place as an event stream. False if the holder may have no more of them. */
  addStream(holder: ConnectionHolder<Waiter>): boolean {
    if (holder.streams >= this.#streamShare) return false;
    holder.streams += 1;
    this.#noteRoom(holder);
    return true;
  }

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

  /** A share of one cannot be divided: an event stream then leaves room for one more request. */
  #hasRoom(holder: ConnectionHolder<Waiter>): boolean {
    return holder.taken < this.#share || (this.#share === 1 && holder.taken === 1 && holder.streams === 1);
  }

  #forgetIfIdle(holder: ConnectionHolder<Waiter>): void {
    if (holder.taken === 0 && holder.waiting.size === 0 && this.#holders.size > MAX_IDLE_HOLDERS) {
      this.#holders.delete(holder.key);
    }
  }
}
