import { Injectable } from '@nestjs/common';

/** The only source of the time; tests put a fixed one in its place. */
@Injectable()
export class Clock {
  /** Milliseconds since the epoch. */
  nowMs(): number {
    return Date.now();
  }
}
