import { UseGuards } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Caller, RequireScope, ScopegateGuard, type ScopegateCaller } from '@scopegate/nest';

/** Socket.IO keeps the request of the handshake, which is judged with every message. */
@WebSocketGateway()
@UseGuards(ScopegateGuard)
export class ChatGateway {
  @SubscribeMessage('read')
  @RequireScope('read-only')
  read(@Caller() caller: ScopegateCaller): object {
    return { event: 'read', data: caller.username };
  }

  /** Without a decorator a message asks for a read-write token. */
  @SubscribeMessage('write')
  write(@Caller() caller: ScopegateCaller): object {
    return { event: 'written', data: caller.username };
  }
}
