"use strict";
// What helps and is not needed: every page works without it.

// A file that is dropped anywhere on its form is the chosen one.
for (const form of document.querySelectorAll("form[data-drop]")) {
  const input = form.querySelector("input[type=file]");
  form.addEventListener("dragover", (event) => { event.preventDefault(); form.classList.add("over"); });
  form.addEventListener("dragleave", () => form.classList.remove("over"));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    form.classList.remove("over");
    if (event.dataTransfer.files.length > 0) {
      input.files = event.dataTransfer.files;
      form.requestSubmit();
    }
  });
}

// A part of a page that changes while a job goes on is fetched anew, until it says that it is done.
async function follow(part) {
  while (part.dataset.follow) {
    await new Promise((done) => setTimeout(done, 1000));
    try {
      const answer = await fetch(part.dataset.follow, { redirect: "manual" });
      if (answer.type === "opaqueredirect" || answer.status === 204) { location.reload(); return; }
      if (!answer.ok) { continue; }
      const text = await answer.text();
      if (text !== part.dataset.seen) {
        part.dataset.seen = text;
        const made = new DOMParser().parseFromString(text, "text/html");
        // What somebody opened stays open.
        const opened = [...part.querySelectorAll("details")].map((details) => details.open);
        part.replaceChildren(...made.body.childNodes);
        part.querySelectorAll("details").forEach((details, at) => { details.open = opened[at] ?? false; });
      }
    } catch { /* The server is busy or gone; the next try tells. */ }
  }
}
for (const part of document.querySelectorAll("[data-follow]")) { follow(part); }

// Columns of one field are put in order by dragging, and by their buttons without a new page.
for (const list of document.querySelectorAll("ol[data-order]")) {
  const number = () => [...list.children].forEach((item, at) => { item.querySelector("input").value = at + 1; });
  let dragged = null;
  for (const item of list.children) {
    item.draggable = true;
    item.addEventListener("dragstart", (event) => { dragged = item; event.dataTransfer.effectAllowed = "move"; item.classList.add("over"); });
    item.addEventListener("dragend", () => { dragged = null; item.classList.remove("over"); number(); });
    item.addEventListener("dragover", (event) => {
      if (!dragged || dragged === item) { return; }
      event.preventDefault();
      const box = item.getBoundingClientRect();
      if (event.clientY < box.top + box.height / 2) { item.before(dragged); } else { item.after(dragged); }
    });
    item.addEventListener("drop", (event) => { event.preventDefault(); number(); });
    for (const button of item.querySelectorAll("button[name=move]")) {
      button.addEventListener("click", (event) => {
        event.preventDefault();
        if (button.value.endsWith("earlier")) { item.previousElementSibling?.before(item); } else { item.nextElementSibling?.after(item); }
        number();
        button.focus();
      });
    }
  }
}
