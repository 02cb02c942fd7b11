// What the page fills in when it is opened replaces the entry that it was opened with; only embedding keeps its parameters.

export default function (component) {
  const { arrived, query } = component.data;
  const url = new URL(window.location.href);
  const embedding = [...url.searchParams].filter(([name]) => /^embed(_options)?$/i.test(name));
  const ours = [...url.searchParams].filter(([name]) => !/^embed(_options)?$/i.test(name));
  if (String(new URLSearchParams(Object.fromEntries(ours))) !== String(new URLSearchParams(arrived))) return;
  url.search = [String(new URLSearchParams(embedding)), query].filter(Boolean).join("&");
  window.history.replaceState(window.history.state, "", url);
}
