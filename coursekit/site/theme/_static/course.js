// Formulas and tables that are wider than the screen can be scrolled with the keyboard.
for (const wide of document.querySelectorAll(".cell_output, .ck-formula")) {
  if (wide.scrollWidth > wide.clientWidth) wide.tabIndex = 0;
}

// Sliders that need no kernel: every combination of their values has a picture.
for (const place of document.querySelectorAll(".ck-frames")) {
  const { axes, files } = JSON.parse(place.dataset.frames);
  const picture = place.appendChild(document.createElement("img"));
  const sliders = axes.map(([name, values]) => {
    const label = place.appendChild(document.createElement("label"));
    const words = label.appendChild(document.createElement("span"));
    const slider = label.appendChild(document.createElement("input"));
    Object.assign(slider, { type: "range", min: 0, max: values.length - 1, step: 1 });
    slider.value = Math.floor((values.length - 1) / 2);
    slider.setAttribute("aria-label", name);
    slider.addEventListener("input", show);
    return { name, values, slider, words };
  });
  function show() {
    let place_of = 0;
    const chosen = [];
    for (const { name, values, slider, words } of sliders) {
      place_of = place_of * values.length + Number(slider.value);
      words.textContent = `${name}: ${values[slider.value]}`;
      slider.setAttribute("aria-valuetext", values[slider.value]);
      chosen.push(words.textContent);
    }
    picture.src = files[place_of];
    picture.alt = `The picture at ${chosen.join(", ")}`;
  }
  show();
  for (const file of files) new Image().src = file; // so that a slider moves without waiting
}
