/** Small drawings beside words; a button that is only a drawing has its words as its label. */
const PATHS = {
  voice: 'M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3zM6 11a6 6 0 0 0 12 0M12 17v4',
  float: 'M14 4h6v6M20 4l-8 8M11 5H5v14h14v-6',
  dock: 'M19 12v7H5V5h7M20 4l-8 8M12 6v6h6',
  grip: 'M9 6h.01M15 6h.01M9 12h.01M15 12h.01M9 18h.01M15 18h.01',
  corner: 'M20 10 10 20M20 16l-4 4',
};

export function Icon({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true">
      <path fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round"
        stroke-linejoin="round" d={PATHS[name]} />
    </svg>
  );
}
