/* Security keys and passkeys: asks the browser for the key, and sends its answer with the form. */
(() => {
  "use strict";
  const button = document.querySelector("[data-key-button]");
  if (!button || !window.webauthnJSON || !window.PublicKeyCredential) return;
  const data = document.getElementById("key-data");
  const trouble = document.getElementById("key-trouble");
  const alone = button.form.elements.passwordless;
  /* The log-in page shows it only where a passkey could be used. */
  button.form.hidden = false;

  /* A page of somebody known brings what is asked of the key; the log-in page fetches it at the press. */
  async function asked() {
    if (data) return JSON.parse(data.textContent);
    const answer = await fetch(button.form.action, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.status);
    return answer.json();
  }

  function create(options) {
    if (alone && alone.checked) {
      const wanted = options.publicKey.authenticatorSelection;
      wanted.residentKey = "required";
      wanted.requireResidentKey = true;
      wanted.userVerification = "required";
    }
    return window.webauthnJSON.create(options);
  }

  button.addEventListener("click", async () => {
    trouble.hidden = true;
    button.disabled = true;
    try {
      const options = await asked();
      const found =
        button.dataset.keyButton === "create"
          ? await create(options.creation_options)
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
