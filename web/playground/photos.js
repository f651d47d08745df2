// Photos out of files, the clipboard and the camera; made small before they travel.

const LONG_SIDE = 1024; // the model sees far less

export function listen(drop, inputs, onFiles) {
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

// The file itself where the browser cannot read it: the server may.
export async function shrink(file) {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" }).catch(() => null);
  if (!bitmap) return file;
  const scale = Math.min(1, LONG_SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  const brush = canvas.getContext("2d");
  brush.imageSmoothingQuality = "high";
  brush.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const small = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.9));
  return small && small.size < file.size ? small : file;
}
