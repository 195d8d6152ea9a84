// What the parts of a run have in common: the servers, each started when it is first needed.
import { checkAudit } from './audit-check.mjs';
import { Ledger, PATH_BELOW } from './load.mjs';
import { startMariaDb } from './mariadb.mjs';
import { startUpstream } from './nginx.mjs';
import { pinThisProcess } from './processes.mjs';
import { equip, startScopegate } from './scopegate.mjs';

export class Bench {
  #gateway = null;
  #running = new Set();
  /** What the audits of the gateways that have ended were found to hold. */
  audits = [];

  constructor(options, upstream, database) {
    this.options = options;
    this.upstream = upstream;
    this.database = database;
    /** What each part has found, by its name; later parts may build on it. */
    this.results = {};
  }

  static async start(options) {
    pinThisProcess();
    return new Bench(options, await startUpstream(), await startMariaDb());
  }

  /** The Scopegate that most is measured with, everything on, and its token. */
  gateway() {
    this.#gateway ??= this.newGateway('scopegate');
    return this.#gateway;
  }

  /**
   * A Scopegate of its own, everything on, its token, and a ledger of what it has answered.
   * @param options `database` where it is not the MariaDB of the run, and those of `startScopegate` and `equip`
   */
  async newGateway(name, options = {}) {
    const { nodeArguments } = this.options;
    const { database = this.database } = options;
    const scopegate = await startScopegate(database, name, { nodeArguments, ...options });
    const token = await equip(scopegate, this.upstream, options);
    const gateway = { scopegate, token, database, ledger: new Ledger() };
    this.#running.add(gateway);
    return gateway;
  }

  /**
   * Stops a gateway and removes its database, once its audit has been compared with what was answered.
   */
  async end(gateway) {
    this.#running.delete(gateway);
    this.audits.push(await checkAudit(gateway));
    await gateway.database.drop(gateway.scopegate.name);
  }

  /** Ends every gateway that still runs. */
  async endAll() {
    for (const gateway of this.#running) await this.end(gateway);
  }
}

/** A candidate for one application of a gateway: what is sent as, and what comes of it. */
export function candidateOf({ scopegate, token, ledger }, more = {}) {
  return {
    name: 'basic',
    pids: scopegate.pids,
    url: `${scopegate.url}/bench${PATH_BELOW}`,
    headers: [token.basic],
    expects: 'allowed',
    settle: () => scopegate.settle(),
    ledger,
    ...more,
  };
}
