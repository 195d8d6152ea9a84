import { hostname, networkInterfaces } from 'node:os';
import { Injectable } from '@nestjs/common';
import { isOwnUpstream, type Listener, type UpstreamTarget } from '@scopegate/upstream';

/** No application may have this server as its upstream. */
@Injectable()
export class OwnListeners {
  #listeners: readonly Listener[] = [];

  /** Call this after the ports are open. */
  set(listeners: readonly Listener[]): void {
    this.#listeners = listeners;
  }

  has(target: UpstreamTarget): boolean {
    return isOwnUpstream(target, this.#listeners, machineNames());
  }
}

/** Read each time, because addresses change. */
function machineNames(): ReadonlySet<string> {
  const addresses = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  return new Set([hostname().toLowerCase(), ...addresses.map(({ address }) => address.toLowerCase())]);
}
