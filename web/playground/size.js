// The size of a picture whose long side has at most so many pixels; no side is ever 0.
export function fit({ width, height }, longSide) {
  const scale = Math.min(1, longSide / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}
