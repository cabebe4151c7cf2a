// Formulas and tables that are wider than the screen can be scrolled with the keyboard.
for (const wide of document.querySelectorAll(".cell_output, .ck-formula")) {
  if (wide.scrollWidth > wide.clientWidth) wide.tabIndex = 0;
}
