import { Entity } from 'typeorm';
import { DocumentRow } from '../documents/document-row.js';

@Entity('settings')
export class SettingsEntity extends DocumentRow {}
