import { hostname, networkInterfaces } from 'node:os';
import { Injectable } from '@nestjs/common';
import { isOwnUpstream, type Listener, type UpstreamTarget } from '@scopegate/upstream';

/** Where this server listens, so that no application has it as its upstream. */
@Injectable()
export class OwnListeners {
  #listeners: readonly Listener[] = [];

  /** Called once the ports are open. */
  set(listeners: readonly Listener[]): void {
    this.#listeners = listeners;
  }

  has(target: UpstreamTarget): boolean {
    return isOwnUpstream(target, this.#listeners, machineNames());
  }
}

/** Read each time, because the addresses of the machine change. */
function machineNames(): ReadonlySet<string> {
  const addresses = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  return new Set([hostname().toLowerCase(), ...addresses.map(({ address }) => address.toLowerCase())]);
}
