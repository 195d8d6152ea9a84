import { Global, Module } from '@nestjs/common';
import { RequestLog } from './request.log.js';

@Global()
@Module({ providers: [RequestLog], exports: [RequestLog] })
export class LoggingModule {}
