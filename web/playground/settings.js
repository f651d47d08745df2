// What the user chose, kept on this device.

const KEY = "cropshield-settings";
const DEFAULTS = { colormap: "viridis", opacity: 50, topK: 3, model: "", key: "", original: false };

export const settings = { ...DEFAULTS, ...read() };

export function keep(changes) {
  Object.assign(settings, changes);
  localStorage.setItem(KEY, JSON.stringify(settings));
}

function read() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {}; // written by hand, or by another version
  }
}
