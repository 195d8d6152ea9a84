import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ApiRoute } from '../common/swagger/api-route.decorator.js';
import { NodeRegistry, type KnownNode } from '../database/node.registry.js';
import { nodeOf } from '../peers/node-name.js';
import { NodeListDto, type NodeDto } from './dto/node.dto.js';

@ApiTags('Health')
@Controller('api/v1/nodes')
export class NodesController {
  constructor(private readonly nodes: NodeRegistry) {}

  @Get()
  @ApiRoute({
    access: 'administrators',
    summary: 'List the nodes',
    description:
      'Every process that uses the database: its last sign of life, version, delay of changes and journal. The live ' +
      'ones come first.',
    type: NodeListDto,
  })
  async listNodes(): Promise<NodeListDto> {
    const known = (await this.nodes.readNodes()).toSorted(
      (left, right) => Number(right.isLive) - Number(left.isLive) || (left.id < right.id ? -1 : 1),
    );
    return { items: known.map((node) => toDto(node, this.nodes.id)) };
  }
}

function toDto({ id, isLive, seenAtMs, version, lagMs, journalBytes }: KnownNode, ownId: string): NodeDto {
  const { node, worker } = nodeOf(id);
  const lastSeenAt = new Date(seenAtMs).toISOString();
  return { id, node, worker, live: isLive, lastSeenAt, version, lagMs, journalBytes, answering: id === ownId };
}
