import { Body, Controller, Delete, Get, Param, Post, Put, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, type Actor } from '../audit/actor.js';
import { PasswordLoginOnly } from '../common/access/route.decorators.js';
import { PageQuery, type Page } from '../common/paging/page.js';
import { ApiRoute } from '../common/swagger/api-route.decorator.js';
import { CreateGroupDto, GroupDto, GroupPageDto } from './dto/group.dto.js';
import { GroupsService } from './groups.service.js';

const GROUP_NAME = { name: { description: 'The name of a group, exactly.', example: 'developers' } } as const;
const USERNAME = { username: { description: 'The name of a user, in any case.', example: 'anna' } } as const;

@ApiTags('Groups')
@Controller('api/v1/groups')
export class GroupsController {
  constructor(private readonly groups: GroupsService) {}

  @Get()
  @ApiRoute({
    access: 'administrators',
    summary: 'List groups',
    type: GroupPageDto,
    problems: ['validation_failed'],
  })
  listGroups(@Query() query: PageQuery): Promise<Page<GroupDto>> {
    return this.groups.list(query);
  }

  @Post()
  @ApiRoute({
    access: 'administrators',
    summary: 'Create a group',
    description: 'Group names compare exactly; one that differs from another in case alone is refused (409).',
    status: 201,
    type: GroupDto,
    location: ({ name }) => `/api/v1/groups/${encodeURIComponent(name)}`,
    body: { type: CreateGroupDto, examples: { 'a group': { name: 'developers' } } },
    problems: ['conflict'],
  })
  createGroup(@Body() input: CreateGroupDto, @CurrentActor() actor: Actor): Promise<GroupDto> {
    return this.groups.create(input.name, actor);
  }

  @Delete(':name')
  @ApiRoute({
    access: 'administrators',
    summary: 'Delete a group',
    description: 'The group `administrators`, and a group that a permission names, cannot be deleted (409).',
    status: 204,
    params: GROUP_NAME,
    problems: ['not_found', 'conflict'],
  })
  deleteGroup(@Param('name') name: string, @CurrentActor() actor: Actor): Promise<void> {
    return this.groups.delete(name, actor);
  }

  @Put(':name/members/:username')
  @PasswordLoginOnly()
  @ApiRoute({
    access: 'administrators',
    summary: 'Put a user into a group',
    description: 'A user who is in it stays in it.',
    status: 204,
    params: { ...GROUP_NAME, ...USERNAME },
    problems: ['not_found'],
  })
  addGroupMember(
    @Param('name') name: string,
    @Param('username') username: string,
    @CurrentActor() actor: Actor,
  ): Promise<void> {
    return this.groups.addMember(name, username, actor);
  }

  @Delete(':name/members/:username')
  @PasswordLoginOnly()
  @ApiRoute({
    access: 'administrators',
    summary: 'Take a user out of a group',
    description: 'The last active administrator cannot be taken out of the group `administrators` (409).',
    status: 204,
    params: { ...GROUP_NAME, ...USERNAME },
    problems: ['not_found', 'conflict'],
  })
  removeGroupMember(
    @Param('name') name: string,
    @Param('username') username: string,
    @CurrentActor() actor: Actor,
  ): Promise<void> {
    return this.groups.removeMember(name, username, actor);
  }
}
