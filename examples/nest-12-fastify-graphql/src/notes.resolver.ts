import { Args, Mutation, Query, Resolver } from '@nestjs/graphql';
import { Caller, RequireScope, type ScopegateCaller } from '@scopegate/nest';

@Resolver()
export class NotesResolver {
  /** A query comes with POST; the decorator says that it only reads. */
  @Query(() => String)
  @RequireScope('read-only')
  note(@Caller() caller: ScopegateCaller): string {
    return caller.username;
  }

  /** Without a decorator, a query sent with POST asks for a read-write token. */
  @Query(() => String)
  plain(@Caller() caller: ScopegateCaller): string {
    return caller.username;
  }

  @Mutation(() => String)
  write(@Args('text') text: string, @Caller() caller: ScopegateCaller): string {
    return `${caller.username}: ${text}`;
  }
}
