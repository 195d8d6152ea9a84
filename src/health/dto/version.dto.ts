import { ApiProperty } from '@nestjs/swagger';

/** Version and node of this server. */
export class VersionDto {
  /** The version of the server. */
  @ApiProperty({ example: '0.1.0' })
  version!: string;

  /**
   * The id of the answering node: its host name and a random part that is new with every start. Each worker is a node.
   */
  @ApiProperty({ example: 'gateway-1-3f9a0c2b71' })
  node!: string;

  /** The newest migration that this version knows. */
  @ApiProperty({ example: 'ExactTexts1795824300000' })
  schema!: string;
}
