import { Body, Controller, Delete, Get, Param, Post, Put, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, type Actor } from '../audit/actor.js';
import { NeedsStepUp, PasswordLoginOnly } from '../common/access/route.decorators.js';
import { PageQuery, type Page } from '../common/paging/page.js';
import { ApiRoute } from '../common/swagger/api-route.decorator.js';
import { CreateGroupDto, GroupDto, GroupPageDto } from './dto/group.dto.js';
import { GroupsService } from './groups.service.js';

const GROUP_NAME = { name: { description: 'The exact name of a group.', example: 'developers' } } as const;
const USERNAME = { username: { description: 'The name of a user, in any case.', example: 'anna' } } as const;

@ApiTags('Groups')
@NeedsStepUp()
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
    description:
      'Group names are compared exactly. A name that differs from an existing one only in case is refused (409).',
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
    description: 'The group `administrators`, and groups that a permission uses, cannot be deleted (409).',
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
    summary: 'Add a user to a group',
    description: 'If the user is already a member, nothing changes.',
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
    summary: 'Remove a user from a group',
    description: 'The last active administrator cannot be removed from the group `administrators` (409).',
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
