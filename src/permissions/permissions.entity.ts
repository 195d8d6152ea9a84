import { Entity } from 'typeorm';
import { DocumentRow } from '../documents/document-row.js';

@Entity('permissions')
export class PermissionsEntity extends DocumentRow {}
