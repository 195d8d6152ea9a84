import { Global, Module } from '@nestjs/common';
import { ChangeChannel } from './change.channel.js';
import { RedisLink } from './redis.link.js';

/** What several nodes share beside the database. Without REDIS_URL it does nothing. */
@Global()
@Module({ providers: [RedisLink, ChangeChannel], exports: [RedisLink] })
export class RedisModule {}
