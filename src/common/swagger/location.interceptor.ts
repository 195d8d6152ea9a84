import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { tap, type Observable } from 'rxjs';

/** Adds `Location` to an answer that creates something (RFC 9110 10.2.2). */
export class LocationInterceptor implements NestInterceptor {
  /** @param locationOf the path, from the answer */
  constructor(private readonly locationOf: (made: never) => string) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    return next.handle().pipe(tap((made) => void reply.header('Location', this.locationOf(made as never))));
  }
}
