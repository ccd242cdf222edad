import type { JSX as PreactJSX } from 'preact';

declare module 'preact' {
  namespace JSX {
    interface IntrinsicElements {
      'live-coach': PreactJSX.HTMLAttributes<HTMLElement> & {
        session?: string;
        'ui-language'?: string;
      };
    }
  }
}
