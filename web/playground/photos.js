// Photos from files, the clipboard and the camera; made smaller before they are sent.

import { plainJpeg } from "./jpeg.js";
import { fit } from "./size.js";

const LONG_SIDE = 1024; // pixels; the model uses far fewer

export function listenForPhotos(drop, inputs, onFiles) {
  const give = (files) => files.length && onFiles([...files]);
  for (const input of inputs) {
    input.addEventListener("change", () => {
      give([...input.files]);
      input.value = ""; // so that the same photo can be chosen again
    });
  }
  addEventListener("paste", (event) => give(event.clipboardData.files));
  for (const kind of ["dragover", "dragleave", "drop"]) {
    addEventListener(kind, (event) => {
      event.preventDefault();
      drop.classList.toggle("over", kind === "dragover");
      if (kind === "drop") give(event.dataTransfer.files);
    });
  }
}

// A smaller JPEG of a photo that is too large: upright, in sRGB, transparency laid on white, as the
// server would see it. The file itself where that is not sure: the server judges it. Formats other
// than JPEG and PNG are small already, and browsers do not agree on which way is up in them.
export async function shrink(file, longSide = LONG_SIDE) {
  const buffer = await file.arrayBuffer();
  const plain = plainJpeg(buffer) ?? (isPlainPng(buffer) ? file : null);
  if (!plain) return file;
  const bitmap = await createImageBitmap(plain, { imageOrientation: "from-image" }).catch(() => null);
  if (!bitmap || Math.max(bitmap.width, bitmap.height) <= longSide) return file;
  const small = await asJpeg(bitmap, longSide);
  bitmap.close();
  return small && small.size < file.size ? small : file;
}

// A PNG whose colours are told by cICP may be HDR, which the server refuses.
function isPlainPng(buffer) {
  const head = new TextDecoder("latin1").decode(buffer.slice(0, 4096));
  return head.slice(1, 4) === "PNG" && !head.includes("cICP");
}

function asJpeg(bitmap, longSide) {
  const canvas = Object.assign(document.createElement("canvas"), fit(bitmap, longSide));
  const brush = canvas.getContext("2d");
  brush.fillStyle = "white";
  brush.fillRect(0, 0, canvas.width, canvas.height);
  brush.imageSmoothingQuality = "high";
  brush.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.9));
}
