// Geometry of two discs whose areas and overlap are true to the figures.

export interface Venn {
  left: number;
  right: number;
  /** Distance of the centres. */
  apart: number;
}

function lens(r: number, s: number, d: number): number {
  if (d >= r + s) return 0;
  if (d <= Math.abs(r - s)) return Math.PI * Math.min(r, s) ** 2;
  const a = r * r * Math.acos((d * d + r * r - s * s) / (2 * d * r));
  const b = s * s * Math.acos((d * d + s * s - r * r) / (2 * d * s));
  const c = Math.sqrt((-d + r + s) * (d + r - s) * (d - r + s) * (d + r + s)) / 2;
  return a + b - c;
}

/** Discs for `left` and `right` people of whom `both` are the same; the larger disc has radius `size`. */
export function venn(left: number, right: number, both: number, size: number): Venn {
  const unit = size / Math.sqrt(Math.max(left, right, 1));
  const r = unit * Math.sqrt(Math.max(left, 0));
  const s = unit * Math.sqrt(Math.max(right, 0));
  const wanted = Math.PI * unit * unit * Math.min(both, left, right);
  let near = Math.abs(r - s);
  let far = r + s;
  for (let i = 0; i < 40; i++) {
    const middle = (near + far) / 2;
    if (lens(r, s, middle) > wanted) near = middle;
    else far = middle;
  }
  return { left: r, right: s, apart: (near + far) / 2 };
}
