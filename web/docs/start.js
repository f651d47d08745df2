// The address of this very server in place of the usual one; an Android emulator has its own for the
// machine that it runs on.
const { origin, hostname, port } = location;
const within = /^(localhost|127\.|\[::1\])/.test(hostname);
for (const block of document.querySelectorAll("code[data-language]")) {
  block.textContent = block.textContent
    .replaceAll("http://127.0.0.1:8000", origin)
    .replaceAll("http://10.0.2.2:8000", within ? `http://10.0.2.2:${port}` : origin);
}
