import { Column, PrimaryColumn } from 'typeorm';

/** The columns of a table whose only row holds a document. */
export abstract class DocumentRow {
  @PrimaryColumn({ type: 'int' })
  id!: number;

  /** The document as the API shows it, without the warnings. */
  @Column({ type: 'json' })
  body!: object;

  /** Increases with every change; the ETag. */
  @Column({ type: 'int' })
  version!: number;
}
