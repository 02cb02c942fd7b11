// Texts that are too long for the address stay in the tab; address.js finds them again after a reload.

export default function (component) {
  const { search, texts } = component.data;
  try {
    window.sessionStorage.setItem("headlight-texts", JSON.stringify({ search, texts }));
  } catch {
    // No room, or no storage: after a reload the field shows what the address holds.
  }
}
