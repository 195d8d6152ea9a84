import { Global, Module } from '@nestjs/common';
import { StopState } from './stop-state.js';

@Global()
@Module({ providers: [StopState], exports: [StopState] })
export class StopModule {}
