// What the user chose, kept on this device.

import { $ } from "./elements.js";

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

// onAsking: when what is asked of the model has changed.
export function listenForSettings({ onKey, onColours, onOpacity, onAsking }) {
  const opacityInWords = () => ($("opacity-value").textContent = `${settings.opacity} %`);
  $("key").value = settings.key;
  $("original").checked = settings.original;
  $("top-k").value = settings.topK;
  $("opacity").value = settings.opacity;
  opacityInWords();
  $("key").onchange = () => (keep({ key: $("key").value.trim() }), onKey());
  $("original").onchange = () => keep({ original: $("original").checked });
  $("top-k").onchange = () => (keep({ topK: Number($("top-k").value) }), onAsking());
  $("model").onchange = () => (keep({ model: $("model").value }), onAsking());
  $("colormap").onchange = () => (keep({ colormap: $("colormap").value }), onColours());
  $("opacity").oninput = () => (keep({ opacity: Number($("opacity").value) }), opacityInWords(), onOpacity());
}
