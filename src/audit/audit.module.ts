import { Module } from '@nestjs/common';
import { AuditEventsController } from './audit-events.controller.js';
import { AuditEventRepository } from './audit-event.repository.js';
import { AuditRetention } from './audit.retention.js';
import { AuditMetrics } from './audit.metrics.js';
import { AuditChain } from './audit.chain.js';
import { AuditService } from './audit.service.js';
import { AuditShipper } from './audit.shipper.js';

@Module({
  controllers: [AuditEventsController],
  providers: [AuditEventRepository, AuditRetention, AuditChain, AuditMetrics, AuditService, AuditShipper],
  exports: [AuditRetention, AuditChain, AuditService, AuditShipper],
})
export class AuditModule {}
