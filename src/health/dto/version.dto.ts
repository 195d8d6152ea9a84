import { ApiProperty } from '@nestjs/swagger';

/** What runs here. */
export class VersionDto {
  /** The version of the server. */
  @ApiProperty({ example: '0.1.0' })
  version!: string;

  /** The id of the node that answers, new with every start. Each worker is a node. */
  @ApiProperty({ example: '6f1c2f0e-9f4b-4d61-8f0e-0c6b6f2f7c11' })
  node!: string;

  /** The newest migration that this version knows: the state of the tables that it works with. */
  @ApiProperty({ example: 'ExactTexts1795824300000' })
  schema!: string;
}
