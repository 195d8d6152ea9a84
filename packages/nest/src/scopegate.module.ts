import { Global, Module } from '@nestjs/common';
import { DecisionService } from './decision.service.js';
import { ScopegateGuard } from './scopegate.guard.js';
import { ConfigurableModuleClass } from './scopegate.module-definition.js';

/**
 * `ScopegateModule.forRoot({ url, credential })` or `forRootAsync(…)`, once, in the root module. The guard can then be
 * used in every module.
 */
@Global()
@Module({ providers: [DecisionService, ScopegateGuard], exports: [DecisionService, ScopegateGuard] })
export class ScopegateModule extends ConfigurableModuleClass {}
