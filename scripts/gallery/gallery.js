/* global document, localStorage, location, navigator, window */
// Which language is shown: as the link says (#zh), as was chosen last, as the reader's browser prefers.
(() => {
  const page = document.documentElement;
  const kept = () => {
    try {
      return localStorage.getItem('language');
    } catch {
      return null; // Pages on a disk may have no storage.
    }
  };
  const show = (language) => {
    page.dataset.language = language;
    page.lang = language;
    for (const link of document.querySelectorAll('a[href$=".html"], a[href*=".html#"]')) {
      link.href = `${link.getAttribute('href').split('#')[0]}#${language}`;
    }
  };
  const choose = () => {
    const asked = location.hash.slice(1);
    const known = ['en', 'zh'].includes(asked) ? asked : kept();
    show(known ?? (navigator.language.startsWith('zh') ? 'zh' : 'en'));
    try {
      localStorage.setItem('language', page.dataset.language);
    } catch {
      // The links carry it on.
    }
  };
  choose();
  document.addEventListener('DOMContentLoaded', choose);
  window.addEventListener('hashchange', choose);
})();
