import { Column, PrimaryColumn } from 'typeorm';

/** A table with one row: the document. */
export abstract class DocumentRow {
  @PrimaryColumn({ type: 'int' })
  id!: number;

  /** Without the warnings. */
  @Column({ type: 'json' })
  body!: object;

  /** Increases with every change; the ETag. */
  @Column({ type: 'int' })
  version!: number;
}
