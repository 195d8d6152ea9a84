import { ApiProperty } from '@nestjs/swagger';

/** What runs here. */
export class VersionDto {
  /** The version of the server. */
  @ApiProperty({ example: '0.1.0' })
  version!: string;

  /** The id of the node that answers: its host and something random, new with every start. Each worker is a node. */
  @ApiProperty({ example: 'gateway-1-3f9a0c2b71' })
  node!: string;

  /** The newest migration that this version knows: the state of the tables that it works with. */
  @ApiProperty({ example: 'ExactTexts1795824300000' })
  schema!: string;
}
