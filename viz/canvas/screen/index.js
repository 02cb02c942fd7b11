// The width of the page: figures that Python draws have a layout of their own on a phone, and CSS cannot reach into them.

export default function (component) {
  const { most, narrow } = component.data;
  const screen = window.matchMedia(`(max-width: ${most}px)`);
  const report = () => screen.matches !== narrow && component.setStateValue("narrow", screen.matches);
  report();
  screen.addEventListener("change", report);
  return () => screen.removeEventListener("change", report);
}
