// What the user chose, kept on this device.

import { $ } from "./dom.js";
import { percentText } from "./language.js";

const KEY = "cropshield-settings";
const DEFAULTS = { colormap: "viridis", opacity: 50, boxes: false, topK: 3, model: "", key: "", original: false };

export const settings = { ...DEFAULTS, ...readSettings() };

export function saveSettings(changes) {
  Object.assign(settings, changes);
  localStorage.setItem(KEY, JSON.stringify(settings));
}

function readSettings() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {}; // edited by hand, or written by another version
  }
}

// onJobOptions: when the model or the number of classes has changed.
export function initSettings({ onKey, onColormap, onHeat, onJobOptions }) {
  const showOpacity = () => ($("opacity-value").textContent = percentText(settings.opacity / 100));
  $("key").value = settings.key;
  $("original").checked = settings.original;
  $("top-k").value = settings.topK;
  $("opacity").value = settings.opacity;
  $("boxes").checked = settings.boxes;
  showOpacity();
  $("key").onchange = () => (saveSettings({ key: $("key").value.trim() }), onKey());
  $("original").onchange = () => saveSettings({ original: $("original").checked });
  $("top-k").onchange = () => (saveSettings({ topK: Number($("top-k").value) }), onJobOptions());
  $("model").onchange = () => (saveSettings({ model: $("model").value }), onJobOptions());
  $("colormap").onchange = () => (saveSettings({ colormap: $("colormap").value }), onColormap());
  $("opacity").oninput = () => (saveSettings({ opacity: Number($("opacity").value) }), showOpacity(), onHeat());
  $("boxes").onchange = () => (saveSettings({ boxes: $("boxes").checked }), onHeat());
}
