import { Injectable } from '@nestjs/common';

/** Whether the server is stopping. It is not ready from then on, though it still answers (R79). */
@Injectable()
export class StopState {
  #isStopping = false;

  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** Called once, with the first signal. */
  begin(): void {
    this.#isStopping = true;
  }
}
