import type { IncomingMessage } from 'node:http';
import { UseGuards } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway, type OnGatewayConnection } from '@nestjs/websockets';
import { Caller, rememberHandshake, RequireScope, ScopegateGuard, type ScopegateCaller } from '@scopegate/nest';

/** The request of the handshake is judged with every message. */
@WebSocketGateway()
@UseGuards(ScopegateGuard)
export class ChatGateway implements OnGatewayConnection {
  handleConnection(client: object, request: IncomingMessage): void {
    rememberHandshake(client, request);
  }

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
