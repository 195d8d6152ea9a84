import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module.js';
import { ApplicationsModule } from '../applications/applications.module.js';
import { GuardDecisionController } from './guard-decision.controller.js';
import { GuardDecisionService } from './guard-decision.service.js';
import { IntrospectionController } from './introspection.controller.js';
import { IntrospectionService } from './introspection.service.js';

/** Doors for services that received a token or a request themselves (R90). */
@Module({
  imports: [AccessModule, ApplicationsModule],
  controllers: [IntrospectionController, GuardDecisionController],
  providers: [IntrospectionService, GuardDecisionService],
})
export class IntrospectionModule {}
