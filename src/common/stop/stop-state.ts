import { Injectable } from '@nestjs/common';

/** A stopping server is not ready, but still answers (R79). */
@Injectable()
export class StopState {
  #isStopping = false;

  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** Call this with the first signal. */
  begin(): void {
    this.#isStopping = true;
  }
}
