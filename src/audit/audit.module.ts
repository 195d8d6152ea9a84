import { Module } from '@nestjs/common';
import { AuditEventsController } from './audit-events.controller.js';
import { AuditEventRepository } from './audit-event.repository.js';
import { AuditService } from './audit.service.js';
import { AuditShipper } from './audit.shipper.js';

@Module({
  controllers: [AuditEventsController],
  providers: [AuditEventRepository, AuditService, AuditShipper],
  exports: [AuditService, AuditShipper],
})
export class AuditModule {}
