// The sign of the product; its heart and danger are the only red things.
export function Logo({ size = 26 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" className="zx-logo">
      <path
        d="M21.8 5.4A12 12 0 1 0 27.6 18"
        fill="none"
        stroke="currentColor"
        strokeWidth="2.8"
        strokeLinecap="round"
      />
      <path
        d="M18.6 21.6c-3.6-2.5-6-4.6-6-7.2a3.2 3.2 0 0 1 6-1.7 3.2 3.2 0 0 1 6 1.7c0 2.6-2.4 4.7-6 7.2Z"
        fill="var(--zx-heart)"
      />
    </svg>
  );
}
