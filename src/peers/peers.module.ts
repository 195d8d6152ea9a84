import { Global, Module, type DynamicModule } from '@nestjs/common';
import { Clock } from '../common/time/clock.js';
import { ChangeChannel } from './change.channel.js';
import { FailureCounters, MemoryFailureCounters } from './failure-counters.js';
import { PeerLink } from './peer.link.js';
import { PrimaryFailureCounters } from './primary-failure-counters.js';
import { RedisFailureCounters } from './redis-failure-counters.js';
import { RedisLink } from './redis.link.js';

@Global()
@Module({})
export class PeersModule {
  static forRoot(peers: PeerLink): DynamicModule {
    return {
      module: PeersModule,
      providers: [
        { provide: PeerLink, useValue: peers },
        RedisLink,
        ChangeChannel,
        { provide: FailureCounters, inject: [Clock, RedisLink, PeerLink], useFactory: createFailureCounters },
      ],
      exports: [PeerLink, ChangeChannel, FailureCounters],
    };
  }
}

/** Workers always count together; several nodes do so if REDIS_URL is set. */
function createFailureCounters(clock: Clock, redis: RedisLink, { primary }: PeerLink): FailureCounters {
  const alone = new MemoryFailureCounters(clock);
  const own = primary === null ? alone : new PrimaryFailureCounters(primary, alone, clock);
  return redis.client === null ? own : new RedisFailureCounters(redis.client, redis, own);
}
