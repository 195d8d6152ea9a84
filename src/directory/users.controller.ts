import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiConsumes, ApiTags } from '@nestjs/swagger';
import { CurrentActor, type Actor } from '../audit/actor.js';
import { NeedsStepUp, PasswordLoginOnly } from '../common/access/route.decorators.js';
import { BODY_LIMITS } from '../common/http/body-limits.js';
import type { Page } from '../common/paging/page.js';
import { ApiRoute } from '../common/swagger/api-route.decorator.js';
import { DryRunQuery } from '../common/validation/dry-run.query.dto.js';
import { UserDto, UserPageDto } from './dto/user.dto.js';
import { CreateUserDto, RenameUserDto, UpdateUserDto, UserListQuery } from './dto/user.input.dto.js';
import { UserImportDto } from './dto/user-import.dto.js';
import { UserImportService } from './user-import.service.js';
import { UserRenamingService } from './user-renaming.service.js';
import { UsersService } from './users.service.js';

const USERNAME = { username: { description: 'The name of a user, in any case.', example: 'anna' } } as const;

@ApiTags('Users')
@PasswordLoginOnly()
@NeedsStepUp()
@Controller('api/v1/users')
export class UsersController {
  constructor(
    private readonly users: UsersService,
    private readonly imports: UserImportService,
    private readonly renaming: UserRenamingService,
  ) {}

  @Get()
  @ApiRoute({
    access: 'administrators',
    summary: 'List users',
    type: UserPageDto,
    problems: ['validation_failed'],
  })
  listUsers(@Query() query: UserListQuery): Promise<Page<UserDto>> {
    return this.users.list(query);
  }

  @Post()
  @ApiRoute({
    access: 'administrators',
    summary: 'Create a user',
    maxBodyBytes: BODY_LIMITS.user,
    description: 'Names are compared without case. Without a password, the user can use tokens but not log in.',
    status: 201,
    type: UserDto,
    location: ({ username }) => `/api/v1/users/${encodeURIComponent(username)}`,
    body: {
      type: CreateUserDto,
      examples: {
        'a user who can log in': {
          username: 'anna',
          displayName: 'Anna Example',
          email: 'anna@example.com',
          password: 'correct horse battery',
        },
        'a user who can only use tokens': { username: 'build-server' },
        'another administrator': {
          username: 'second-admin',
          password: 'staple battery horse',
          groups: ['administrators'],
        },
      },
    },
    problems: ['conflict'],
  })
  createUser(@Body() input: CreateUserDto, @CurrentActor() actor: Actor): Promise<UserDto> {
    return this.users.create(input, actor);
  }

  @Post('import')
  @ApiRoute({
    access: 'administrators',
    summary: 'Import users from a CSV file',
    maxBodyBytes: BODY_LIMITS.document,
    description:
      'CSV in UTF-8 (RFC 4180) with at most 1,000 users. The first line names the columns: `username`, and any of ' +
      '`displayName`, `email` and `groups`. A column that is left out changes nothing; an empty cell empties the ' +
      'member. Several groups stand in one cell, separated by semicolons, or by commas in quotes. They must exist. New ' +
      'users have no password. Users who are not in the file stay as they are.\n\n' +
      'Try it with `dryRun=true` first: the answer shows what would happen, and what is wrong in which line. Without ' +
      'it, all users are imported in one transaction, or none of them and 400.',
    type: UserImportDto,
    csv: 'username,displayName,email,groups\r\nanna,Anna Example,anna@example.com,"developers,testers"\r\n',
  })
  importUsers(
    @Query() { dryRun }: DryRunQuery,
    @Body() csv: unknown,
    @CurrentActor() actor: Actor,
  ): Promise<UserImportDto> {
    const text = typeof csv === 'string' ? csv : '';
    return dryRun ? this.imports.dryRun(text) : this.imports.apply(text, actor);
  }

  @Get(':username')
  @ApiRoute({
    access: 'administrators',
    summary: 'Show a user',
    type: UserDto,
    params: USERNAME,
    problems: ['not_found'],
  })
  getUser(@Param('username') username: string): Promise<UserDto> {
    return this.users.get(username);
  }

  @Patch(':username')
  @ApiConsumes('application/json', 'application/merge-patch+json')
  @ApiRoute({
    access: 'administrators',
    summary: 'Change a user',
    maxBodyBytes: BODY_LIMITS.user,
    description:
      'A merge patch: members that are left out stay unchanged. `groups` replaces all groups; `email` and ' +
      '`password` may be null. If a user is deactivated, its tokens stop at once. The last active ' +
      'administrator cannot be deactivated or removed from the group (409).',
    type: UserDto,
    params: USERNAME,
    body: {
      type: UpdateUserDto,
      examples: {
        'no change': {},
        'another address': { email: 'anna@example.com' },
        'deactivate a user': { active: false },
        'a new password': { password: 'staple correct horse' },
      },
    },
    problems: ['not_found', 'conflict'],
  })
  updateUser(
    @Param('username') username: string,
    @Body() patch: unknown,
    @CurrentActor() actor: Actor,
  ): Promise<UserDto> {
    return this.users.update(username, patch, actor);
  }

  @Post(':username/rename')
  @ApiRoute({
    access: 'administrators',
    summary: 'Rename a user',
    description:
      'The user keeps tokens, groups, password and stored credentials. From now on, its name beside a token or a ' +
      'password is the new one. The audit log finds its older events by the new name, too. Another user may get the ' +
      'old name, and none of this. Applications get the new name.',
    type: UserDto,
    params: USERNAME,
    body: { type: RenameUserDto, examples: { 'a new name': { username: 'anna.example' } } },
    problems: ['not_found', 'conflict'],
  })
  renameUser(
    @Param('username') username: string,
    @Body() input: RenameUserDto,
    @CurrentActor() actor: Actor,
  ): Promise<UserDto> {
    return this.renaming.rename(username, input.username, actor);
  }

  @Delete(':username')
  @ApiRoute({
    access: 'administrators',
    summary: 'Delete a user',
    description:
      'Revokes the tokens of the user. A new user with the same name does not get them back. The last active ' +
      'administrator cannot be deleted (409).',
    status: 204,
    params: USERNAME,
    problems: ['not_found', 'conflict'],
  })
  deleteUser(@Param('username') username: string, @CurrentActor() actor: Actor): Promise<void> {
    return this.users.delete(username, actor);
  }
}
