/** What the components that stand between the page and the browser keep once a tab. */
interface Window {
  headlightHistory?: any;
  headlightSeat?: any;
  headlightLooked?: number;
  headlightFields?: any;
  headlightPictures?: any;
}

interface HTMLElement {
  /** The room of a component: see viz/canvas/shared/room.js. */
  headlight?: any;
}
