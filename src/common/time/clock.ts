import { Injectable } from '@nestjs/common';

/** The only source of time; tests replace it. */
@Injectable()
export class Clock {
  /** Milliseconds since the epoch. */
  nowMs(): number {
    return Date.now();
  }
}
