import { useEffect } from 'react';
import type { AroundNavHandler } from 'wouter';

const QUESTION = 'What you changed is not saved. Leave this page without saving?';

/** The address of the page whose changes are not saved; null if there are none. */
let unsavedAt: string | null = null;

/** Asks, if changes would be lost; after a yes they are forgotten. */
export function mayLeave(): boolean {
  // The browser asks in the same way when the tab is closed.
  if (unsavedAt !== null && !window.confirm(QUESTION)) return false;
  forgetUnsaved();
  return true;
}

function warnOfClose(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

function isSamePage(address: string): boolean {
  return unsavedAt !== null && new URL(address, unsavedAt).pathname === new URL(unsavedAt).pathname;
}

/** After that, nobody is asked about the changes of the page. */
export function forgetUnsaved(): void {
  if (unsavedAt === null) return;
  unsavedAt = null;
  window.removeEventListener('beforeunload', warnOfClose);
}

/**
 * Asks at Back and Forward, too. Called before the router listens: of a step that was not wanted, it must not hear, or
 * the page with the changes would be gone.
 */
export function guardHistory(): void {
  window.addEventListener('popstate', (event) => {
    const leavesTo = window.location.href;
    if (unsavedAt === null || isSamePage(leavesTo)) return;
    const stayAt = unsavedAt;
    if (mayLeave()) return;
    event.stopImmediatePropagation();
    window.history.pushState(null, '', stayAt);
  });
}

/** Whoever leaves the page by a link or by closing the tab is asked first. */
export function useUnsavedGuard(isChanged: boolean): void {
  useEffect(() => {
    if (!isChanged) return undefined;
    unsavedAt = window.location.href;
    window.addEventListener('beforeunload', warnOfClose);
    return forgetUnsaved;
  }, [isChanged]);
}

/** For the router. */
export const navigateIfAllowed: AroundNavHandler = (navigate, to, options) => {
  if (isSamePage(to) || mayLeave()) navigate(to, options);
};
