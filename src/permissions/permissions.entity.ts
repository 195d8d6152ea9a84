import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The permissions: which groups may use and create tokens; one document, one row. */
@Entity('permissions')
export class PermissionsEntity {
  @PrimaryColumn({ type: 'int' })
  id!: number;

  /** The document as the API shows it, without the warnings. */
  @Column({ type: 'json' })
  body!: object;

  /** Rises with every change; the ETag. */
  @Column({ type: 'int' })
  version!: number;
}
