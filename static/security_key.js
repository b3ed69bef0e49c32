/* Security keys and passkeys: asks the browser for the key, and sends its answer with the form. */
(() => {
  "use strict";
  const button = document.querySelector("[data-key-button]");
  const data = document.getElementById("key-data");
  if (!button || !data || !window.webauthnJSON) return;
  const trouble = document.getElementById("key-trouble");
  const options = JSON.parse(data.textContent);

  button.addEventListener("click", async () => {
    trouble.hidden = true;
    button.disabled = true;
    try {
      const found =
        button.dataset.keyButton === "create"
          ? await window.webauthnJSON.create(options.creation_options)
          : await window.webauthnJSON.get(options.request_options);
      document.getElementById(button.dataset.credential).value = JSON.stringify(found);
      button.form.submit();
    } catch {
      trouble.hidden = false;
      button.disabled = false;
      button.focus();
    }
  });
})();
