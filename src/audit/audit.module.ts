import { Module } from '@nestjs/common';
import { AuditEventsController } from './audit-events.controller.js';
import { AuditEventRepository } from './audit-event.repository.js';
import { AuditEventReader } from './audit-event.reader.js';
import { AuditExporter } from './audit-exporter.js';
import { AuditMetrics } from './audit.metrics.js';
import { AuditRetention } from './audit.retention.js';
import { AuditChain } from './audit-chain.js';
import { AuditService } from './audit.service.js';
import { AuditShipper } from './audit-shipper.js';
import { AuditStore } from './audit-store.js';
import { AuditStreams } from './streams/audit-streams.js';
import { FormerNames } from './former-names.js';
import { AuditVerifier } from './audit-verifier.js';
import { UsageCountRepository } from './usage/usage-count.repository.js';
import { UsageCounterJob } from './usage/usage-counter.job.js';
import { UsageReader } from './usage/usage.reader.js';
import { UnrecordedRequests } from './unrecorded-requests.js';

@Module({
  controllers: [AuditEventsController],
  providers: [
    AuditEventReader,
    AuditEventRepository,
    AuditExporter,
    AuditMetrics,
    AuditRetention,
    AuditChain,
    AuditService,
    AuditShipper,
    AuditStore,
    AuditStreams,
    AuditVerifier,
    FormerNames,
    UnrecordedRequests,
    UsageCountRepository,
    UsageCounterJob,
    UsageReader,
  ],
  exports: [AuditEventReader, AuditRetention, AuditChain, AuditService, AuditShipper, FormerNames, UsageReader],
})
export class AuditModule {}
