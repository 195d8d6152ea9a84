import { sealedColumn, type SealedRecords } from '../keys/sealed-records.js';
import { depositContext } from './deposit.js';
import { DepositEntity } from './deposit.entity.js';

/** Users' own credentials (R68). */
export const DEPOSIT_SECRETS: SealedRecords = sealedColumn({
  entity: DepositEntity,
  column: 'sealed',
  contextOf: depositContext,
});
