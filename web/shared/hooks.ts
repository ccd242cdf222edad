import { useEffect, useState } from 'preact/hooks';
import type { Observed } from './observed';

export function useObserved<T>(observed: Observed<T>): T {
  const [value, setValue] = useState(observed.value);
  useEffect(() => {
    setValue(() => observed.value);
    return observed.subscribe(() => setValue(() => observed.value));
  }, [observed]);
  return value;
}

/** The time now, known anew when `instant` (Unix ms) has passed. */
export function useNow(instant: number | null): number {
  const [, setWoken] = useState(0);
  useEffect(() => {
    if (instant === null) return undefined;
    const timer = setTimeout(() => setWoken(instant), Math.max(0, instant - Date.now()) + 1);
    return () => clearTimeout(timer);
  }, [instant]);
  return Date.now();
}
