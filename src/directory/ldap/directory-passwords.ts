import { sealedColumn, type SealedRecords } from '../../keys/sealed-records.js';
import { passwordContext, type DirectoryDocument } from './directory-document.js';
import { DirectoryEntity } from './directory.entity.js';

/** The passwords of bind accounts (R92). */
export const DIRECTORY_PASSWORDS: SealedRecords = sealedColumn({
  entity: DirectoryEntity,
  column: 'sealedPassword',
  contextOf: ({ key, body }) => passwordContext(key, body as DirectoryDocument),
});
