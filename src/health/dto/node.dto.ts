/** A process that judges requests, and what it last said of itself. */
export class NodeDto {
  /**
   * As in `GET /version` and in confirmations of revocations.
   * @example gateway-1-3f9a0c2b71-w2
   */
  id!: string;

  /**
   * The node that a worker belongs to; otherwise the id.
   * @example gateway-1-3f9a0c2b71
   */
  node!: string;

  /**
   * The number of the worker, from 1; null if the node is one process.
   * @example 2
   */
  worker!: number | null;

  /** Whether it may judge requests. A node that was not stopped in order stays listed for about a day. */
  live!: boolean;

  /** When it last wrote to the database, by the clock of the database: ISO 8601, UTC. A live node does so every 2 s. */
  lastSeenAt!: string;

  /**
   * The version of the server; null if it is too old to say so.
   * @example 0.1.0
   */
  version!: string | null;

  /**
   * Milliseconds since the node had acted on all changes of all nodes, when it was last seen. Usually below 1,000;
   * requests are refused above `SCOPEGATE_MAX_STALENESS_MS`. Null if it is too old to say so.
   * @example 120
   */
  lagMs!: number | null;

  /**
   * Bytes of audit events in its journal that were not in the database yet, when it was last seen. Null if it is too
   * old to say so.
   * @example 0
   */
  journalBytes!: number | null;

  /** Whether this node gave the answer. */
  answering!: boolean;
}

/** The nodes, the live ones first. */
export class NodeListDto {
  items!: NodeDto[];
}
