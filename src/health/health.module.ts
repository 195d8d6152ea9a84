import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { HealthController } from './health.controller.js';
import { NodeMetrics } from './node.metrics.js';
import { Readiness } from './readiness.js';

@Module({ imports: [AuditModule], controllers: [HealthController], providers: [Readiness, NodeMetrics] })
export class HealthModule {}
