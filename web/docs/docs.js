// Swagger UI over this server's own document; nothing is asked of another host.
SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#page",
  deepLinking: true,
  tryItOutEnabled: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  docExpansion: "list",
  validatorUrl: null,
  // The address of this very server in the commands of the description.
  onComplete() {
    for (const block of document.querySelectorAll(".info code")) {
      block.textContent = block.textContent.replaceAll("http://127.0.0.1:8000", location.origin);
    }
  },
});
