/** A raised hand, drawn: not every system has the emoji. The words beside it say what it means. */
export function HandIcon() {
  return (
    <svg class="hand-icon" viewBox="0 0 24 24" width="16" height="16" aria-hidden="true">
      <path
        fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round"
        stroke-linejoin="round"
        d="M8 12V5.5a1.5 1.5 0 0 1 3 0V11V3.5a1.5 1.5 0 0 1 3 0V11V5a1.5 1.5 0 0 1 3 0v8V9a1.5 1.5 0 0 1 3 0v5a8 8 0 0 1-8 8c-3 0-5-1.5-6.5-4L3 14.5a1.6 1.6 0 0 1 2.5-2L8 15z"
      />
    </svg>
  );
}
