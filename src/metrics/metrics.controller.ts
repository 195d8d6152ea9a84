import { Controller, Get, Res } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Access } from '../common/access/route.decorators.js';
import { MetricsRegistry } from './metrics.registry.js';

@ApiTags('Health')
@Access('public')
@Controller('metrics')
export class MetricsController {
  constructor(private readonly metrics: MetricsRegistry) {}

  /** The figures of the server, all its workers together, in Prometheus' text format: decisions, times, the journal, caches, connections. */
  @Get()
  @ApiOperation({ summary: 'Metrics', security: [] })
  @ApiProduces('text/plain')
  @ApiResponse({ status: 200, schema: { type: 'string' }, description: 'The metrics, one in each line' })
  async getMetrics(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    void reply.type(this.metrics.contentType);
    return this.metrics.text();
  }
}
