import { ApiHeader } from '@nestjs/swagger';

/** Documents the `If-Match` line of a change. @param subject such as `the settings have` */
export const IfMatch = (subject: string): MethodDecorator =>
  ApiHeader({
    name: 'If-Match',
    required: false,
    description: `The \`ETag\` that you have read. If ${subject} changed since then, the answer is 412.`,
  });
