// The servers that the parts of a run share. Each starts when it is first needed.
import { checkAudit } from './audit-check.mjs';
import { Ledger, PATH_BELOW } from './load.mjs';
import { startMariaDb } from './mariadb.mjs';
import { startUpstream } from './nginx.mjs';
import { pinThisProcess } from './processes.mjs';
import { equip, startScopegate } from './scopegate.mjs';

export class Bench {
  #gateway = null;
  #running = new Set();
  /** The results of the audit checks of the gateways that have ended. */
  audits = [];

  constructor(options, upstream, database) {
    this.options = options;
    this.upstream = upstream;
    this.database = database;
    /** The results of each part, by its name. Later parts may use them. */
    this.results = {};
  }

  static async start(options) {
    pinThisProcess();
    return new Bench(options, await startUpstream(), await startMariaDb());
  }

  /** The Scopegate of most measurements, with everything on, and its token. */
  gateway() {
    this.#gateway ??= this.newGateway('scopegate');
    return this.#gateway;
  }

  /**
   * A separate Scopegate with everything on, its token, and a ledger of its answers.
   * @param options `database` if it is not the MariaDB of the run, and those of `startScopegate` and `equip`
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

  /** Compares the audit of a gateway with the counted answers, stops it and removes its database. */
  async end(gateway) {
    this.#running.delete(gateway);
    this.audits.push(await checkAudit(gateway));
    await gateway.database.drop(gateway.scopegate.name);
  }

  /** Ends every running gateway. */
  async endAll() {
    for (const gateway of this.#running) await this.end(gateway);
  }
}

/** A candidate for one application of a gateway. */
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
