import { Global, Module } from '@nestjs/common';
import { RequestLog } from './request.log.js';

/** The log of requests; what else is logged goes through Nest's own Logger. */
@Global()
@Module({ providers: [RequestLog], exports: [RequestLog] })
export class LoggingModule {}
