import { Global, Module } from '@nestjs/common';
import { StopState } from './stop-state.js';

/** Tells every module whether the server is stopping. */
@Global()
@Module({ providers: [StopState], exports: [StopState] })
export class StopModule {}
