import { Controller, Get, HttpStatus, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Access } from '../common/access/route.decorators.js';
import { StopState } from '../common/stop/stop-state.js';
import { HealthDto } from './dto/health.dto.js';
import { Readiness } from './readiness.js';

@ApiTags('Health')
@Access('public')
@Controller('health')
export class HealthController {
  constructor(
    private readonly readiness: Readiness,
    private readonly stopState: StopState,
  ) {}

  /** Whether the process answers at all. */
  @Get('live')
  @ApiOperation({ summary: 'Liveness', security: [] })
  @ApiResponse({ status: 200, type: HealthDto, description: 'The process answers' })
  getLiveness(): HealthDto {
    return { status: 'ok', checks: {} };
  }

  /**
   * Whether requests can be judged and recorded: the database can be written, the journal and the tables are in order. A
   * server that stops is not ready, though it still answers: load balancers are to look elsewhere (R79).
   */
  @Get('ready')
  @ApiOperation({ summary: 'Readiness', security: [] })
  @ApiResponse({ status: 200, type: HealthDto, description: 'Ready for requests' })
  @ApiResponse({ status: 503, type: HealthDto, description: 'Not ready: see checks' })
  async getReadiness(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthDto> {
    // Said at once: what makes a server stop may be what the checks would wait for.
    const checks = this.stopState.isStopping ? { accepting: 'failing' as const } : await this.readiness.check();
    const isReady = Object.values(checks).every((result) => result === 'ok');
    void reply.status(isReady ? HttpStatus.OK : HttpStatus.SERVICE_UNAVAILABLE);
    const { warnings } = this.readiness;
    return {
      status: isReady ? 'ok' : 'failing',
      checks: { ...checks },
      ...(warnings.length === 0 ? {} : { warnings: [...warnings] }),
    };
  }
}
