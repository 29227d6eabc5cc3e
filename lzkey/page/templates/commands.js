const copied = document.createElement("p");
copied.className = "unseen";
copied.setAttribute("role", "status");
document.querySelector("main").append(copied);

// Copies a command as it is read; where that is not allowed it is selected, for the keyboard to copy.
async function copy(code) {
  try {
    await navigator.clipboard.writeText(code.textContent);
    return "Copied";
  } catch {
    getSelection().selectAllChildren(code);
    return "Selected";
  }
}

for (const button of document.querySelectorAll(".copy")) {
  const code = button.previousElementSibling;
  const name = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const done = await copy(code);
    button.textContent = done;
    copied.textContent = done === "Copied" ? "The command is copied" : "The command is selected: copy it with the keyboard";
    setTimeout(() => {
      button.textContent = name;
      copied.textContent = "";
    }, 3000);
  });
}
