import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The settings: one document, one row. */
@Entity('settings')
export class SettingsEntity {
  @PrimaryColumn({ type: 'int' })
  id!: number;

  /** The document as the API shows it, without the warnings. */
  @Column({ type: 'json' })
  body!: object;

  /** Rises with every change; the ETag. */
  @Column({ type: 'int' })
  version!: number;
}
