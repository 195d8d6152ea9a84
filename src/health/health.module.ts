import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { HealthController } from './health.controller.js';
import { NodesController } from './nodes.controller.js';
import { NodeMetrics } from './node.metrics.js';
import { Readiness } from './readiness.js';
import { VersionController } from './version.controller.js';

@Module({
  imports: [AuditModule],
  controllers: [HealthController, NodesController, VersionController],
  providers: [Readiness, NodeMetrics],
})
export class HealthModule {}
