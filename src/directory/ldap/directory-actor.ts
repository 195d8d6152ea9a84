import { SYSTEM_ACTOR, type Actor } from '../../audit/actor.js';

/** Who changes what a directory says. No user has such a name: user names have no colon. */
export function directoryActor(key: string): Actor {
  return { ...SYSTEM_ACTOR, name: `directory:${key}` };
}
