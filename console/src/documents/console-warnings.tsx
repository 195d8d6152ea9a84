import type { ReactNode } from 'react';
import { useSession } from '../data/session';
import { Warnings } from './warnings';

/** What administrators should change about the console itself (R99). */
export function ConsoleWarnings(): ReactNode {
  const session = useSession();
  return <Warnings warnings={session.data?.warnings} />;
}
