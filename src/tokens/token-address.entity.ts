import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintAsNumber } from '../database/column-transformers.js';

/** Where a token has been used from (R98). */
@Entity('token_addresses')
export class TokenAddressEntity {
  @PrimaryColumn({ name: 'token_id', type: 'varchar', length: 12 })
  tokenId!: string;

  /** As `clientBlock` writes it: an IPv4 address, or the /64 of an IPv6 address. */
  @PrimaryColumn({ type: 'varchar', length: 45 })
  block!: string;

  @Column({ name: 'first_at_ms', type: 'bigint', transformer: bigintAsNumber })
  firstAtMs!: number;
}
