import { Entity, Index, PrimaryColumn } from 'typeorm';

@Entity('user_group_members')
@Index('idx_user_group_members_user', ['userId'])
export class GroupMemberEntity {
  @PrimaryColumn({ name: 'group_name', type: 'varchar', length: 255 })
  groupName!: string;

  @PrimaryColumn({ name: 'user_id', type: 'varchar', length: 36 })
  userId!: string;
}
